/**
 * A convolution of stride 2 over pictures as they come, RGBA bytes: a network's first layer. A fetch
 * gives a pixel, and no program has to make floats of the bytes first.
 *
 *     Y[b, y, x, f] = relu(bias[f] + sum over (i,j,c) of (2 byte(b, 2 y - p + i, 2 x - p + j, c) / 255 - 1) W[i, j, c, f])
 *
 * with c of red, green and blue; zeros outside of the picture. Padding is TensorFlow's `SAME`. A
 * thread computes four neighbours of a row and all channels; weights go round as in
 * `shared_weights.ts`.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  type GpuBackend,
  type KernelTensor,
  output,
  type Program,
  programOf,
  run,
} from "./program.ts";
import { range } from "./range.ts";
import {
  fetchesOf,
  gatherOf,
  lanesOf,
  mainOf,
  STRETCH,
  sumsOf,
  threadsOf,
  weightOf,
} from "./shared_weights.ts";

/** The program for pictures of `size` x `size` pixels and filters of `reach` x `reach`. */
function pictureProgram(
  size: number,
  reach: number,
  channels: number,
  lanes: number,
  directive: string,
): Program {
  const outSize = size / 2;
  const pad = (reach - 2) >> 1;
  const across = outSize / STRETCH;
  const quads = channels / 4;
  const weights = 3 * channels;
  const lines: string[] = [];
  for (const p of range(STRETCH)) {
    lines.push(`let column${p} = left + ${2 * p} + j;
    let is${p} = isRow & (column${p} >= 0) & (column${p} < ${size});
    let x${p} = select(vec4f(), unpack4x8unorm(X[row + select(0u, u32(column${p}), is${p})]) * 2.0 - 1.0, is${p});`);
  }
  lines.push(...fetchesOf(range(weights), lanes));
  for (const f of range(channels)) {
    for (const c of range(3)) {
      lines.push(`let w${f}_${c} = ${weightOf(c * channels + f, lanes)};`);
    }
    for (const p of range(STRETCH)) {
      const terms = range(3).map((c) => `x${p}.${"xyz"[c]} * w${f}_${c}`);
      lines.push(`c${p}_${f} = c${p}_${f} + ${terms.join(" + ")};`);
    }
  }
  return {
    name: "convolution of pictures",
    code: `${directive}
@group(0) @binding(0) var<storage, read> X: array<u32>;
@group(0) @binding(1) var<storage, read> W: array<f32>;
@group(0) @binding(2) var<storage, read> B: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> Y: array<vec4f>;
@group(0) @binding(4) var<uniform> s: vec4u; // stretches, steps
${mainOf(lanes)}
  let stretch = min(id, s.x - 1u);
  let left = i32(stretch % ${across}u) * ${2 * STRETCH} - ${pad};
  let top = i32((stretch / ${across}u) % ${outSize}u) * 2 - ${pad};
  let b = stretch / ${across * outSize}u;
  ${sumsOf(channels)}
  for (var step = 0u; step < s.y; step++) {
    let i = i32(step / ${reach}u) + top;
    let j = i32(step % ${reach}u);
    let isRow = (i >= 0) & (i < ${size});
    let row = (b * ${size}u + select(0u, u32(i), isRow)) * ${size}u;
    let start = step * ${weights}u;
    ${lines.join("\n    ")}
  }
  ${gatherOf(channels)}
  let count = select(0u, ${STRETCH * quads}u, id < s.x);
  for (var n = 0u; n < count; n++) {
    let v = sums[n] + B[n % ${quads}u];
    Y[id * ${STRETCH * quads}u + n] = select(v, vec4f(), v < vec4f());
  }
}`,
  };
}

/**
 * Computes the convolution.
 *
 * @param backend tfjs's backend.
 * @param pictures RGBA bytes, `[batch, size, size, 4]`, where `size` is a multiple of 8.
 * @param filter `[reach, reach, 3, channels]`, channels a multiple of 8.
 * @param bias `[channels]`.
 * @param size Height and width of the pictures.
 * @returns `[batch, size / 2, size / 2, channels]`.
 */
export function convolvePictures(
  backend: GpuBackend,
  pictures: Uint8Array,
  filter: KernelTensor,
  bias: KernelTensor,
  size: number,
): KernelTensor {
  const [reach, , , channels] = filter.shape;
  const words = new Int32Array(pictures.length / 4);
  new Uint8Array(words.buffer).set(pictures);
  const x = tf.tensor1d(words, "int32");
  const batch = words.length / size ** 2;
  const y = output(backend, [batch, size / 2, size / 2, channels]);
  const stretches = batch * (size / 2) ** 2 / STRETCH;
  const { size: lanes, directive } = lanesOf(backend.device);
  run(
    backend,
    programOf(pictureProgram, size, reach, channels, lanes, directive),
    [x, filter, bias, y],
    [Math.ceil(stretches / threadsOf(lanes)), 1, 1],
    new Uint32Array([stretches, reach * reach, 0, 0]),
  );
  x.dispose();
  return y;
}
