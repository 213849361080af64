/**
 * Batch normalization by the batch's statistics, as one operation that tfjs can differentiate.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { RunningStatistics } from "../kernels/batch_statistics.ts";
import { fusedBatchNorm } from "./batch_norm_program.ts";
import { batchNormTraining } from "./batch_norm_reference.ts";
import { type Operation, operation } from "./operation.ts";

/** How a batch is normalized. */
export interface BatchNormOptions {
  /** What is added to the variance. */
  readonly epsilon: number;
  /** Running statistics, which take the batch's in. */
  readonly running: Omit<RunningStatistics, "bias">;
}

/**
 * Normalizes a batch by its own statistics, and takes them into the running ones, as PyTorch does.
 *
 * Takes `[batch, height, width, channels]`, float32, of two values a channel or more, and scale and
 * shift `[channels]`.
 */
export const batchNorm: Operation<
  [x: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D, options: BatchNormOptions],
  tf.Tensor4D
> = operation({
  name: "batch normalization",
  reference: (x, gamma, beta, { epsilon, running }) => {
    const count = x.size / x.shape[3];
    const { momentum } = running;
    return batchNormTraining(x, gamma, beta, epsilon, ({ mean, variance }) => {
      const blend = (variable: tf.Variable, batch: tf.Tensor, share: number) =>
        variable.assign(
          tf.add(tf.mul(variable as tf.Tensor, 1 - momentum), tf.mul(batch, share)),
        );
      blend(running.mean, mean, momentum);
      // The running variance is the unbiased one.
      blend(running.variance, variance, momentum * count / (count - 1));
    });
  },
  program: (_backend, x, gamma, beta, options) =>
    fusedBatchNorm(x, gamma, beta, { ...options, after: "nothing" }),
});
