/**
 * Global average pooling: y[b, c] = mean over rows and columns of X[b, y, x, c]. Forward, thread
 * (image, channels) sums its pixels; backward, thread (pixel, channels) takes its share.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  type GpuBackend,
  gpuBackend,
  type KernelTensor,
  output,
  type Program,
  programOf,
  run,
  storage,
  threadMain,
  threads,
} from "./program.ts";

function forwardProgram(wide: boolean): Program {
  const T = wide ? "vec4f" : "f32";
  return {
    name: "global average pooling",
    code: `${storage([["X", T], ["Y", T]])}
@group(0) @binding(2) var<uniform> d: vec4u; // images, pixels, channels
${
      threadMain(`  if (id >= d.x * d.z) { return; }
  var at = (id / d.z) * d.y * d.z + id % d.z;
  var sum = ${T}();
  for (var i = 0u; i < d.y; i++) {
    sum += X[at];
    at += d.z;
  }
  Y[id] = sum / f32(d.y);`)
    }`,
  };
}

function gradientProgram(wide: boolean): Program {
  const T = wide ? "vec4f" : "f32";
  return {
    name: "global average pooling gradient",
    code: `${storage([["D", T], ["G", T]])}
@group(0) @binding(2) var<uniform> d: vec4u; // images, pixels, channels
${
      threadMain(`  if (id >= d.x * d.y * d.z) { return; }
  G[id] = D[(id / (d.y * d.z)) * d.z + id % d.z] / f32(d.y);`)
    }`,
  };
}

interface Sizes {
  readonly words: Uint32Array;
  readonly wide: boolean;
  readonly images: number;
  readonly pixels: number;
  readonly channels: number;
}

function sizesOf([images, height, width, all]: readonly number[]): Sizes {
  const wide = all % 4 === 0;
  const channels = wide ? all / 4 : all;
  const pixels = height * width;
  return { words: new Uint32Array([images, pixels, channels, 0]), wide, images, pixels, channels };
}

/** Means over rows and columns of `[batch, height, width, channels]`: `[batch, channels]`. */
export function globalPool(backend: GpuBackend, x: KernelTensor): KernelTensor {
  const { words, wide, images, channels } = sizesOf(x.shape);
  const y = output(backend, [x.shape[0], x.shape[3]]);
  run(backend, programOf(forwardProgram, wide), [x, y], threads(images * channels), words);
  return y;
}

/**
 * Global average pooling that can be differentiated.
 *
 * @param x `[batch, height, width, channels]`, float32, none of them 0.
 * @returns `[batch, channels]`.
 * @throws {KernelError} When tfjs does not compute on its `webgpu` backend.
 */
export function fusedGlobalPool(x: tf.Tensor4D): tf.Tensor2D {
  const { shape } = x;
  const tensor = <T extends tf.Tensor>(info: KernelTensor) =>
    tf.engine().makeTensorFromTensorInfo(info) as T;
  const pool = tf.customGrad((x) => ({
    value: tensor<tf.Tensor2D>(globalPool(gpuBackend(), x as tf.Tensor4D)),
    gradFunc: (dy: tf.Tensor) => {
      const backend = gpuBackend();
      const { words, wide, images, pixels, channels } = sizesOf(shape);
      const dx = output(backend, shape);
      const count = images * pixels * channels;
      run(backend, programOf(gradientProgram, wide), [dy, dx], threads(count), words);
      return tensor(dx);
    },
  }));
  return pool(x) as tf.Tensor2D;
}
