/**
 * A convolution with the batch normalization after it folded into its weights, in tfjs's own
 * operations: for inference where this library's programs do not run.
 *
 * With a running mean m and variance v, and per output channel s = gamma / sqrt(v + epsilon), the
 * weights become W s, and the bias beta + (bias - m) s.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

/** What is folded. */
export interface FoldableWeights {
  /** `[height, width, channels, filters]`. */
  readonly filter: tf.Tensor4D;
  /** `[filters]`. */
  readonly bias: tf.Tensor | undefined;
  /** The running mean, `[filters]`. */
  readonly mean: tf.Tensor;
  /** The running variance, `[filters]`. */
  readonly variance: tf.Tensor;
  /** The scale, `[filters]`. */
  readonly gamma: tf.Tensor;
  /** The shift, `[filters]`. */
  readonly beta: tf.Tensor;
  /** What is added to the variance. */
  readonly epsilon: number;
}

/** The weights to convolve by. */
export interface Folded {
  readonly filter: tf.Tensor4D;
  readonly bias: tf.Tensor1D;
}

/** Folds weights once, and again when one of them, or the backend, has changed. */
export class FoldedWeights {
  #folded: Folded | null = null;
  #backend: tf.KernelBackend | null = null;
  /** Whatever gives a variable new values gives it new data. */
  #data: readonly unknown[] = [];

  /**
   * The folded weights; they stay this object's to dispose of.
   *
   * @param weights The weights as they are.
   */
  of({ filter, bias, mean, variance, gamma, beta, epsilon }: FoldableWeights): Folded {
    const all = [filter, mean, variance, gamma, beta, ...(bias ? [bias] : [])];
    const data = all.map(({ dataId }) => dataId);
    const isKnown = this.#backend === tf.backend() && data.length === this.#data.length &&
      data.every((each, i) => each === this.#data[i]);
    if (this.#folded && isKnown) return this.#folded;
    this.release();
    const folded = tf.tidy(() => {
      const scale = tf.div(gamma, tf.sqrt(tf.add(variance, epsilon)));
      const shifted = bias ? tf.sub(bias, mean) : tf.neg(mean);
      return {
        filter: tf.keep(tf.mul(filter, scale) as tf.Tensor4D),
        bias: tf.keep(tf.add(beta, tf.mul(shifted, scale)) as tf.Tensor1D),
      };
    });
    this.#folded = folded;
    this.#backend = tf.backend();
    this.#data = data;
    return folded;
  }

  /** Frees what was folded. */
  release(): void {
    if (this.#folded) tf.dispose([this.#folded.filter, this.#folded.bias]);
    this.#folded = null;
    this.#data = [];
  }
}
