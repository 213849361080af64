/**
 * Temperature scaling: one number that makes a network as sure as it is right.
 *
 * @module
 */
import { checkProbabilities } from "./probabilities.ts";

/** How {@linkcode fitTemperature} reads its probabilities. */
export interface TemperatureOptions {
  /** The number of classes: each sample has that many probabilities. */
  readonly classes: number;
}

/** The temperatures among which the best is looked for. */
const RANGE = [0.1, 10] as const;

/** Float32's smallest normal number: what a probability is at least. */
const LEAST = 2 ** -126;

/**
 * The temperature that logits are divided by so that their softmax has the least cross-entropy on
 * samples that the network was not trained on (Guo et al., "On Calibration of Modern Neural
 * Networks", 2017). It changes how sure a network is, never which class it finds the likeliest.
 *
 * The logarithms of probabilities are logits, so it takes what a network predicts.
 *
 * @param truth The true label of each sample, `[n]`.
 * @param probabilities One probability a class, each row summing to 1, `[n, classes]`.
 * @param options The number of classes.
 * @returns From 0.1 to 10: above 1 where the network is too sure, below 1 where not sure enough.
 * @throws {TypeError} When the lengths disagree or there are no samples.
 * @throws {RangeError} When a label is not one of the classes or a row is no distribution.
 *
 * @example
 * ```ts
 * import { applyTemperature, fitTemperature } from "@fer/core/metrics";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * // 90 % sure of the first class each time, and right three times out of four.
 * const probabilities = [0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1];
 * const temperature = fitTemperature([0, 0, 0, 1], probabilities, { classes: 2 });
 * const [first] = applyTemperature(probabilities, temperature, { classes: 2 });
 * assertAlmostEquals(first, 0.75, 1e-6);
 * ```
 */
export function fitTemperature(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  { classes }: TemperatureOptions,
): number {
  checkProbabilities(truth, probabilities, classes);
  const logits = Float64Array.from(probabilities, (value) => Math.log(Math.max(value, LEAST)));
  // The loss is convex in the inverse temperature; its slope there is the mean of the expected
  // logit less the true class's.
  const slope = (inverse: number): number => {
    let sum = 0;
    for (let i = 0; i < truth.length; i++) {
      const row = logits.subarray(i * classes, (i + 1) * classes);
      const most = row.reduce((a, b) => Math.max(a, b));
      let [total, expected] = [0, 0];
      for (const logit of row) {
        const weight = Math.exp((logit - most) * inverse);
        total += weight;
        expected += weight * logit;
      }
      sum += expected / total - row[truth[i]];
    }
    return sum;
  };
  let [low, high] = [1 / RANGE[1], 1 / RANGE[0]];
  if (slope(low) >= 0) return RANGE[1];
  if (slope(high) <= 0) return RANGE[0];
  while (high - low > 1e-7 * low) {
    const middle = (low + high) / 2;
    if (slope(middle) < 0) low = middle;
    else high = middle;
  }
  return 2 / (low + high);
}

/**
 * The probabilities of a network whose logits are divided by a temperature.
 *
 * @param probabilities What it gives without, one a class, `[n, classes]`.
 * @param temperature Above 1 makes them more even, below 1 less.
 * @param options The number of classes.
 * @returns One probability a class, each row summing to 1, `[n, classes]`.
 * @throws {TypeError} When they are not whole rows of `classes`.
 * @throws {RangeError} When the temperature is not a number above 0.
 */
export function applyTemperature(
  probabilities: ArrayLike<number>,
  temperature: number,
  { classes }: TemperatureOptions,
): Float32Array {
  if (!(temperature > 0 && Number.isFinite(temperature))) {
    throw new RangeError(`Cannot apply a temperature of ${temperature}: expected a number above 0`);
  }
  if (probabilities.length % classes !== 0) {
    throw new TypeError(
      `Cannot split ${probabilities.length} probabilities into rows of ${classes} classes`,
    );
  }
  const out = new Float32Array(probabilities.length);
  for (let from = 0; from < out.length; from += classes) {
    let most = 0;
    for (let k = 0; k < classes; k++) most = Math.max(most, probabilities[from + k]);
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      sum += out[from + k] = (probabilities[from + k] / most) ** (1 / temperature);
    }
    for (let k = 0; k < classes; k++) out[from + k] /= sum;
  }
  return out;
}
