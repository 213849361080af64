/**
 * `deno task predict`: the expression in each of a few images.
 *
 * @module
 */
import {
  type ClassProbability,
  explain,
  type FramedFace,
  overlayExplanation,
  predict,
} from "../mod.ts";
import { decodeImage, encodePng, type Image } from "../src/data.ts";
import { writeFileAtomic } from "../src/model.ts";
import { readingOf } from "../src/model/reading.ts";
import { reasonOf } from "../src/model/source.ts";
import { cutOut } from "../src/recognizer/crop.ts";
import { chooseModel, MODEL_FLAG, READING_FLAGS, TTA_FLAG } from "./choose_model.ts";
import { ENGINE_FLAG, startComputing } from "./compute.ts";
import { FaceFinder, FACES_FLAG } from "./faces.ts";
import { type Command, UsageError } from "./flags.ts";
import { percent } from "./numbers.ts";
import { refuseSameFile } from "./same_file.ts";
import { errorLine, EXIT, print, runProgram, warn } from "./program.ts";

const COMMAND = {
  name: "predict",
  about:
    "Recognize the expression in JPEG, PNG and WebP files, each of one face. Where it does not fill " +
    "the picture, it is found first; deno task label tells of all the faces in a picture.",
  operands: "FILE...",
  flags: {
    model: MODEL_FLAG,
    explain: {
      kind: "string",
      value: "FILE",
      about: "Write a PNG file that shows which parts of the one face speak for its expression",
      otherwise: "none",
    },
    tta: TTA_FLAG,
    ...READING_FLAGS,
    faces: FACES_FLAG,
    engine: ENGINE_FLAG,
    json: { kind: "boolean", about: "Print a JSON object a line and image" },
  },
  examples: [
    "deno task predict face.jpg",
    "deno task predict face.jpg --model runs/first",
    "deno task predict face.jpg --explain why.png",
    "deno task predict crops/*.png --faces crop",
  ],
} as const satisfies Command;

/** Images that are decoded and on the device at once. */
const CHUNK = 64;

async function readImage(file: string): Promise<Image> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(file);
  } catch (cause) {
    const advice = cause instanceof Deno.errors.IsADirectory ? ", for deno task label" : "";
    throw new Error(`Cannot read ${file}: ${reasonOf(cause)}${advice}`, { cause });
  }
  return await decodeImage(bytes, { name: file });
}

/** An image that is at hand: what the network takes, and where it comes from. */
interface Face {
  readonly file: string;
  readonly picture: Image;
  readonly framed: FramedFace;
}

/** The pixels of an overlay's edge, where a framed face has as many. */
const OVERLAY = { least: 96, most: 480 } as const;

/** What an explanation is laid over: the framed face with more of its pixels than networks take. */
function underlay({ picture, framed: { image, crop } }: Face): Image {
  if (!crop) return image;
  const size = Math.min(Math.max(Math.round(crop.size), OVERLAY.least), OVERLAY.most);
  return cutOut(picture, crop, size);
}

function jsonLine(
  { file, framed: { crop, quality } }: Face,
  ranked: readonly ClassProbability[],
  classes: readonly string[],
): string {
  const byLabel = new Map(ranked.map(({ label, probability }) => [label, probability]));
  const probabilities = Object.fromEntries(classes.map((label) => [label, byLabel.get(label)]));
  const { issues } = quality ?? {};
  return JSON.stringify({
    file,
    label: ranked[0].label,
    probabilities,
    ...(crop && { crop, issues }),
  });
}

await runProgram(
  COMMAND,
  async ({ model: given, explain: why, tta, labels, priors, faces, engine, json }, files) => {
    if (files.length === 0) throw new UsageError("Cannot predict nothing: name one FILE or more");
    if (why !== undefined && files.length > 1) {
      throw new UsageError(`Cannot explain ${files.length} images in ${why}: name one FILE`);
    }
    const chosen = await chooseModel(given);
    if (why !== undefined) {
      await refuseSameFile(why, [["the picture itself", files[0]], ["the model", chosen.source]]);
    }
    const { stop } = await startComputing(engine);
    const { model, metadata: { preprocessing: { size } } } = await chosen.load();
    const { classes } = readingOf(model, { labels, priors });
    const finder = new FaceFinder(faces, () => Promise.resolve());
    if (!json) print(`model  ${chosen.name}`);
    const width = Math.max(...files.map((file) => file.length));
    let failed = 0;
    for (let from = 0; from < files.length; from += CHUNK) {
      const some: Face[] = [];
      for (const file of files.slice(from, from + CHUNK)) {
        try {
          const picture = await readImage(file);
          const framed = await finder.frame(picture, size);
          // Whatever it were called, it would be by chance.
          if (framed.outcome === "none") {
            throw new Error(
              `Cannot find a face in ${file}: where it is filled by one, give --faces crop`,
            );
          }
          some.push({ file, picture, framed });
        } catch (error) {
          warn(errorLine(error));
          failed++;
        }
      }
      const images = some.map(({ framed }) => framed.image);
      const results = images.length > 0
        ? await predict(model, images, { tta, labels, priors })
        : [];
      results.forEach((ranked, i) => {
        if (json) {
          print(jsonLine(some[i], ranked, classes));
          return;
        }
        const cells = ranked.slice(0, 3).map(({ label, probability }) =>
          `${label} ${percent(probability)}`.padEnd(16)
        );
        const { issues = [] } = some[i].framed.quality ?? {};
        if (issues.length > 0) {
          cells.push(`hardly more than a guess: it is ${issues.join(" and ")}`);
        }
        print(`${some[i].file.padEnd(width)}  ${cells.join("  ").trimEnd()}`);
      });
      if (why !== undefined && images.length > 0) {
        const [[{ label }]] = results;
        const explanation = await explain(model, images[0], { label, labels, priors });
        const overlay = await overlayExplanation(explanation, underlay(some[0]));
        await writeFileAtomic(why, await encodePng(overlay));
        if (!json) print(`What speaks for ${label}: ${why}`);
      }
    }
    const framing = finder.summary("refused");
    if (framing !== null && !json) print(`faces  ${framing}`);
    else if (framing !== null && finder.hasLooked) warn(framing);
    await finder.dispose();
    model.dispose();
    stop();
    return failed > 0 ? EXIT.failed : EXIT.ok;
  },
);
