/**
 * Metrics on as many rows as FER-2013's training split has.
 */
import {
  bootstrapInterval,
  classificationReport,
  confusionMatrix,
  evaluateProbabilities,
  expectedCalibrationError,
  f1Score,
  Generator,
  logLoss,
  topKAccuracyScore,
} from "../src/metrics.ts";
import { EMOTIONS } from "../src/emotions.ts";

const ROWS = 28_709;
const VALIDATION_ROWS = 3_589;
const classes = EMOTIONS.length;
const generator = new Generator(42);
const truth = Int32Array.from({ length: ROWS }, () => generator.integer(classes));
const predicted = truth.map((label) =>
  generator.random() < 0.65 ? label : generator.integer(classes)
);
const probabilities = new Float32Array(ROWS * classes);
truth.forEach((label, i) => {
  const row = EMOTIONS.map((_, k) => Math.exp(generator.normal() + (k === label ? 2 : 0)));
  const sum = row.reduce((a, b) => a + b);
  row.forEach((value, k) => probabilities[i * classes + k] = value / sum);
});

Deno.bench("confusion matrix, 28,709 rows", { group: "labels", baseline: true }, () => {
  confusionMatrix(truth, predicted, { classes });
});

Deno.bench("macro-F1, 28,709 rows", { group: "labels" }, () => {
  f1Score(truth, predicted, { classes });
});

Deno.bench("classification report, 28,709 rows", { group: "labels" }, () => {
  classificationReport(truth, predicted, { classes: EMOTIONS });
});

Deno.bench("top-2 accuracy, 28,709 rows", { group: "probabilities", baseline: true }, () => {
  topKAccuracyScore(truth, probabilities, { classes });
});

Deno.bench("cross-entropy, 28,709 rows", { group: "probabilities" }, () => {
  logLoss(truth, probabilities, { classes });
});

Deno.bench("expected calibration error, 28,709 rows", { group: "probabilities" }, () => {
  expectedCalibrationError(truth, probabilities, { classes });
});

Deno.bench("bootstrap of accuracy, 3,589 rows, 1,000 times", { group: "bootstrap" }, () => {
  bootstrapInterval(VALIDATION_ROWS, (indices) => {
    let right = 0;
    for (const i of indices) if (truth[i] === predicted[i]) right++;
    return right / VALIDATION_ROWS;
  }, { generator: new Generator(0) });
});

const validation = probabilities.subarray(0, VALIDATION_ROWS * classes);
const labels = truth.subarray(0, VALIDATION_ROWS);

Deno.bench("whole evaluation, 3,589 rows", { group: "bootstrap", baseline: true }, () => {
  evaluateProbabilities(validation, labels, { classes: EMOTIONS });
});
