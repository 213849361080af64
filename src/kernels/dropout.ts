/**
 * Dropout from a counter-based generator: whether an element is dropped is a function of seed,
 * counter and index alone (pcg3d of Jarzynski and Olano, 2020), so no mask is stored or sent.
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

/** What decides which elements are dropped. */
export interface DropoutKey {
  /** An integer from 0 to 2^32 - 1. */
  readonly seed: number;
  /** Which pass it is, from 0 to 2^32 - 1. */
  readonly counter: number;
}

function dropoutProgram(): Program {
  return {
    name: "dropout",
    code: `${storage([["X", "f32"], ["Y", "f32"]])}
// elements, elements an image, channels to drop as a whole (0: none), rate's bits; seed, counter
struct Sizes { d: vec4u, e: vec4u }
@group(0) @binding(2) var<uniform> s: Sizes;
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
${
      threadMain(`  if (id >= s.d.x) { return; }
  let whole = max(s.d.z, 1u);
  let unit = select(id, (id / s.d.y) * whole + id % whole, s.d.z > 0u);
  let rate = bitcast<f32>(s.d.w);
  let drawn = f32(pcg(vec3u(unit, s.e.x, s.e.y)) >> 8u) / 16777216.0;
  Y[id] = select(X[id] / (1.0 - rate), 0.0, drawn < rate);`)
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
  const words = new Uint32Array([
    ...[size, size / x.shape[0], channels ? x.shape[x.shape.length - 1] : 0, 0],
    ...[key.seed, key.counter, 0, 0],
  ]);
  new Float32Array(words.buffer)[3] = rate;
  run(backend, programOf(dropoutProgram), [x, y], threads(size), words);
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
 * @throws {KernelError} When tfjs does not compute on its `webgpu` backend.
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
