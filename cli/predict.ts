/**
 * `deno task predict`: the expression in each of a few images.
 *
 * @module
 */
import { type ClassProbability, explain, overlayExplanation, predict } from "../mod.ts";
import { decodeImage, encodePng, type Image } from "../src/data.ts";
import { writeFileAtomic } from "../src/model.ts";
import { readingOf } from "../src/model/reading.ts";
import { reasonOf } from "../src/model/source.ts";
import { chooseModel, MODEL_FLAG, READING_FLAGS, TTA_FLAG } from "./choose_model.ts";
import { startComputing } from "./compute.ts";
import { type Command, UsageError } from "./flags.ts";
import { percent } from "./numbers.ts";
import { refuseSameFile } from "./same_file.ts";
import { errorLine, EXIT, print, runProgram, warn } from "./program.ts";

const COMMAND = {
  name: "predict",
  about: "Recognize the expression in JPEG and PNG files, each filled by one face.",
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
    json: { kind: "boolean", about: "Print a JSON object a line and image" },
  },
  examples: [
    "deno task predict face.jpg",
    "deno task predict face.jpg --model runs/first",
    "deno task predict face.jpg --explain why.png",
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

function jsonLine(
  file: string,
  ranked: readonly ClassProbability[],
  classes: readonly string[],
): string {
  const byLabel = new Map(ranked.map(({ label, probability }) => [label, probability]));
  const probabilities = Object.fromEntries(classes.map((label) => [label, byLabel.get(label)]));
  return JSON.stringify({ file, label: ranked[0].label, probabilities });
}

await runProgram(
  COMMAND,
  async ({ model: given, explain: why, tta, labels, priors, json }, files) => {
    if (files.length === 0) throw new UsageError("Cannot predict nothing: name one FILE or more");
    if (why !== undefined && files.length > 1) {
      throw new UsageError(`Cannot explain ${files.length} images in ${why}: name one FILE`);
    }
    const chosen = await chooseModel(given);
    if (why !== undefined) {
      await refuseSameFile(why, [["the picture itself", files[0]], ["the model", chosen.source]]);
    }
    const { stop } = await startComputing();
    const { model } = await chosen.load();
    const { classes } = readingOf(model, { labels, priors });
    if (!json) print(`model  ${chosen.name}`);
    const width = Math.max(...files.map((file) => file.length));
    let failed = 0;
    for (let from = 0; from < files.length; from += CHUNK) {
      const names: string[] = [];
      const images: Image[] = [];
      for (const file of files.slice(from, from + CHUNK)) {
        try {
          images.push(await readImage(file));
          names.push(file);
        } catch (error) {
          warn(errorLine(error));
          failed++;
        }
      }
      const results = images.length > 0
        ? await predict(model, images, { tta, labels, priors })
        : [];
      results.forEach((ranked, i) => {
        if (json) {
          print(jsonLine(names[i], ranked, classes));
          return;
        }
        const cells = ranked.slice(0, 3).map(({ label, probability }) =>
          `${label} ${percent(probability)}`.padEnd(16)
        );
        print(`${names[i].padEnd(width)}  ${cells.join("  ").trimEnd()}`);
      });
      if (why !== undefined && images.length > 0) {
        const [[{ label }]] = results;
        const explanation = await explain(model, images[0], { label, labels, priors });
        const overlay = await overlayExplanation(explanation, images[0]);
        await writeFileAtomic(why, await encodePng(overlay));
        if (!json) print(`What speaks for ${label}: ${why}`);
      }
    }
    model.dispose();
    stop();
    return failed > 0 ? EXIT.failed : EXIT.ok;
  },
);
