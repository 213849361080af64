/**
 * Cross-entropy, with everything that shapes its targets worked out on the host.
 *
 * Label smoothing, class weights, soft labels and mixup all come down to one number for each image
 * and class; the device sees only `loss = -sum(coefficients * logSoftmax(logits))`.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { crossEntropyAndHits } from "../ops/cross_entropy.ts";
import type { FerTensor } from "../model/tensor.ts";

/** How {@linkcode targetCoefficients} shapes the targets. */
export interface TargetOptions {
  /** The number of classes. */
  readonly classes: number;
  /**
   * Share of each target that is spread evenly over all classes, from 0 to below 1.
   *
   * @default 0
   */
  readonly labelSmoothing?: number;
  /** One weight a class, all 1 when left out. */
  readonly classWeights?: ArrayLike<number>;
  /** Soft labels, `[n, classes]`, each row summing to 1; they take the place of the labels. */
  readonly softLabels?: ArrayLike<number>;
}

/**
 * What each log-probability is multiplied with, as PyTorch's `cross_entropy` does it.
 *
 * With hard labels and class weights the sum is divided by the weights of the labels (PyTorch's
 * `mean` for class indices); with soft labels by the number of images (its `mean` for
 * probabilities).
 *
 * @param labels One class index an image, `[n]`.
 * @param options Smoothing, weights, soft labels.
 * @returns Coefficients, `[n, classes]`.
 * @throws {RangeError} When a label is not a class, or the smoothing is not in [0, 1).
 *
 * @example
 * ```ts
 * import { targetCoefficients } from "@fer/core/train";
 *
 * const [first] = targetCoefficients([0], { classes: 2, labelSmoothing: 0.5 });
 * console.assert(first === 0.75);
 * ```
 */
export function targetCoefficients(
  labels: ArrayLike<number>,
  options: TargetOptions,
): Float32Array {
  const { classes, labelSmoothing = 0, classWeights, softLabels } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new RangeError(`Cannot smooth labels by ${labelSmoothing}: expected 0 to below 1`);
  }
  const n = labels.length;
  const out = new Float32Array(n * classes);
  let total = 0;
  for (let i = 0; i < n; i++) {
    const label = labels[i];
    if (!softLabels && !(label >= 0 && label < classes)) {
      throw new RangeError(`Cannot train on label ${label}: there are ${classes} classes`);
    }
    total += softLabels ? 1 : classWeights?.[label] ?? 1;
    for (let c = 0; c < classes; c++) {
      const target = softLabels ? softLabels[i * classes + c] : Number(c === label);
      const smooth = (1 - labelSmoothing) * target + labelSmoothing / classes;
      out[i * classes + c] = smooth * (classWeights?.[c] ?? 1);
    }
  }
  for (let i = 0; i < out.length; i++) out[i] /= total;
  return out;
}

/** How many images each class has; -1 is passed over. */
export function classCounts(labels: ArrayLike<number>, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) if (labels[i] >= 0) counts[labels[i]]++;
  return counts;
}

/**
 * `n / (classes * count)` for each class, scikit-learn's `class_weight="balanced"`.
 *
 * @param labels One class index an image; -1 is passed over.
 * @param classes The number of classes.
 * @returns One weight a class; 0 for a class without images.
 */
export function balancedClassWeights(labels: ArrayLike<number>, classes: number): number[] {
  const counts = classCounts(labels, classes);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => count ? total / (present * count) : 0);
}

/**
 * What is added to the logits while training so that rare classes are not passed over: `tau` times
 * the logarithm of each class's share, after Menon et al., "Long-tail learning via logit adjustment"
 * (2021). The network then learns logits that are right without it when classes are as frequent as
 * their shares to the power of `1 - tau`: all alike for 1.
 *
 * @param labels One class index an image; -1 is passed over.
 * @param classes The number of classes.
 * @param tau How much, from 0, nothing, on.
 * @returns One number a class; a class without images counts as if it had one.
 */
export function logitAdjustments(
  labels: ArrayLike<number>,
  classes: number,
  tau: number,
): number[] {
  const counts = classCounts(labels, classes);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => tau * Math.log(Math.max(1, count) / Math.max(1, total)));
}

/**
 * `-sum(coefficients * logSoftmax(logits))`, differentiable in the logits.
 *
 * @param logits `[batch, classes]`, float32.
 * @param coefficients `[batch, classes]`, float32, from {@linkcode targetCoefficients}.
 * @returns The loss, a scalar.
 */
export function crossEntropy(logits: FerTensor, coefficients: FerTensor): FerTensor {
  return tf.tidy(() => crossEntropyAndHits(logits, coefficients).loss);
}
