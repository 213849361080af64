/**
 * The fraction of samples that are right.
 *
 * @module
 */
import { checkLabels } from "./labels.ts";
import { checkScores } from "./probabilities.ts";

/** How {@linkcode topKAccuracyScore} reads its scores. */
export interface TopKOptions {
  /** The number of classes: each sample has that many scores. */
  readonly classes: number;
  /**
   * How many guesses each sample has.
   *
   * @default 2
   */
  readonly k?: number;
}

/**
 * The fraction of samples that are right, as `sklearn.metrics.accuracy_score` gives it.
 *
 * @param truth The true label of each sample, `[n]`.
 * @param predicted The predicted label of each sample, `[n]`.
 * @returns A fraction from 0 to 1.
 * @throws {TypeError} When the two differ in length or there are no samples.
 * @throws {RangeError} When a label is not an integer of 0 or more.
 *
 * @example
 * ```ts
 * import { accuracyScore } from "@fer/core/metrics";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(accuracyScore([0, 1, 2, 3], [0, 2, 1, 3]), 0.5);
 * ```
 */
export function accuracyScore(truth: ArrayLike<number>, predicted: ArrayLike<number>): number {
  checkLabels(truth, predicted);
  let right = 0;
  for (let i = 0; i < truth.length; i++) if (truth[i] === predicted[i]) right++;
  return right / truth.length;
}

/**
 * The mean recall of the classes that occur among the true labels, as
 * `sklearn.metrics.balanced_accuracy_score` gives it.
 *
 * @param truth The true label of each sample, `[n]`.
 * @param predicted The predicted label of each sample, `[n]`.
 * @returns A fraction from 0 to 1.
 * @throws {TypeError} When the two differ in length or there are no samples.
 * @throws {RangeError} When a label is not an integer of 0 or more.
 *
 * @example
 * ```ts
 * import { balancedAccuracyScore } from "@fer/core/metrics";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(balancedAccuracyScore([0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 1, 0]), 0.75);
 * ```
 */
export function balancedAccuracyScore(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
): number {
  checkLabels(truth, predicted);
  const support = new Map<number, number>();
  const hits = new Map<number, number>();
  for (let i = 0; i < truth.length; i++) {
    const label = truth[i];
    support.set(label, (support.get(label) ?? 0) + 1);
    if (label === predicted[i]) hits.set(label, (hits.get(label) ?? 0) + 1);
  }
  let sum = 0;
  for (const [label, count] of support) sum += (hits.get(label) ?? 0) / count;
  return sum / support.size;
}

/**
 * The fraction of samples whose true class is among the `k` best scored, as
 * `sklearn.metrics.top_k_accuracy_score` gives it. Of equal scores the later class ranks first.
 *
 * @param truth The true label of each sample, `[n]`.
 * @param scores One score a class, higher is likelier, `[n, classes]`: logits or probabilities.
 * @param options The number of classes and of guesses.
 * @returns A fraction from 0 to 1.
 * @throws {TypeError} When the lengths disagree or there are no samples.
 * @throws {RangeError} When a label is not one of the classes, a score is not a number, or `k` is
 * not an integer of 1 or more.
 *
 * @example
 * ```ts
 * import { topKAccuracyScore } from "@fer/core/metrics";
 * import { assertEquals } from "@std/assert";
 *
 * const scores = [0.5, 0.3, 0.2, 0.1, 0.2, 0.7];
 * assertEquals(topKAccuracyScore([1, 0], scores, { classes: 3, k: 2 }), 0.5);
 * ```
 */
export function topKAccuracyScore(
  truth: ArrayLike<number>,
  scores: ArrayLike<number>,
  options: TopKOptions,
): number {
  const { classes, k = 2 } = options;
  if (!Number.isInteger(k) || k < 1) {
    throw new RangeError(`Cannot count the top ${k}: expected an integer of 1 or more`);
  }
  checkScores(truth, scores, classes);
  let right = 0;
  for (let i = 0; i < truth.length; i++) {
    const row = i * classes;
    const own = scores[row + truth[i]];
    let above = 0;
    for (let j = 0; j < classes; j++) {
      const other = scores[row + j];
      if (other > own || (other === own && j > truth[i])) above++;
    }
    if (above < k) right++;
  }
  return right / truth.length;
}
