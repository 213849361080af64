/**
 * How good predictions are: pure functions on arrays, equal to scikit-learn's.
 *
 * @example
 * ```ts
 * import { accuracyScore, classificationReport, f1Score } from "@fer/core/metrics";
 * import { assertEquals } from "@std/assert";
 *
 * const truth = [0, 0, 1, 2];
 * const predicted = [0, 1, 1, 2];
 * assertEquals(accuracyScore(truth, predicted), 0.75);
 * assertEquals(f1Score(truth, predicted, { classes: 3, average: "weighted" }), 0.75);
 * const table = classificationReport(truth, predicted, { classes: ["angry", "happy", "sad"] });
 * assertEquals(table.split("\n").length, 10);
 * ```
 *
 * @module
 */
export * from "./metrics/accuracy.ts";
export * from "./metrics/calibration.ts";
export {
  type ClassScores,
  classScores,
  type F1Options,
  f1Score,
  precisionRecallFscoreSupport,
} from "./metrics/class_scores.ts";
export * from "./metrics/classification_report.ts";
export * from "./metrics/confusion_matrix.ts";
export * from "./metrics/evaluation.ts";
export * from "./metrics/interval.ts";
export * from "./metrics/log_loss.ts";
export * from "./metrics/mcnemar.ts";
export { predictedLabels } from "./metrics/probabilities.ts";
export * from "./metrics/temperature.ts";
export { Generator } from "./random.ts";
