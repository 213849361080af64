/**
 * Batch normalization by the batch's statistics, with what follows it, in the library's own WebGPU
 * programs: as one operation that tfjs can differentiate.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type AfterNorm, normalizeBatch } from "../kernels/batch_norm.ts";
import { normalizeBatchGradient } from "../kernels/batch_norm_gradient.ts";
import { batchStatistics, type RunningStatistics } from "../kernels/batch_statistics.ts";
import { gpuBackend, type KernelTensor } from "../kernels/program.ts";

/** How {@linkcode fusedBatchNorm} normalizes, and what it does besides. */
export interface FusedBatchNormOptions {
  /** What is added to the variance. */
  readonly epsilon: number;
  /** Running statistics, which take the batch's in. */
  readonly running: Omit<RunningStatistics, "bias">;
  /** What follows. */
  readonly after: AfterNorm;
  /**
   * A bias `[channels]` that the input lacks. Normalizing takes any bias out again: it counts in
   * the running mean alone, and its gradient is zero.
   */
  readonly bias?: tf.Tensor1D;
}

const tensorOf = (info: KernelTensor): tf.Tensor => tf.engine().makeTensorFromTensorInfo(info);

/**
 * Normalizes a batch by its own statistics. tfjs must compute on WebGPU.
 *
 * @param x `[batch, height, width, channels]`, float32, of two values a channel or more.
 * @param gamma The scale, `[channels]`.
 * @param beta The shift, `[channels]`.
 * @param options Epsilon, running statistics, what follows.
 * @returns The shape of `x`, or half its height and width after a pool; differentiable in `x`,
 * `gamma`, `beta` and the bias.
 */
export function fusedBatchNorm(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  { epsilon, running, after, bias }: FusedBatchNormOptions,
): tf.Tensor4D {
  const inputs = bias ? [x, gamma, beta, bias] : [x, gamma, beta];
  const normalize = tf.customGrad((...args) => {
    const save = args[inputs.length] as tf.GradSaveFunc;
    const [x, gamma, beta, bias] = args as tf.Tensor[];
    const backend = gpuBackend();
    const normalization = tensorOf(
      batchStatistics(backend, x, gamma, beta, epsilon, {
        ...running,
        bias: inputs.length === 4 ? bias : undefined,
      }),
    );
    save([x, normalization]);
    return {
      value: tensorOf(normalizeBatch(backend, x, normalization, after)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, normalization] = saved;
        const { dx, dgamma, dbeta } = normalizeBatchGradient(
          gpuBackend(),
          dy,
          x,
          normalization,
          after,
        );
        const gradients = [dx, dgamma, dbeta].map(tensorOf);
        return inputs.length === 4 ? [...gradients, tf.zeros(gradients[1].shape)] : gradients;
      },
    };
  });
  return normalize(...inputs) as tf.Tensor4D;
}
