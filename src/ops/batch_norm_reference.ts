/**
 * Batch normalization by the statistics of the batch, forward and backward, as one operation.
 *
 * With m and v the mean and the biased variance of a channel over the batch, r = 1 / sqrt(v + eps)
 * and h = (x - m) r:
 *
 *     y      = gamma h + beta
 *     dgamma = sum(dy h)
 *     dbeta  = sum(dy)
 *     dx     = gamma r (dy - mean(dy) - h mean(dy h))
 *
 * (Ioffe and Szegedy, 2015). Written out, because tfjs would differentiate each step of the forward
 * pass and keep all of its intermediate tensors.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

/** Mean over batch, rows and columns: `[batch, height, width, channels]` to `[channels]`. */
function channelMean(x: tf.Tensor4D): tf.Tensor1D {
  const [batch, height, width, channels] = x.shape;
  // A pool reads the tensor where it lies; tfjs's own reduction transposes it first. Means of means
  // also round less than one long sum.
  const planes = tf.avgPool(x, [height, width], 1, "valid");
  return tf.mean(tf.reshape(planes, [batch, channels]), 0);
}

/** What the batch says of each channel, `[channels]`: the variance is the biased one. */
export interface BatchStatistics {
  /** The mean. */
  readonly mean: tf.Tensor1D;
  /** The mean squared deviation. */
  readonly variance: tf.Tensor1D;
}

/**
 * Normalizes a batch by its own statistics.
 *
 * @param x `[batch, height, width, channels]`, float32.
 * @param gamma The scale, `[channels]`.
 * @param beta The shift, `[channels]`.
 * @param epsilon What is added to the variance.
 * @param onStatistics Called once, during the forward pass and outside of any gradient tape; the
 * tensors are freed when it returns.
 * @returns The same shape as `x`, differentiable in `x`, `gamma` and `beta`.
 */
export function batchNormTraining(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
  onStatistics: (statistics: BatchStatistics) => void,
): tf.Tensor4D {
  const normalize = tf.customGrad((...args) => {
    const [x, gamma, beta] = args as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D];
    const save = args[3] as tf.GradSaveFunc;
    const mean = channelMean(x);
    // The mean of squares less the square of the mean would cancel where |mean| is large.
    const variance = channelMean(tf.squaredDifference(x, mean));
    onStatistics({ mean, variance });
    save([x, gamma, mean, variance]);
    return {
      value: tf.batchNorm(x, mean, variance, beta, gamma, epsilon),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        batchNormGradient(dy as tf.Tensor4D, saved, epsilon),
    };
  });
  return normalize(x, gamma, beta) as tf.Tensor4D;
}

function batchNormGradient(
  dy: tf.Tensor4D,
  saved: readonly tf.Tensor[],
  epsilon: number,
): tf.Tensor[] {
  return tf.tidy(() => {
    const [x, gamma, mean, variance] = saved as [
      tf.Tensor4D,
      tf.Tensor1D,
      tf.Tensor1D,
      tf.Tensor1D,
    ];
    const [batch, height, width] = x.shape;
    const count = batch * height * width;
    const normalized = tf.batchNorm(x, mean, variance, undefined, undefined, epsilon);
    const meanDy = channelMean(dy);
    const meanDyNormalized = channelMean(tf.mul(dy, normalized));
    const scale = tf.mul(gamma, tf.rsqrt(tf.add(variance, epsilon)));
    const negative = tf.neg(scale);
    // -scale (mean(dy) + h mean(dy h)) is itself a batch normalization of x.
    const correction = tf.batchNorm(
      x,
      mean,
      variance,
      tf.mul(negative, meanDy),
      tf.mul(negative, meanDyNormalized),
      epsilon,
    );
    return [
      tf.add(tf.mul(dy, scale), correction),
      tf.mul(meanDyNormalized, count),
      tf.mul(meanDy, count),
    ];
  });
}
