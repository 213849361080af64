/**
 * `fer explain`: which parts of a face speak for its expression.
 *
 * @module
 */
import { basename } from "node:path";
import { explain, overlayExplanation } from "../mod.ts";
import { encodePng } from "../src/data.ts";
import { writeFileAtomic } from "../src/model.ts";
import { readingOf } from "../src/model/reading.ts";
import { chooseModel, MODEL_FLAG, READING_FLAGS } from "./choose_model.ts";
import { closest } from "./closest.ts";
import { ENGINE_FLAG, startComputing } from "./compute.ts";
import { readFace, underlay } from "./face_picture.ts";
import { FaceFinder, FACES_FLAG } from "./faces.ts";
import { type Command, UsageError } from "./flags.ts";
import { percent } from "./numbers.ts";
import { defineProgram, errorLine, EXIT, print, type Program, warn } from "./program.ts";
import { refuseSameFile } from "./same_file.ts";

const COMMAND = {
  name: "explain",
  about:
    "Show which parts of a face speak for its expression (Grad-CAM): a PNG file with the face " +
    "in grey and\nthe parts in colour. Where a face does not fill the picture, it is found first.",
  operands: "FILE...",
  flags: {
    out: {
      kind: "string",
      value: "PATH",
      about: "What to write: a file NAME.png; of several FILEs a folder, which is made",
      otherwise: "FILE's name with .why.png, here",
    },
    label: {
      kind: "string",
      value: "NAME",
      about: "Show what speaks for this expression",
      otherwise: "the likeliest",
    },
    alpha: {
      kind: "number",
      value: "SHARE",
      min: 0,
      max: 1,
      default: 0.6,
      about: "How much of the face the colour covers where the most speaks for it",
    },
    "colour-map": {
      kind: "choice",
      choices: ["viridis", "inferno"],
      default: "viridis",
      about: "The colours, from a little to the most",
    },
    model: MODEL_FLAG,
    ...READING_FLAGS,
    faces: FACES_FLAG,
    engine: ENGINE_FLAG,
  },
  examples: [
    "deno task explain face.jpg --out why.png",
    "deno task explain face.jpg --label sad --out why-sad.png",
    "deno task explain photos/*.jpg --out explained",
  ],
} as const satisfies Command;

/** Where each picture's explanation goes. */
function placesOf(files: readonly string[], out: string | undefined): string[] {
  if (files.length === 1 && out !== undefined) {
    if (!/\.png$/i.test(out)) {
      throw new UsageError(`Cannot write ${out}: an explanation is a PNG file, NAME.png`);
    }
    return [out];
  }
  if (out !== undefined && /\.\w+$/.test(basename(out))) {
    throw new UsageError(
      `Cannot explain ${files.length} pictures in ${out}: they need a folder, --out DIR`,
    );
  }
  const places = files.map((file) => {
    const name = `${basename(file).replace(/\.[^.]+$/, "")}.why.png`;
    return out === undefined ? name : `${out}/${name}`;
  });
  const twice = places.findIndex((place, i) => places.indexOf(place) < i);
  if (twice >= 0) {
    throw new UsageError(
      `Cannot write ${places[twice]} for ${files[twice]}: it is for ` +
        `${files[places.indexOf(places[twice])]} already`,
    );
  }
  return places;
}

/** The command. */
export const PROGRAM: Program = defineProgram(
  COMMAND,
  async ({ out, label, alpha, colourMap, model: given, labels, priors, faces, engine }, files) => {
    if (files.length === 0) throw new UsageError("Cannot explain nothing: name one FILE or more");
    const places = placesOf(files, out);
    const chosen = await chooseModel(given);
    const read: Array<[string, string | URL]> = [
      ...files.map((file): [string, string] => ["one of the pictures", file]),
      ["the model", chosen.source],
    ];
    for (const place of places) await refuseSameFile(place, read);
    const { stop } = await startComputing(engine);
    const { model, metadata: { preprocessing: { size } } } = await chosen.load();
    const { classes } = readingOf(model, { labels, priors });
    if (label !== undefined && !classes.includes(label)) {
      throw new UsageError(
        `Cannot set --label to "${label}": expected ${classes.join(", ")}, perhaps ` +
          closest(label, classes),
      );
    }
    const finder = new FaceFinder(faces, () => Promise.resolve());
    print(`model  ${chosen.name}`);
    if (files.length > 1 && out !== undefined) await Deno.mkdir(out, { recursive: true });
    let failed = 0;
    for (const [i, file] of files.entries()) {
      try {
        const face = await readFace(file, finder, size);
        const explanation = await explain(model, face.framed.image, { label, labels, priors });
        const overlay = await overlayExplanation(explanation, underlay(face), { alpha, colourMap });
        await writeFileAtomic(places[i], await encodePng(overlay));
        const [best] = explanation.probabilities;
        const isBlank = explanation.map.every((value) => value === 0);
        print(
          `${file}  ${best.label} ${percent(best.probability)}; ` +
            `${isBlank ? "nothing" : "what"} speaks for ${explanation.label}: ${places[i]}`,
        );
      } catch (error) {
        warn(errorLine(error));
        failed++;
      }
    }
    await finder.dispose();
    model.dispose();
    stop();
    return failed > 0 ? EXIT.failed : EXIT.ok;
  },
);

if (import.meta.main) await PROGRAM.run(Deno.args);
