/**
 * `fer report`: a run as one page.
 *
 * @module
 */
import { evaluate, type LoadedModel } from "../mod.ts";
import type { FerDataset } from "../src/data.ts";
import { writeFileAtomic } from "../src/model.ts";
import { writeReport } from "../src/report.ts";
import { DEFAULT_TRAINING_CONFIG } from "../src/train.ts";
import { chooseModel, type ChosenModel, MODEL_FLAG } from "./choose_model.ts";
import { startComputing } from "./compute.ts";
import { FaceFinder, FACES_FLAG } from "./faces.ts";
import { type Command, UsageError } from "./flags.ts";
import { RUNS } from "./newest_model.ts";
import { placeOf } from "./standing.ts";
import { defineProgram, EXIT, print, type Program, warn } from "./program.ts";
import { readRecipe } from "./recipe.ts";
import { loadData, openData, trainingSplits } from "./source.ts";

const COMMAND = {
  name: "report",
  about: "Write a run's report.html anew, or that of the packaged network.",
  operands: "[RUN_DIR]",
  flags: {
    data: {
      kind: "string",
      value: "PATH",
      about: "The data set, for calibration and the worst mistakes",
      otherwise: "the one that the run was trained on, if it is still there",
    },
    model: { ...MODEL_FLAG, otherwise: "the best weights of RUN_DIR; without one as in evaluate" },
    "no-photos": { kind: "boolean", about: "Show no images of faces" },
  },
  examples: [
    "deno task report runs/first --no-photos",
    "deno task report --data fer2013.csv.gz --model packaged",
  ],
} as const satisfies Command;

let computing: ReturnType<typeof startComputing> | undefined;

/** Has tfjs compute, the first time it is asked to. */
const start = () => computing ??= startComputing("auto", "batches");

/** The images of a run; `null` when its data set is not at hand. */
async function splitsOf(
  runDirectory: string,
  given: string | undefined,
): Promise<{ training: FerDataset; validation: FerDataset } | null> {
  const { config, data, faces } = await readRecipe(`${runDirectory}/config.json`, {});
  const path = given ?? placeOf(data ?? null);
  const isGone = given === undefined && path !== null && !/^https?:/.test(path) &&
    !await Deno.stat(path).then(() => true, () => false);
  if (isGone) {
    warn(`${path} is not there any more: no calibration and no mistakes. Name it with --data`);
    return null;
  }
  // Runs from before there was a choice took pictures whole.
  const finder = new FaceFinder(faces ?? "crop", start);
  const dataset = await loadData(path, finder);
  await finder.dispose();
  return trainingSplits(dataset, config.seed ?? DEFAULT_TRAINING_CONFIG.seed);
}

/**
 * A folder for the report of a network that is no run's: all that is known of it is how it does.
 *
 * @returns The folder.
 */
async function evaluated(
  model: LoadedModel,
  { training, validation }: { readonly training: FerDataset; readonly validation: FerDataset },
): Promise<string> {
  const folder = `${RUNS}/packaged`;
  await Deno.mkdir(folder, { recursive: true });
  const evaluation = JSON.stringify(await evaluate(model, validation, { training }), null, 2);
  await writeFileAtomic(
    `${folder}/evaluation.json`,
    new TextEncoder().encode(`${evaluation}\n`),
  );
  return folder;
}

/** The report of the packaged network, which no run here has left. */
async function reportPackaged(
  chosen: ChosenModel,
  data: string | undefined,
  photos: boolean,
): Promise<string> {
  const finder = new FaceFinder(FACES_FLAG.default, start);
  const { dataset } = await openData(data, finder);
  await finder.dispose();
  const splits = trainingSplits(dataset, DEFAULT_TRAINING_CONFIG.seed);
  const { stop } = await start();
  const model = await chosen.load();
  const folder = await evaluated(model, splits);
  const { training, validation } = splits;
  const path = await writeReport(folder, { model, dataset: validation, training, photos });
  model.model.dispose();
  stop();
  return path;
}

/** The command. */
export const PROGRAM: Program = defineProgram(
  COMMAND,
  async ({ data, model: given, noPhotos }, operands) => {
    if (operands.length > 1) {
      throw new UsageError(
        `Cannot report on ${operands.length} folders: deno task report takes one RUN_DIR`,
      );
    }
    const photos = !noPhotos;
    const chosen = operands.length === 0 || given !== undefined ? await chooseModel(given) : null;
    const runDirectory = operands[0] ?? chosen?.run;
    if (chosen && !runDirectory) {
      if (!chosen.isPackaged) {
        throw new UsageError(
          `Cannot report on ${chosen.name}: name the folder of its run, RUN_DIR`,
        );
      }
      print(await reportPackaged(chosen, data, photos));
      return EXIT.ok;
    }
    const splits = await splitsOf(runDirectory, data);
    const { stop } = splits ? await start() : { stop() {} };
    const { training, validation: dataset } = splits ?? {};
    const model = splits && given !== undefined ? await chosen?.load() : undefined;
    print(await writeReport(runDirectory, { model, dataset, training, photos }));
    model?.model.dispose();
    stop();
    return EXIT.ok;
  },
);

if (import.meta.main) await PROGRAM.run(Deno.args);
