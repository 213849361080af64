/**
 * Dropout from a counter-based generator: whether an element is dropped is a function of seed,
 * counter and index alone (pcg3d of Jarzynski and Olano, 2020), so no mask is stored or sent.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  comesOutEven,
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

/** What decides which elements are dropped. */
export interface DropoutKey {
  /** An integer from 0 to 2^32 - 1. */
  readonly seed: number;
  /** Which pass it is, from 0 to 2^32 - 1. */
  readonly counter: number;
}

const GENERATOR = `struct Mask { key: vec2u, rate: f32, scale: f32, count: vec4u }
@group(0) @binding(2) var<uniform> d: Mask;
fn pcg(seed: vec3u) -> u32 {
  var v = seed * 1664525u + 1013904223u;
  v.x += v.y * v.z;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v ^= v >> vec3u(16u);
  v.x += v.y * v.z;
  v.y += v.z * v.x;
  return v.z + v.x * v.y;
}
fn isDropped(unit: u32) -> bool {
  return f32(pcg(vec3u(unit, d.key)) >> 8u) / 16777216.0 < d.rate;
}`;

/** Thread (element). */
function dropoutProgram(even: boolean): Program {
  return {
    name: "dropout",
    code: `${storage([["X", "f32"], ["Y", "f32"]])}
${GENERATOR}
${
      threadMain(`${even ? "" : "  if (id >= d.count.x) { return; }"}
  Y[id] = select(X[id] * d.scale, 0.0, isDropped(id));`)
    }`,
  };
}

/** Thread (image, channel). */
function channelDropoutProgram(area: number, channels: number, even: boolean): Program {
  return {
    name: "dropout of channels",
    code: `${storage([["X", "f32"], ["Y", "f32"]])}
${GENERATOR}
${
      threadMain(`${even ? "" : "  if (id >= d.count.x) { return; }"}
  let isOut = isDropped(id);
  var at = (id / ${channels}u) * ${area * channels}u + id % ${channels}u;
  for (var i = 0u; i < ${area}u; i++) {
    Y[at] = select(X[at] * d.scale, 0.0, isOut);
    at += ${channels}u;
  }`)
    }`,
  };
}

/**
 * Drops elements, or whole channels, and scales the others by 1 / (1 - rate).
 *
 * @param backend tfjs's backend.
 * @param x Any shape, batch first and channels last, float32.
 * @param rate The share that is dropped, from 0 to below 1.
 * @param key What decides which.
 * @param channels Whether to drop an image's channels as a whole, as PyTorch's Dropout2d does.
 */
export function dropoutForward(
  backend: GpuBackend,
  x: KernelTensor,
  rate: number,
  key: DropoutKey,
  channels: boolean,
): KernelTensor {
  const y = output(backend, x.shape);
  const size = tf.util.sizeFromShape(x.shape);
  if (size === 0) return y;
  const each = x.shape[x.shape.length - 1];
  const count = channels ? x.shape[0] * each : size;
  const words = new Uint32Array([key.seed, key.counter, 0, 0, count, 0, 0, 0]);
  new Float32Array(words.buffer).set([rate, 1 / (1 - rate)], 2);
  const even = comesOutEven(count);
  const program = channels
    ? programOf(channelDropoutProgram, size / count, each, even)
    : programOf(dropoutProgram, even);
  run(backend, program, [x, y], threads(count), words);
  return y;
}

/**
 * Dropout that can be differentiated: its gradient drops what it dropped.
 *
 * @param x Any shape, batch first and channels last, float32.
 * @param rate The share that is dropped, from 0 to below 1.
 * @param key What decides which.
 * @param channels Whether to drop an image's channels as a whole, as PyTorch's Dropout2d does.
 * @returns The shape of `x`.
 * @throws {GpuError} When tfjs does not compute on its `webgpu` backend.
 */
export function fusedDropout<T extends tf.Tensor>(
  x: T,
  rate: number,
  key: DropoutKey,
  channels: boolean,
): T {
  const drop = (x: tf.Tensor) =>
    tf.engine().makeTensorFromTensorInfo(
      dropoutForward(gpuBackend(), x, rate, key, channels),
    ) as T;
  return tf.customGrad((x) => ({ value: drop(x as tf.Tensor), gradFunc: drop }))(x) as T;
}
