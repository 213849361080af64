/**
 * `deno task report`: a run as one page.
 *
 * @module
 */
import type { FerDataset } from "../src/data.ts";
import { writeReport } from "../src/report.ts";
import { DEFAULT_TRAINING_CONFIG } from "../src/train.ts";
import { startComputing } from "./compute.ts";
import { type Command, UsageError } from "./flags.ts";
import { EXIT, print, runProgram, warn } from "./program.ts";
import { readRecipe } from "./recipe.ts";
import { loadData, trainingSplits } from "./source.ts";

const COMMAND = {
  name: "report",
  about: "Write a run's report.html anew.",
  operands: "RUN_DIR",
  flags: {
    data: {
      kind: "string",
      value: "PATH",
      about: "The data set, for calibration and the worst mistakes",
      otherwise: "the one that the run was trained on, if it is still there",
    },
    "no-photos": { kind: "boolean", about: "Show no images of faces" },
  },
  examples: ["deno task report runs/first --no-photos"],
} as const satisfies Command;

/** The images of a run; `null` when its data set is not at hand. */
async function splitsOf(
  runDirectory: string,
  given: string | undefined,
): Promise<{ training: FerDataset; validation: FerDataset } | null> {
  const { config, data } = await readRecipe(`${runDirectory}/config.json`, {});
  const path = given ?? data ?? null;
  const isGone = given === undefined && path !== null && !/^https?:/.test(path) &&
    !await Deno.stat(path).then(() => true, () => false);
  if (isGone) {
    warn(`${path} is not there any more: no calibration and no mistakes. Name it with --data`);
    return null;
  }
  const dataset = await loadData(path);
  return trainingSplits(dataset, config.seed ?? DEFAULT_TRAINING_CONFIG.seed);
}

await runProgram(COMMAND, async ({ data, noPhotos }, operands) => {
  const [runDirectory, ...others] = operands;
  if (runDirectory === undefined || others.length > 0) {
    throw new UsageError(
      `Cannot report on ${operands.length} folders: deno task report takes one RUN_DIR`,
    );
  }
  const splits = await splitsOf(runDirectory, data);
  const stop = splits ? await startComputing() : () => {};
  const { training, validation: dataset } = splits ?? {};
  print(await writeReport(runDirectory, { dataset, training, photos: !noPhotos }));
  stop();
  return EXIT.ok;
});
