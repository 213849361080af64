/**
 * Bytes to normalized floats on the GPU: y = (byte / 255 - mean) / deviation. A quarter of the upload
 * that floats would take. Thread i unpacks word i, four bytes.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  gpuBackend,
  output,
  type Program,
  programOf,
  run,
  storage,
  threadMain,
  threads,
} from "./program.ts";

function pixelsProgram(): Program {
  return {
    name: "bytes to floats",
    code: `${storage([["X", "u32"], ["Y", "f32"]])}
struct Sizes { d: vec4u, f: vec4f } // bytes; scale, shift
@group(0) @binding(2) var<uniform> s: Sizes;
${
      threadMain(`  let at = id * 4u;
  if (at >= s.d.x) { return; }
  let word = X[id];
  let bytes = vec4f(vec4u(word, word >> 8u, word >> 16u, word >> 24u) & vec4u(255u));
  let y = bytes * s.f.x + s.f.y;
  Y[at] = y.x;
  if (at + 1u < s.d.x) { Y[at + 1u] = y.y; }
  if (at + 2u < s.d.x) { Y[at + 2u] = y.z; }
  if (at + 3u < s.d.x) { Y[at + 3u] = y.w; }`)
    }`,
  };
}

/**
 * Uploads bytes and normalizes them on the GPU.
 *
 * @param bytes The bytes.
 * @param shape Their shape.
 * @param mean Subtracted from byte / 255.
 * @param deviation What the difference is divided by.
 * @returns float32 of that shape.
 * @throws {GpuError} When tfjs does not compute on its `webgpu` backend.
 */
export function normalizedPixels<T extends tf.Tensor>(
  bytes: Uint8Array,
  shape: readonly number[],
  mean: number,
  deviation: number,
): T {
  const backend = gpuBackend();
  const words = new Int32Array(Math.ceil(bytes.length / 4));
  new Uint8Array(words.buffer).set(bytes);
  const packed = tf.tensor1d(words, "int32");
  const y = output(backend, shape);
  if (bytes.length > 0) {
    const sizes = new Uint32Array([bytes.length, 0, 0, 0, 0, 0, 0, 0]);
    new Float32Array(sizes.buffer).set([1 / (255 * deviation), -mean / deviation], 4);
    run(backend, programOf(pixelsProgram), [packed, y], threads(words.length), sizes);
  }
  packed.dispose();
  return tf.engine().makeTensorFromTensorInfo(y) as T;
}
