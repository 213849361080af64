/**
 * Max pooling of 2 x 2 windows, stride 2, without padding: a last odd row or column is left out, the
 * gradient goes to the first of equals, in the order of rows and columns, as PyTorch's does. NHWC.
 *
 * @module
 */
import {
  type GpuBackend,
  type KernelTensor,
  output,
  type Program,
  programOf,
  run,
  storage,
  threadMain,
  threads,
} from "./program.ts";

/** WGSL: the larger of two, the first where they are equal; what is no number stays. */
export const larger = (a: string, b: string): string => `select(${a}, ${b}, ${b} > ${a})`;

/** Thread (window, channels). */
function forwardProgram(wide: boolean): Program {
  const element = wide ? "vec4f" : "f32";
  return {
    name: "max pooling",
    code: `${storage([["X", element], ["Y", element]])}
struct Sizes { d: vec4u, e: vec4u } // threads, channels, height, width; windows down, across
@group(0) @binding(2) var<uniform> s: Sizes;
${
      threadMain(`  if (id >= s.d.x) { return; }
  let C = s.d.y;
  let x = (id / C) % s.e.y;
  let y = (id / (C * s.e.y)) % s.e.x;
  let b = id / (C * s.e.y * s.e.x);
  let at = ((b * s.d.z + 2u * y) * s.d.w + 2u * x) * C + id % C;
  let row = s.d.w * C;
  let x0 = X[at];
  let x1 = X[at + C];
  let x2 = X[at + row];
  let x3 = X[at + row + C];
  let above = ${larger("x0", "x1")};
  let below = ${larger("x2", "x3")};
  Y[id] = ${larger("above", "below")};`)
    }`,
  };
}

/** WGSL: shares of `dy` (a scalar or vector of type `element`) for each of a window's four values. */
export const shares = (element: string): string =>
  `let most = max(max(v0, v1), max(v2, v3));
  let zero = ${element}();
  let is0 = v0 == most;
  let is1 = v1 == most;
  let is2 = v2 == most;
  let g0 = select(zero, dy, is0);
  let g1 = select(select(zero, dy, is1), zero, is0);
  let g2 = select(select(select(zero, dy, is2), zero, is1), zero, is0);
  let g3 = select(select(select(dy, zero, is2), zero, is1), zero, is0);`;

/** Thread (window, channels): dX of its four pixels, and zeros in a last odd row or column. */
function gradientProgram(wide: boolean): Program {
  const element = wide ? "vec4f" : "f32";
  return {
    name: "max pooling gradient",
    code: `${storage([["X", element], ["D", element], ["G", element]])}
struct Sizes { d: vec4u, e: vec4u } // threads, channels, height, width; windows down, across
@group(0) @binding(3) var<uniform> s: Sizes;
${
      threadMain(`  if (id >= s.d.x) { return; }
  let C = s.d.y;
  let c = id % C;
  let x = (id / C) % s.e.y;
  let y = (id / (C * s.e.y)) % s.e.x;
  let b = id / (C * s.e.y * s.e.x);
  // The last window also clears what no window covers.
  let down = select(0u, s.d.z - 2u * s.e.x, y + 1u == s.e.x);
  let across = select(0u, s.d.w - 2u * s.e.y, x + 1u == s.e.y);
  let at = ((b * s.d.z + 2u * y) * s.d.w + 2u * x) * C + c;
  let row = s.d.w * C;
  let v0 = X[at];
  let v1 = X[at + C];
  let v2 = X[at + row];
  let v3 = X[at + row + C];
  let dy = D[id];
  ${shares(element)}
  G[at] = g0;
  G[at + C] = g1;
  G[at + row] = g2;
  G[at + row + C] = g3;
  if (across > 0u) { G[at + 2u * C] = zero; G[at + row + 2u * C] = zero; }
  if (down > 0u) { G[at + 2u * row] = zero; G[at + 2u * row + C] = zero; }
  if (across > 0u && down > 0u) { G[at + 2u * row + 2u * C] = zero; }`)
    }`,
  };
}

/** Threads and the words of the uniform buffer, for `x` of a shape. */
function sizesOf([batch, height, width, channels]: readonly number[]) {
  const [down, across] = [height >> 1, width >> 1];
  const wide = channels % 4 === 0;
  const C = wide ? channels / 4 : channels;
  const count = batch * down * across * C;
  const words = new Uint32Array([count, C, height, width, down, across, 0, 0]);
  return { shape: [batch, down, across, channels], wide, count, words };
}

/**
 * 2 x 2 max pooling.
 *
 * @param backend tfjs's backend.
 * @param x `[batch, height, width, channels]`, both sides at least 2, float32.
 * @returns `[batch, floor(height / 2), floor(width / 2), channels]`.
 */
export function maxPool(backend: GpuBackend, x: KernelTensor): KernelTensor {
  const { shape, wide, count, words } = sizesOf(x.shape);
  const y = output(backend, shape);
  run(backend, programOf(forwardProgram, wide), [x, y], threads(count), words);
  return y;
}

/**
 * The gradient of 2 x 2 max pooling in its input.
 *
 * @param backend tfjs's backend.
 * @param x `[batch, height, width, channels]`, both sides at least 2, float32.
 * @param dy `[batch, floor(height / 2), floor(width / 2), channels]`, float32.
 * @returns The shape of `x`.
 */
export function maxPoolGradient(
  backend: GpuBackend,
  x: KernelTensor,
  dy: KernelTensor,
): KernelTensor {
  const { wide, count, words } = sizesOf(x.shape);
  const dx = output(backend, x.shape);
  run(backend, programOf(gradientProgram, wide), [x, dy, dx], threads(count), words);
  return dx;
}
