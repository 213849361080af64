/**
 * `fer predict`: the expression in each of a few images.
 *
 * @module
 */
import { type ClassProbability, explain, overlayExplanation, predict } from "../mod.ts";
import { encodePng } from "../src/data.ts";
import { writeFileAtomic } from "../src/model.ts";
import { readingOf } from "../src/model/reading.ts";
import { chooseModel, MODEL_FLAG, READING_FLAGS, TTA_FLAG } from "./choose_model.ts";
import { ENGINE_FLAG, startComputing } from "./compute.ts";
import { type FacePicture, readFace, underlay } from "./face_picture.ts";
import { FaceFinder, FACES_FLAG } from "./faces.ts";
import { type Command, UsageError } from "./flags.ts";
import { percent } from "./numbers.ts";
import { refuseSameFile } from "./same_file.ts";
import { defineProgram, errorLine, EXIT, print, type Program, warn } from "./program.ts";

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

function jsonLine(
  { file, framed: { crop, quality } }: FacePicture,
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

/** The command. */
export const PROGRAM: Program = defineProgram(
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
      const some: FacePicture[] = [];
      for (const file of files.slice(from, from + CHUNK)) {
        try {
          some.push(await readFace(file, finder, size));
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

if (import.meta.main) await PROGRAM.run(Deno.args);
