/**
 * `fer evaluate`: how good a model is on a split of a data set.
 *
 * @module
 */
import { auditDataset, withFerPlus } from "../src/data.ts";
import { evaluate, type Evaluation } from "../mod.ts";
import { auditLines } from "./audit.ts";
import { chooseModel, MODEL_FLAG, READING_FLAGS, TTA_FLAG } from "./choose_model.ts";
import { ENGINE_FLAG, startComputing } from "./compute.ts";
import { FaceFinder, FACES_FLAG } from "./faces.ts";
import { type Command, UsageError } from "./flags.ts";
import { count, percent } from "./numbers.ts";
import { defineProgram, EXIT, print, type Program, warn } from "./program.ts";
import { DATA_FLAG, findVotes, openData, splitOf, USAGE_FLAG, VOTES_FLAG } from "./source.ts";

const COMMAND = {
  name: "evaluate",
  about: "Measure a model on a split of a data set.",
  flags: {
    data: DATA_FLAG,
    usage: USAGE_FLAG,
    model: MODEL_FLAG,
    tta: TTA_FLAG,
    ...READING_FLAGS,
    votes: VOTES_FLAG,
    faces: FACES_FLAG,
    engine: ENGINE_FLAG,
    json: { kind: "boolean", about: "Print one JSON object" },
  },
  examples: [
    "deno task evaluate --data fer2013.csv.gz --model runs/first/best.safetensors --tta",
  ],
} as const satisfies Command;

/** Columns padded to one width each: the first to the left, the rest to the right. */
function table(rows: ReadonlyArray<readonly string[]>): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])
    ).join("  ")
  );
}

function printEvaluation(evaluation: Evaluation): void {
  const { accuracyInterval, macroF1Interval, perClass, confusion, leakFree } = evaluation;
  const range = ([low, high]: readonly [number, number]) =>
    `  (95 % interval ${percent(low)} to ${percent(high)})`;
  const names = Object.keys(perClass);
  print(`accuracy           ${percent(evaluation.accuracy)}${range(accuracyInterval)}`);
  print(`macro-F1           ${percent(evaluation.macroF1)}${range(macroF1Interval)}`);
  print(`weighted F1        ${percent(evaluation.weightedF1)}`);
  print(`balanced accuracy  ${percent(evaluation.balancedAccuracy)}`);
  print(`top-2 accuracy     ${percent(evaluation.top2)}`);
  print(`calibration error  ${percent(evaluation.ece)}`);
  print(`loss               ${evaluation.loss.toFixed(4)}`);
  if (leakFree) {
    print(
      `without the images that Training has too (${count(leakFree.n)} are left): ` +
        `accuracy ${percent(leakFree.accuracy)}, macro-F1 ${percent(leakFree.macroF1)}`,
    );
  }
  print("");
  const scores = names.map((name) => {
    const { precision, recall, f1, support } = perClass[name];
    return [
      name,
      percent(precision),
      percent(recall),
      percent(f1),
      count(support),
    ];
  });
  for (const line of table([["class", "precision", "recall", "F1", "images"], ...scores])) {
    print(line);
  }
  print("");
  const counts = confusion.map((row, k) => [names[k], ...row.map(String)]);
  for (const line of table([["true \\ predicted", ...names], ...counts])) print(line);
}

/** The command. */
export const PROGRAM: Program = defineProgram(
  COMMAND,
  async ({ data, usage, model: given, tta, labels, priors, votes, faces, engine, json }) => {
    const isVoted = labels === "ferplus";
    if (votes !== undefined && !isVoted) {
      throw new UsageError("Cannot use --votes without --labels ferplus, whose votes they are");
    }
    let computing: ReturnType<typeof startComputing> | undefined;
    const start = () => computing ??= startComputing(engine, "batches");
    const finder = new FaceFinder(faces, start);
    const { dataset: plain, path } = await openData(data, finder);
    await finder.dispose();
    const framing = finder.summary("taken whole");
    const dataset = isVoted && path !== null
      ? await withFerPlus(plain, await findVotes(votes, path))
      : plain;
    const chosen = await chooseModel(given, path === null);
    const split = splitOf(dataset, usage);
    const { stop } = await start();
    const { model } = await chosen.load();
    const training = dataset.split("Training");
    const evaluation = await evaluate(model, split, {
      tta,
      labels,
      priors,
      training: training.length > 0 && usage !== "Training" ? training : undefined,
    });
    if (json) {
      if (framing !== null && finder.hasLooked) warn(framing);
      print(JSON.stringify(evaluation));
    } else {
      print(`model  ${chosen.name}`);
      print(`data   ${dataset.source}, ${usage}, ${count(split.length)} images`);
      if (framing !== null) print(`faces  ${framing}`);
      if (isVoted) {
        print(
          `labels FER+: the class on which most voters agree, of ${count(evaluation.n)} images ` +
            "(Barsoum et al. 2016; their VGG13 of 8.7 million parameters is right about 85.0 % of its test split)",
        );
      }
      for (const line of auditLines(auditDataset(dataset))) print(`       ${line}`);
      print("");
      printEvaluation(evaluation);
    }
    model.dispose();
    stop();
    return EXIT.ok;
  },
);

if (import.meta.main) await PROGRAM.run(Deno.args);
