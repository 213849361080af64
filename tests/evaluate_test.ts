import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { drawnFaces, FerDataset } from "../src/data.ts";
import { EMOTIONS } from "../src/emotions.ts";
import { evaluate, withMajorityLabels } from "../src/evaluate.ts";
import { evaluateProbabilities, f1Score, wilsonInterval } from "../src/metrics.ts";
import { buildFerCnn, type FerModel, loadModel, saveModel } from "../src/model.ts";
import { calibrate } from "../src/model/description.ts";
import { predictDataset } from "../src/predict.ts";

await tf.setBackend("cpu");

// Three classes, the last absent. Rows are right, wrong (right on the second guess), right, wrong.
const PROBABILITIES = [0.7, 0.2, 0.1, 0.3, 0.6, 0.1, 0.2, 0.5, 0.3, 0.5, 0.1, 0.4];
const LABELS = [0, 0, 1, 1];
const CLASSES = ["sad", "happy", "fear"];

function tinyModel(): FerModel {
  return buildFerCnn({ filters: [2, 2, 2], hidden: 4, seed: 1 });
}

Deno.test("evaluateProbabilities() has the fields of its JSON, in order", () => {
  const evaluation = evaluateProbabilities(PROBABILITIES, LABELS, {
    classes: CLASSES,
    leakFree: [0, 1, 2],
  });
  assertEquals(Object.keys(evaluation), [
    "n",
    "accuracy",
    "accuracyInterval",
    "macroF1",
    "macroF1Interval",
    "weightedF1",
    "balancedAccuracy",
    "top2",
    "ece",
    "loss",
    "perClass",
    "confusion",
    "leakFree",
  ]);
  assertEquals(Object.keys(evaluation.perClass), CLASSES);
  assertEquals(Object.keys(evaluation.perClass.sad), ["precision", "recall", "f1", "support"]);
  assertEquals(Object.keys(evaluation.leakFree ?? {}), ["n", "accuracy", "macroF1"]);
  assertEquals(JSON.parse(JSON.stringify(evaluation)), evaluation);
});

Deno.test("evaluateProbabilities() computes by hand's figures", () => {
  const evaluation = evaluateProbabilities(PROBABILITIES, LABELS, { classes: CLASSES });
  assertEquals(evaluation.n, 4);
  assertEquals(evaluation.accuracy, 0.5);
  assertEquals(evaluation.accuracyInterval, wilsonInterval(2, 4));
  assertEquals(evaluation.confusion, [[1, 1, 0], [1, 1, 0], [0, 0, 0]]);
  assertEquals(evaluation.perClass.sad, { precision: 0.5, recall: 0.5, f1: 0.5, support: 2 });
  assertEquals(evaluation.perClass.fear, { precision: 0, recall: 0, f1: 0, support: 0 });
  assertAlmostEquals(evaluation.macroF1, 1 / 3, 1e-12);
  assertEquals(evaluation.weightedF1, 0.5);
  assertEquals(evaluation.balancedAccuracy, 0.5);
  assertEquals(evaluation.top2, 0.75);
  // Bins of 15 hold {0.7}, {0.6}, {0.5, 0.5}: gaps 0.3, 0.6, 0.
  assertAlmostEquals(evaluation.ece, (0.3 + 0.6) / 4, 1e-12);
  const loss = -(Math.log(0.7) + Math.log(0.3) + Math.log(0.5) + Math.log(0.1)) / 4;
  assertAlmostEquals(evaluation.loss, loss, 1e-12);
  assertEquals(evaluation.leakFree, null);
});

Deno.test("evaluateProbabilities() scores the leak-free images alone", () => {
  const options = { classes: CLASSES, leakFree: Uint32Array.of(0, 2, 3) };
  const { leakFree } = evaluateProbabilities(PROBABILITIES, LABELS, options);
  assertEquals(leakFree?.n, 3);
  assertAlmostEquals(leakFree?.accuracy ?? NaN, 2 / 3, 1e-12);
  assertEquals(leakFree?.macroF1, f1Score([0, 1, 1], [0, 1, 0], { classes: 3 }));
  const none = evaluateProbabilities(PROBABILITIES, LABELS, { classes: CLASSES, leakFree: [] });
  assertEquals(none.leakFree, null);
});

Deno.test("evaluateProbabilities() gives one interval a seed, around the macro-F1", () => {
  const n = 300;
  const labels = Array.from({ length: n }, (_, i) => i % 3);
  const probabilities = labels.flatMap((label, i) => {
    const guess = i % 4 === 0 ? (label + 1) % 3 : label;
    return [0, 1, 2].map((k) => k === guess ? 0.8 : 0.1);
  });
  const draw = (seed: number) =>
    evaluateProbabilities(probabilities, labels, { classes: CLASSES, seed });
  const { macroF1, macroF1Interval: [low, high] } = draw(1);
  assert(low < macroF1 && macroF1 < high);
  // The interval of a proportion of 0.75 in 300 is about as wide.
  const [lower, upper] = wilsonInterval(225, n);
  assertAlmostEquals(high - low, upper - lower, 0.02);
  assertEquals(draw(1), draw(1));
});

Deno.test("evaluateProbabilities() refuses what cannot be evaluated", () => {
  const classes = CLASSES;
  assertThrows(
    () => evaluateProbabilities([0.5, 0.5, NaN], [0], { classes }),
    RangeError,
    "its score for class 2 is NaN",
  );
  assertThrows(
    () => evaluateProbabilities(PROBABILITIES, [0, 0, 1, -1], { classes }),
    RangeError,
    "Cannot score sample 3: its true label is -1",
  );
  assertThrows(
    () => evaluateProbabilities(PROBABILITIES, [0, 1], { classes }),
    TypeError,
    "expected 6 scores, got 12",
  );
  assertThrows(
    () => evaluateProbabilities(PROBABILITIES, LABELS, { classes, leakFree: [4] }),
    RangeError,
    "Cannot evaluate image 4: there are 4",
  );
  assertThrows(
    () => evaluateProbabilities(PROBABILITIES, LABELS, { classes: ["a", "b", "a"] }),
    TypeError,
    "two classes named a",
  );
});

Deno.test("evaluate() evaluates what predictDataset() gives and leaves no tensor", async () => {
  const dataset = drawnFaces(21, 5);
  const training = dataset.subset([0, 1, 2, 3]);
  const model = tinyModel();
  const before = tf.memory().numTensors;
  const evaluation = await evaluate(model, dataset, { training, batchSize: 8, seed: 3 });
  assertEquals(tf.memory().numTensors, before);
  const probabilities = await predictDataset(model, dataset);
  const expected = evaluateProbabilities(probabilities, dataset.labels, {
    classes: EMOTIONS,
    leakFree: Array.from({ length: 17 }, (_, i) => i + 4),
    seed: 3,
  });
  assertEquals(evaluation, expected);
  model.dispose();
});

Deno.test("evaluate() takes what loadModel() gives and hands options on", async () => {
  const path = await Deno.makeTempFile({ suffix: ".safetensors" });
  const model = tinyModel();
  await saveModel(model, path);
  const loaded = await loadModel(path);
  await Deno.remove(path);
  const dataset = drawnFaces(7, 5);
  const seen: number[] = [];
  const onProgress = (done: number) => seen.push(done);
  const options = { tta: true, batchSize: 4, onProgress };
  assertEquals(
    await evaluate(loaded, dataset, options),
    await evaluate(model, dataset, { tta: true }),
  );
  assertEquals(seen, [4, 7]);
  loaded.model.dispose();
  model.dispose();
});

Deno.test("evaluate() refuses data that the model cannot be measured on", async () => {
  const model = tinyModel();
  const dataset = drawnFaces(7, 5);
  const labels = Int8Array.from(dataset.labels);
  labels[5] = -1;
  await assertRejects(
    () => evaluate(model, new FerDataset({ ...dataset, labels })),
    RangeError,
    "image 6 has no label",
  );
  await assertRejects(() => evaluate(model, dataset.subset([])), TypeError, "it has no images");
  const classes = [...EMOTIONS].reverse();
  await assertRejects(
    () => evaluate(model, new FerDataset({ ...dataset, classes })),
    TypeError,
    "its classes are neutral, surprise",
  );
  model.dispose();
});

/** Four faces: a majority for angry, one for contempt, none, and what most could not tell. */
function votedFaces(): FerDataset {
  const votes = new Uint16Array(40);
  votes.set([6, 0, 0, 2, 0, 0, 2, 0, 0, 0], 0);
  votes.set([0, 0, 0, 0, 0, 0, 3, 7, 0, 0], 10);
  votes.set([4, 0, 0, 4, 0, 0, 1, 1, 0, 0], 20);
  votes.set([0, 0, 0, 0, 0, 0, 4, 0, 6, 0], 30);
  return new FerDataset({ ...drawnFaces(4, 5), votes });
}

Deno.test("withMajorityLabels() keeps the images on whose class most voters agree", () => {
  const dataset = votedFaces();
  const voted = withMajorityLabels(dataset);
  assertEquals([...voted.labels], [0, 7]);
  assertEquals(voted.classes.length, 8);
  assertEquals(voted.image(1).data, dataset.image(1).data);
  assertThrows(
    () => withMajorityLabels(new FerDataset({ ...dataset, votes: undefined })),
    TypeError,
    "Cannot label drawnFaces(4, 5) by its voters' majority: it has no votes",
  );
});

Deno.test("evaluate() measures FER+ on the majority's labels, by the second output", async () => {
  const model = buildFerCnn({ filters: [2, 2, 2], hidden: 4, ferPlus: true, seed: 1 });
  const evaluation = await evaluate(model, votedFaces(), { labels: "ferplus" });
  assertEquals(evaluation.n, 2);
  assertEquals(Object.keys(evaluation.perClass)[7], "contempt");
  assertEquals(evaluation.perClass.contempt.support, 1);
  const probabilities = await predictDataset(model, votedFaces().subset([0, 1]), {
    labels: "ferplus",
  });
  assertEquals(
    evaluation,
    evaluateProbabilities(probabilities, [0, 7], {
      classes: withMajorityLabels(votedFaces()).classes,
    }),
  );
  await assertRejects(
    () => evaluate(tinyModel(), votedFaces(), { labels: "ferplus" }),
    TypeError,
    "has one output",
  );
  model.dispose();
});

Deno.test("evaluate() takes priors into account", async () => {
  const model = buildFerCnn({ filters: [2, 2, 2], hidden: 4, seed: 1 });
  const shares = [0.9, ...new Array(6).fill(0.1 / 6)];
  calibrate(model, { classShares: shares });
  const dataset = drawnFaces(14, 5);
  const plain = await predictDataset(model, dataset);
  const [uniform, given] = [
    await evaluate(model, dataset, { priors: "uniform" }),
    await evaluate(model, dataset, { priors: [1, 1, 1, 1, 1, 1, 1] }),
  ];
  assertEquals(given, uniform);
  const divided = plain.map((value, at) => value / shares[at % 7]);
  for (let i = 0; i < 14; i++) {
    const row = divided.subarray(i * 7, (i + 1) * 7);
    const sum = row.reduce((a, b) => a + b);
    row.forEach((value, k) => row[k] = value / sum);
  }
  const { classes } = dataset;
  assertEquals(
    uniform.confusion,
    evaluateProbabilities(divided, dataset.labels, { classes }).confusion,
  );
  model.dispose();
});
