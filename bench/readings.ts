/**
 * `deno task bench:readings`: how well a network of two outputs does by each of them and with each
 * prior, on FER-2013's labels and on those of FER+'s voters.
 *
 * @module
 */
import { chooseModel, MODEL_FLAG } from "../cli/choose_model.ts";
import type { Command } from "../cli/flags.ts";
import { print, runProgram, warn } from "../cli/program.ts";
import { DATA_FLAG, findVotes, openData, splitOf, USAGE_FLAG, VOTES_FLAG } from "../cli/source.ts";
import { useEngine, withFerPlus, withMajorityLabels } from "../mod.ts";
import { type FerDataset, leakFreeIndices, majorityLabels } from "../src/data.ts";
import { rowsAt } from "../src/data/rows.ts";
import { evaluateProbabilities } from "../src/metrics.ts";
import { describeModel } from "../src/model.ts";
import { readAnswers, readingOf } from "../src/model/reading.ts";
import { predictHeads } from "../src/predict/answers.ts";
import { sha256 } from "../src/pretrained/packaged_weights.ts";
import { type ReadingFigure, type ReadingFigures, readingsTable } from "./readings/figures.ts";

const COMMAND = {
  name: "bench:readings",
  about:
    "Measure a network of two outputs by each of them and with each prior: on FER-2013's own\n" +
    "labels, and on the classes of most of FER+'s voters (Barsoum et al., 2016).",
  flags: {
    data: DATA_FLAG,
    votes: VOTES_FLAG,
    usage: USAGE_FLAG,
    model: { ...MODEL_FLAG, default: "packaged" },
    json: { kind: "boolean", about: "Print one JSON object" },
  },
  examples: ["deno task bench:readings --data fer2013.csv.gz --json"],
} as const satisfies Command;

/** Which readings can be held against which labels. */
const READINGS = [
  { target: "fer2013", labels: "fer2013" },
  { target: "fer2013", labels: "both" },
  { target: "ferplus", labels: "ferplus" },
] as const;

await runProgram(COMMAND, async ({ data, votes, usage, model: given, json }) => {
  const { dataset: plain, path } = await openData(data);
  const dataset = path === null ? plain : await withFerPlus(plain, await findVotes(votes, path));
  const chosen = await chooseModel(given);
  const computing = await useEngine({ purpose: "batches" });
  const { model } = await chosen.load();
  if (!describeModel(model).ferPlus) {
    throw new TypeError(`Cannot compare readings of ${chosen.name}: it has one output`);
  }
  const split = splitOf(dataset, usage);
  const training = dataset.split("Training");
  const { votes: counted } = split;
  if (!counted) throw new TypeError(`Cannot measure on ${split.source}: it has no votes`);
  const voted = majorityLabels(counted);
  const majority = [...voted.keys()].filter((i) => voted[i] >= 0);
  const all = [...voted.keys()];
  const targetOf = (rows: readonly number[], images: FerDataset) => ({
    rows,
    images,
    leakFree: usage === "Training" ? undefined : leakFreeIndices(images, training),
  });
  const targets = {
    fer2013: targetOf(all, split),
    ferplus: targetOf(majority, withMajorityLabels(split)),
  } as const;
  const readings: ReadingFigure[] = [];
  for (const tta of [false, true]) {
    warn(`${split.length} images${tta ? ", each in several views" : ""}`);
    const answers = await predictHeads(model, split, { tta });
    for (const { target, labels } of READINGS) {
      const { rows, images, leakFree } = targets[target];
      for (const priors of ["training", "uniform"] as const) {
        const reading = readingOf(model, { labels, priors });
        const probabilities = rowsAt(readAnswers(answers, reading), reading.classes.length, rows);
        const scores = evaluateProbabilities(probabilities, images.labels, {
          classes: reading.classes,
          leakFree,
        });
        const { n, accuracy, macroF1, balancedAccuracy, ece } = scores;
        readings.push({
          ...{ labels, priors, tta, target, n, accuracy, macroF1, balancedAccuracy, ece },
          accuracyInterval: scores.accuracyInterval,
          macroF1Interval: scores.macroF1Interval,
          leakFreeAccuracy: scores.leakFree?.accuracy ?? null,
        });
      }
    }
  }
  const { source } = chosen;
  const figures: ReadingFigures = {
    weights: await sha256(await Deno.readFile(source)),
    usage,
    machine: {
      adapter: computing.gpu?.description ?? "WebAssembly",
      cores: navigator.hardwareConcurrency,
      deno: Deno.version.deno,
      date: new Date().toISOString().replace(/\.\d+/, ""),
    },
    readings,
  };
  if (json) print(JSON.stringify(figures, null, 2));
  else {
    for (const target of ["fer2013", "ferplus"] as const) {
      print(target === "fer2013" ? "FER-2013's labels" : "\nFER+'s voters");
      print(readingsTable(readings.filter((each) => each.target === target)));
    }
  }
  model.dispose();
  computing.dispose();
});
