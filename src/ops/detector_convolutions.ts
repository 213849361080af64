/**
 * The convolutions of small networks that look at pictures.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { convolvePictures } from "../kernels/picture_convolution.ts";
import { separableBlock as fusedBlock, separableFits } from "../kernels/separable_block.ts";
import { convolveSmall, type SmallConvolution } from "../kernels/small_convolution.ts";
import { type Operation, operation, tensorOf } from "./operation.ts";

/**
 * A convolution with its bias and ReLU, padded alike at both ends as PyTorch does.
 *
 * Takes `[1, height, width, channels]`, a filter `[taps, taps, channels, filters]` or, depthwise,
 * `[taps, taps, channels, 1]`, and a bias, channels and filters in fours, float32.
 */
export const smallConvolution: Operation<
  [x: tf.Tensor4D, filter: tf.Tensor4D, bias: tf.Tensor, how: SmallConvolution, depthwise: boolean],
  tf.Tensor4D
> = operation({
  name: "small convolution",
  reference: (x, filter, bias, { stride, dilation, pad, relu }, depthwise) => {
    const more = {
      ...{ x, filter, bias, strides: stride, dilations: dilation, pad },
      ...{ dimRoundingMode: "floor", activation: relu ? "relu" : "linear" } as const,
    };
    return depthwise ? tf.fused.depthwiseConv2d(more) : tf.fused.conv2d(more);
  },
  program: (backend, x, filter, bias, how, depthwise) =>
    tensorOf(convolveSmall(backend, x, filter, bias, how, depthwise)),
});

/** A block's weights: each by itself for tfjs, and packed for the program. */
export interface SeparableParts {
  /** `[3, 3, in, 1]`. */
  readonly depthwise: tf.Tensor4D;
  /** `[in]`. */
  readonly depthwiseBias: tf.Tensor;
  /** `[1, 1, in, out]`. */
  readonly pointwise: tf.Tensor4D;
  /** `[out]`. */
  readonly pointwiseBias: tf.Tensor;
  /** All of them, as `packSeparableBlock()` lays them out. */
  readonly packed: tf.Tensor;
}

/**
 * Depthwise, then pointwise convolution, beside which the input goes straight through, then ReLU.
 *
 * Takes `[batch, height, width, in]`, float32; gives `[batch, height / stride, width / stride, out]`.
 */
export const separableBlock: Operation<
  [x: tf.Tensor4D, parts: SeparableParts, stride: 1 | 2],
  tf.Tensor4D
> = operation({
  name: "separable block",
  fits: (x, { pointwiseBias }, stride) => separableFits(x.shape, pointwiseBias.size, stride),
  reference: (x, { depthwise, depthwiseBias, pointwise, pointwiseBias }, stride) => {
    const deep = tf.fused.depthwiseConv2d({
      x,
      filter: depthwise,
      bias: depthwiseBias,
      strides: stride,
      pad: "same",
    });
    const y = tf.fused.conv2d({
      x: deep,
      filter: pointwise,
      bias: pointwiseBias,
      strides: 1,
      pad: "same",
    });
    const pooled = stride === 2 ? tf.maxPool(x, 2, 2, "same") : x;
    const more = pointwiseBias.size - pooled.shape[3];
    const straight = more > 0 ? tf.pad(pooled, [[0, 0], [0, 0], [0, 0], [0, more]]) : pooled;
    return tf.relu(tf.add(y, straight));
  },
  program: (backend, x, { packed, pointwiseBias }, stride) =>
    tensorOf(fusedBlock(backend, x, packed, pointwiseBias.size, stride)),
});

/**
 * The first convolution of pictures as they come, by steps of 2, with its bias and ReLU.
 *
 * Takes RGBA of square pictures, opacity ignored and levels taken from -1 to 1, a filter
 * `[taps, taps, 3, filters]`, a bias, and the pictures' edge.
 */
export const pictureConvolution: Operation<
  [pictures: Uint8Array, filter: tf.Tensor4D, bias: tf.Tensor, edge: number],
  tf.Tensor4D
> = operation({
  name: "convolution of pictures",
  reference: (pictures, filter, bias, edge) => {
    // Here rather than in four operations, which take as long as a third of the network.
    const samples = new Float32Array(pictures.length / 4 * 3);
    for (let from = 0, to = 0; from < pictures.length; from += 4, to += 3) {
      samples[to] = pictures[from] / 127.5 - 1;
      samples[to + 1] = pictures[from + 1] / 127.5 - 1;
      samples[to + 2] = pictures[from + 2] / 127.5 - 1;
    }
    const x = tf.tensor4d(samples, [samples.length / (3 * edge * edge), edge, edge, 3]);
    return tf.fused.conv2d({ x, filter, bias, strides: 2, pad: "same", activation: "relu" });
  },
  program: (backend, pictures, filter, bias, edge) =>
    tensorOf(convolvePictures(backend, pictures, filter, bias, edge)),
});
