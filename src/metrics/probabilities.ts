/**
 * What a network gives for each sample: one score a class.
 *
 * @module
 */
import { checkLabels } from "./labels.ts";

/**
 * Refuses scores that do not belong to the labels or are not numbers.
 *
 * @param truth The true label of each sample, `[n]`.
 * @param scores One score a class, `[n, classes]`.
 * @param classes The number of classes.
 * @throws {TypeError} When the lengths disagree or there are no samples.
 * @throws {RangeError} When a label is not one of the classes or a score is not a number.
 */
export function checkScores(
  truth: ArrayLike<number>,
  scores: ArrayLike<number>,
  classes: number,
): void {
  checkLabels(truth, truth, classes);
  if (scores.length !== truth.length * classes) {
    throw new TypeError(
      `Cannot score ${truth.length} samples of ${classes} classes: ` +
        `expected ${truth.length * classes} scores, got ${scores.length}`,
    );
  }
  for (let i = 0; i < scores.length; i++) {
    if (!Number.isNaN(scores[i])) continue;
    throw new RangeError(
      `Cannot score sample ${Math.floor(i / classes)}: its score for class ${i % classes} is NaN`,
    );
  }
}

/**
 * Refuses probabilities that are none.
 *
 * @param truth The true label of each sample, `[n]`.
 * @param probabilities One probability a class, each row summing to 1 within 1e-3, `[n, classes]`.
 * @param classes The number of classes.
 * @throws {TypeError} When the lengths disagree or there are no samples.
 * @throws {RangeError} When a label is not one of the classes, a probability is not from 0 to 1, or
 * a row does not sum to 1.
 */
export function checkProbabilities(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
): void {
  checkScores(truth, probabilities, classes);
  for (let i = 0; i < truth.length; i++) {
    let sum = 0;
    for (let j = 0; j < classes; j++) {
      const probability = probabilities[i * classes + j];
      if (!(probability >= 0 && probability <= 1 + 1e-6)) {
        throw new RangeError(
          `Cannot score sample ${i}: its probability for class ${j} is ${probability}, ` +
            "expected 0 to 1",
        );
      }
      sum += probability;
    }
    if (!(Math.abs(sum - 1) <= 1e-3)) {
      throw new RangeError(
        `Cannot score sample ${i}: its probabilities sum to ${sum}, expected 1; ` +
          "apply softmax to logits first",
      );
    }
  }
}

/**
 * The best scored class of each sample, the first of equals, as `numpy.argmax` picks it.
 *
 * @param scores One score a class, `[n, classes]`.
 * @param classes The number of classes.
 * @returns One label a sample, `[n]`.
 * @throws {TypeError} When the scores are not whole rows of `classes`.
 *
 * @example
 * ```ts
 * import { predictedLabels } from "@fer/core/metrics";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(predictedLabels([0.2, 0.8, 0.9, 0.1], 2), Int32Array.of(1, 0));
 * ```
 */
export function predictedLabels(scores: ArrayLike<number>, classes: number): Int32Array {
  const n = scores.length / classes;
  if (!Number.isInteger(n)) {
    throw new TypeError(`Cannot split ${scores.length} scores into rows of ${classes} classes`);
  }
  const labels = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    let best = 0;
    for (let j = 1; j < classes; j++) {
      if (scores[i * classes + j] > scores[i * classes + best]) best = j;
    }
    labels[i] = best;
  }
  return labels;
}
