/**
 * Cross-entropy, and how many rows are classified right.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { fusedCrossEntropy } from "../kernels/cross_entropy.ts";
import type { FerTensor } from "../model/tensor.ts";
import { type Operation, operation } from "./operation.ts";

/** A loss and its hits, scalars. */
export interface LossAndHits {
  /** The loss, differentiable in the logits. */
  readonly loss: FerTensor;
  /** Rows whose first largest logit is at their first largest target. */
  readonly correct: FerTensor;
}

/**
 * The sum of all rows' cross-entropies.
 *
 * Takes logits and what each log-probability is multiplied with, both `[batch, classes]`, float32.
 */
export const crossEntropyAndHits: Operation<
  [logits: FerTensor, coefficients: FerTensor],
  LossAndHits
> = operation({
  name: "cross-entropy",
  reference: (logits, coefficients) => {
    const loss = tf.customGrad((x, save) => {
      const logProbabilities = tf.logSoftmax(x as FerTensor);
      (save as tf.GradSaveFunc)([logProbabilities]);
      return {
        value: tf.neg(tf.sum(tf.mul(coefficients, logProbabilities))),
        gradFunc: (dy: FerTensor, saved: FerTensor[]) =>
          tf.mul(
            dy,
            tf.sub(tf.mul(tf.exp(saved[0]), tf.sum(coefficients, -1, true)), coefficients),
          ),
      };
    });
    const correct = tf.tidy(() => {
      const right = tf.equal(tf.argMax(logits, -1), tf.argMax(coefficients, -1));
      return tf.sum(tf.cast(right, "float32"));
    });
    return { loss: loss(logits), correct };
  },
  program: (_backend, logits, coefficients) =>
    fusedCrossEntropy(logits as tf.Tensor2D, coefficients as tf.Tensor2D),
});
