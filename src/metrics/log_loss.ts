/**
 * Cross-entropy of probabilities.
 *
 * @module
 */
import { checkProbabilities } from "./probabilities.ts";

/** How {@linkcode logLoss} reads its probabilities. */
export interface LogLossOptions {
  /** The number of classes: each sample has that many probabilities. */
  readonly classes: number;
  /**
   * The smallest probability that is told from 0, so that the loss stays finite. The default is
   * scikit-learn's: the machine epsilon of the array, 2^-23 for a `Float32Array` and 2^-52
   * otherwise.
   */
  readonly eps?: number;
}

/**
 * The mean cross-entropy in nats, as `sklearn.metrics.log_loss` gives it.
 *
 * @param truth The true label of each sample, `[n]`.
 * @param probabilities One probability a class, each row summing to 1, `[n, classes]`.
 * @param options The number of classes and the smallest probability.
 * @returns The mean of minus the logarithm of the true class's probability.
 * @throws {TypeError} When the lengths disagree or there are no samples.
 * @throws {RangeError} When a label is not one of the classes or a row is no distribution.
 *
 * @example
 * ```ts
 * import { logLoss } from "@fer/core/metrics";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * assertAlmostEquals(logLoss([0, 1], [0.5, 0.5, 0.75, 0.25], { classes: 2 }), 1.5 * Math.LN2);
 * ```
 */
export function logLoss(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  options: LogLossOptions,
): number {
  const { classes } = options;
  const eps = options.eps ?? (probabilities instanceof Float32Array ? 2 ** -23 : 2 ** -52);
  if (!(eps >= 0 && eps < 0.5)) {
    throw new RangeError(`Cannot clip probabilities at ${eps}: expected 0 to 0.5`);
  }
  checkProbabilities(truth, probabilities, classes);
  const clip = (value: number) => Math.min(Math.max(value, eps), 1 - eps);
  let loss = 0;
  for (let i = 0; i < truth.length; i++) {
    let sum = 0;
    for (let j = 0; j < classes; j++) sum += clip(probabilities[i * classes + j]);
    loss -= Math.log(clip(probabilities[i * classes + truth[i]]) / sum);
  }
  return loss / truth.length;
}
