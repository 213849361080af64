/**
 * Whether a network is right as often as it is sure.
 *
 * @module
 */
import { checkProbabilities, predictedLabels } from "./probabilities.ts";

/** How confidences are sorted into bins. */
export interface CalibrationOptions {
  /** The number of classes: each sample has that many probabilities. */
  readonly classes: number;
  /**
   * The number of bins of equal width.
   *
   * @default 15
   */
  readonly bins?: number;
}

/** The samples whose confidence is above `lower` and up to `upper`. */
export interface ReliabilityBin {
  /** The confidence that the bin begins above. */
  readonly lower: number;
  /** The highest confidence in the bin. */
  readonly upper: number;
  /** The number of samples. */
  readonly count: number;
  /** The mean probability of the predicted class; 0 in an empty bin. */
  readonly confidence: number;
  /** The fraction of samples that are right; 0 in an empty bin. */
  readonly accuracy: number;
}

/**
 * Sorts samples by the probability of their predicted class and compares it, bin by bin, with how
 * often the prediction is right: what a reliability diagram shows.
 *
 * @param truth The true label of each sample, `[n]`.
 * @param probabilities One probability a class, each row summing to 1, `[n, classes]`.
 * @param options The number of classes and of bins.
 * @returns The bins from the least to the most confident, empty ones included.
 * @throws {TypeError} When the lengths disagree or there are no samples.
 * @throws {RangeError} When a label is not one of the classes, a row is no distribution, or the
 * number of bins is not an integer of 1 or more.
 */
export function reliabilityCurve(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  options: CalibrationOptions,
): ReliabilityBin[] {
  const { classes, bins = 15 } = options;
  if (!Number.isInteger(bins) || bins < 1) {
    throw new RangeError(`Cannot sort confidences into ${bins} bins: expected 1 or more`);
  }
  checkProbabilities(truth, probabilities, classes);
  const predicted = predictedLabels(probabilities, classes);
  const counts = new Float64Array(bins);
  const confidences = new Float64Array(bins);
  const hits = new Float64Array(bins);
  for (let i = 0; i < truth.length; i++) {
    const confidence = Math.min(1, probabilities[i * classes + predicted[i]]);
    let bin = Math.ceil(confidence * bins) - 1;
    // The product is rounded: only the bounds themselves say which side a confidence is on.
    if (confidence <= bin / bins) bin--;
    else if (confidence > (bin + 1) / bins) bin++;
    counts[bin]++;
    confidences[bin] += confidence;
    if (predicted[i] === truth[i]) hits[bin]++;
  }
  return Array.from({ length: bins }, (_, bin) => ({
    lower: bin / bins,
    upper: (bin + 1) / bins,
    count: counts[bin],
    confidence: counts[bin] > 0 ? confidences[bin] / counts[bin] : 0,
    accuracy: counts[bin] > 0 ? hits[bin] / counts[bin] : 0,
  }));
}

/**
 * The mean distance of confidence from accuracy over the bins of {@linkcode reliabilityCurve}, each
 * weighted by its samples (Guo et al., "On Calibration of Modern Neural Networks", 2017).
 *
 * @param truth The true label of each sample, `[n]`.
 * @param probabilities One probability a class, each row summing to 1, `[n, classes]`.
 * @param options The number of classes and of bins.
 * @returns A fraction from 0, well calibrated, to 1.
 * @throws {TypeError} When the lengths disagree or there are no samples.
 * @throws {RangeError} When a label is not one of the classes, a row is no distribution, or the
 * number of bins is not an integer of 1 or more.
 *
 * @example
 * ```ts
 * import { expectedCalibrationError } from "@fer/core/metrics";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * // 80 % sure of both, right in one.
 * const ece = expectedCalibrationError([0, 1], [0.8, 0.2, 0.8, 0.2], { classes: 2 });
 * assertAlmostEquals(ece, 0.3);
 * ```
 */
export function expectedCalibrationError(
  truth: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  options: CalibrationOptions,
): number {
  let error = 0;
  for (const bin of reliabilityCurve(truth, probabilities, options)) {
    error += bin.count * Math.abs(bin.accuracy - bin.confidence);
  }
  return error / truth.length;
}
