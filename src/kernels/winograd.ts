/**
 * 3x3 convolution of stride 1 by Winograd's minimal filtering F(m x m, 3 x 3), m = 2 or 4 (Lavin and
 * Gray, 2016), forward and both gradients. NHWC and HWIO, channels in fours, any padding and size.
 *
 * With t = m + 2, tiles r of t x t pixels and points p = 1..t^2, each of the three is t^2 products:
 *
 *     forward          Y  = At [ M ] A,   M[p][r, f]  = sum over c of V[p][r, c] U[p][c, f],   V = Bt x B, U = G w Gt
 *     input gradient   the forward product of dY with the filter turned by half a circle and transposed
 *     filter gradient  dW = Gt [ S ] G,   S[p][c, f]  = sum over r of V[p][r, c] D[p][r, f],   D = A dy At
 *
 * F(4 x 4) multiplies 36 times where the direct product does 144 times, F(2 x 2) 16 where it does 36.
 * Rounding grows: with normal inputs and weights, 64 and 128 channels, the largest error is 9e-6 of
 * the largest output for m = 4, 1e-6 for m = 2, and 4e-7 for the direct product.
 *
 * @module
 */
import type { ConvolutionShape } from "./convolution.ts";
import { type Activation, epilogue1 } from "./epilogue.ts";
import { matMulInto } from "./matmul.ts";
import { larger } from "./max_pool.ts";
import type { ProductCandidate } from "./product.ts";
import {
  borrow,
  type Bound,
  comesOutEven,
  giveBack,
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
import { range } from "./range.ts";

/** Outputs of a tile along each axis. */
export type WinogradTile = 2 | 4;

type Matrix = readonly (readonly number[])[];

interface Matrices {
  readonly Bt: Matrix;
  readonly G: Matrix;
  readonly At: Matrix;
}

const MATRICES: Record<WinogradTile, Matrices> = {
  2: {
    Bt: [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
    G: [[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]],
    At: [[1, 1, 1, 0], [0, 1, -1, -1]],
  },
  4: {
    Bt: [
      [4, 0, -5, 0, 1, 0],
      [0, -4, -4, 1, 1, 0],
      [0, 4, -4, -1, 1, 0],
      [0, -2, -1, 2, 1, 0],
      [0, 2, -1, -2, 1, 0],
      [0, 4, 0, -5, 0, 1],
    ],
    G: [
      [1 / 4, 0, 0],
      [-1 / 6, -1 / 6, -1 / 6],
      [-1 / 6, 1 / 6, -1 / 6],
      [1 / 24, 1 / 12, 1 / 6],
      [1 / 24, -1 / 12, 1 / 6],
      [0, 0, 1],
    ],
    At: [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]],
  },
};

const transposed = (m: Matrix): Matrix => range(m[0].length).map((j) => m.map((row) => row[j]));
const literal = (value: number) => Number.isInteger(value) ? `${value}.0` : `${value}`;

/** WGSL of a row of a matrix times variables. */
function combine(row: readonly number[], variable: (i: number) => string): string {
  const terms = row.flatMap((value, i) => {
    if (value === 0) return [];
    const size = Math.abs(value);
    const term = size === 1 ? variable(i) : `${literal(size)} * ${variable(i)}`;
    return [[value < 0 ? "-" : "+", term]];
  });
  return terms.map(([sign, term], i) => i ? ` ${sign} ${term}` : sign === "-" ? `-${term}` : term)
    .join("");
}

/** WGSL of left x right, of n x n variables `from`, stored by `to(i, j, expression)`. */
function sandwich(
  left: Matrix,
  from: string,
  to: (i: number, j: number, expression: string) => string,
): string {
  const lines: string[] = [];
  const inner = left[0].length;
  left.forEach((row, i) =>
    range(inner).forEach((j) =>
      lines.push(`let ${from}t${i}_${j} = ${combine(row, (k) => `${from}${k}_${j}`)};`)
    )
  );
  left.forEach((_, i) =>
    left.forEach((row, j) => lines.push(to(i, j, combine(row, (k) => `${from}t${i}_${k}`))))
  );
  return lines.map((line) => `  ${line}`).join("\n");
}

/** How an image is cut into tiles. */
interface Tiling {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly tilesY: number;
  readonly tilesX: number;
  readonly padTop: number;
  readonly padLeft: number;
}

/** Words of the uniform buffer: one program serves all sizes, for compiling takes seconds. */
function words(t: Tiling, first: number, rows: number): Uint32Array {
  const { channels, tilesX, tilesY, height, width, padTop, padLeft } = t;
  return new Uint32Array([
    ...[first, rows, channels, tilesX],
    ...[tilesY, height, width, 0],
    ...[padTop, padLeft, 0, 0],
  ]);
}

/** Declares it: first image, tiles, channels, tiles across; tiles down, height, width. */
const sizes = (binding: number) =>
  `struct Sizes { d: vec4u, e: vec4u, pad: vec4i }
@group(0) @binding(${binding}) var<uniform> s: Sizes;`;

/** WGSL that finds tile and pair of channels of a thread: two at once take half of the fetches. */
const place = (exact: boolean) =>
  `  let C = s.d.z / 2u;
  let c = id % C;
  let r = id / C;
  ${exact ? "" : "if (r >= s.d.y) { return; }"}
  let tx = i32(r % s.d.w);
  let ty = i32((r / s.d.w) % s.e.x);
  let b = s.d.x + r / (s.d.w * s.e.x);
  let plane = s.d.y * C;`;

/** WGSL that loads n x n neighbours from `X`, zeros outside of the image. */
function load(n: number, tile: number): string {
  const lines = [`let top = ty * ${tile} - s.pad.x;`, `let left = tx * ${tile} - s.pad.y;`];
  for (const i of range(n)) {
    lines.push(
      `let row${i} = ((b * s.e.y + u32(top + ${i})) * s.e.z) * C + c;`,
      `let is${i} = (top + ${i} >= 0) & (top + ${i} < i32(s.e.y));`,
      `let column${i} = u32(left + ${i}) * C;`,
      `let has${i} = (left + ${i} >= 0) & (left + ${i} < i32(s.e.z));`,
    );
  }
  for (const i of range(n)) {
    for (const j of range(n)) {
      const inside = `is${i} & has${j}`;
      const value = `X[select(0u, row${i} + column${j}, ${inside})]`;
      lines.push(`let x${i}_${j} = select(vec2f(), ${value}, ${inside});`);
    }
  }
  return lines.map((line) => `  ${line}`).join("\n");
}

/** V = Bt x B: thread (tile, two channels). */
function inputProgram(tile: WinogradTile, exact: boolean): Program {
  const n = tile + 2;
  return {
    name: `Winograd F(${tile}) input transform`,
    code: `${storage([["X", "vec2f"], ["V", "vec2f"]])}
${sizes(2)}
${
      threadMain(`${place(exact)}
${load(n, tile)}
${sandwich(MATRICES[tile].Bt, "x", (i, j, v) => `V[${i * n + j}u * plane + id] = ${v};`)}`)
    }`,
  };
}

/** D = A dy At: thread (tile, two channels). */
function outputGradientProgram(tile: WinogradTile, exact: boolean): Program {
  const n = tile + 2;
  const A = transposed(MATRICES[tile].At);
  return {
    name: `Winograd F(${tile}) output gradient transform`,
    code: `${storage([["X", "vec2f"], ["V", "vec2f"]])}
${sizes(2)}
${
      threadMain(`${place(exact)}
${load(tile, tile)}
${sandwich(A, "x", (i, j, v) => `V[${i * n + j}u * plane + id] = ${v};`)}`)
    }`,
  };
}

/** Y = At M A, or the maximum of each 2x2 window of it: thread (tile, two channels). */
function outputProgram(
  tile: WinogradTile,
  exact: boolean,
  whole: boolean,
  bias: boolean,
  activation: Activation,
  pool: boolean,
): Program {
  const n = tile + 2;
  // A pool's windows are whole within tiles; it leaves out the last odd row and column.
  const step = pool ? 2 : 1;
  const stores = (i: number, j: number, value: string) => {
    const store = `Y[at + (${i}u * width + ${j}u) * C] =
    finish2(${value}, 2u * c);`;
    return whole ? store : `if (top + ${i}u < height && left + ${j}u < width) { ${store} }`;
  };
  const pooled = range(tile / 2).flatMap((i) =>
    range(tile / 2).flatMap((j) => {
      const v = (down: number, across: number) => `y${2 * i + down}_${2 * j + across}`;
      return [
        `  let above${i}_${j} = ${larger(v(0, 0), v(0, 1))};`,
        `  let below${i}_${j} = ${larger(v(1, 0), v(1, 1))};`,
        `  ${stores(i, j, larger(`above${i}_${j}`, `below${i}_${j}`))}`,
      ];
    })
  );
  const loads = range(n).flatMap((i) =>
    range(n).map((j) => `  let x${i}_${j} = M[${i * n + j}u * plane + id];`)
  );
  return {
    name: `Winograd F(${tile}) output transform${pool ? ", then pool" : ""}`,
    code: `${
      storage(
        bias ? [["M", "vec2f"], ["bias", "f32"], ["Y", "vec2f"]] : [["M", "vec2f"], ["Y", "vec2f"]],
      )
    }
${sizes(bias ? 3 : 2)}
${epilogue1(bias ? "bias" : null, activation)}
fn finish2(v: vec2f, c: u32) -> vec2f { return vec2f(finish(v.x, c), finish(v.y, c + 1u)); }
${
      threadMain(`${place(exact)}
${loads.join("\n")}
  let height = s.e.y / ${step}u;
  let width = s.e.z / ${step}u;
  let top = u32(ty) * ${tile / step}u;
  let left = u32(tx) * ${tile / step}u;
  let at = ((b * height + top) * width + left) * C + c;
${
        sandwich(
          MATRICES[tile].At,
          "x",
          (i, j, v) => pool ? `let y${i}_${j} = ${v};` : stores(i, j, v),
        )
      }
${pool ? pooled.join("\n") : ""}`)
    }`,
  };
}

/**
 * U = G w Gt, `[p][c][f]`: thread (c, f); for the input gradient, of the turned filter; with a scale
 * a column f, of the filter times it.
 */
function filterProgram(tile: WinogradTile, turned: boolean, scaled: boolean): Program {
  const n = tile + 2;
  const loads = range(3).flatMap((i) =>
    range(3).map((j) => {
      const k = turned ? 8 - i * 3 - j : i * 3 + j;
      return `  let x${i}_${j} = W[${k}u * d.x + id]${scaled ? " * scale" : ""};`;
    })
  );
  const names = scaled ? ["W", "S", "U"] : ["W", "U"];
  return {
    name: `Winograd F(${tile}) filter transform`,
    code: `${storage(names.map((name) => [name, "f32"] as const))}
@group(0) @binding(${names.length}) var<uniform> d: vec4u; // threads, columns
${
      threadMain(`  if (id >= d.x) { return; }
${scaled ? "  let scale = S[id % d.y];" : ""}
${loads.join("\n")}
${sandwich(MATRICES[tile].G, "x", (i, j, v) => `U[${i * n + j}u * d.x + id] = ${v};`)}`)
    }`,
  };
}

/** dW = Gt S G: thread (c, f). */
function filterGradientProgram(tile: WinogradTile): Program {
  const n = tile + 2;
  const Gt = transposed(MATRICES[tile].G);
  const loads = range(n).flatMap((i) =>
    range(n).map((j) => `  let x${i}_${j} = S[${i * n + j}u * d.x + id];`)
  );
  return {
    name: `Winograd F(${tile}) filter gradient transform`,
    code: `${storage([["S", "f32"], ["W", "f32"]])}
@group(0) @binding(2) var<uniform> d: vec4u; // threads
${
      threadMain(`  if (id >= d.x) { return; }
${loads.join("\n")}
${sandwich(Gt, "x", (i, j, v) => `W[${i * 3 + j}u * d.x + id] = ${v};`)}`)
    }`,
  };
}

/** Whether Winograd's algorithm fits a convolution. */
export function winogradFits(s: ConvolutionShape): boolean {
  return s.filterHeight === 3 && s.filterWidth === 3 && s.strideHeight === 1 &&
    s.strideWidth === 1 && s.dilationHeight === 1 && s.dilationWidth === 1 &&
    s.inChannels % 4 === 0 && s.outChannels % 4 === 0;
}

/** Bytes that a transformed image part may take: what stays in a processor's cache, or a card's. */
const CHUNK_BYTES = 32 * 2 ** 20;

/** Images to transform at a time. */
function chunkOf(tile: WinogradTile, tiles: number, channels: number): number {
  return Math.max(1, Math.floor(CHUNK_BYTES / ((tile + 2) ** 2 * tiles * channels * 4)));
}

/** Borrows a buffer for U, and records its computation. */
function transformFilter(
  backend: GpuBackend,
  tile: WinogradTile,
  filter: KernelTensor,
  { inChannels, outChannels }: Pick<ConvolutionShape, "inChannels" | "outChannels">,
  turned: boolean,
  scale: GPUBuffer | null = null,
): GPUBuffer {
  const count = inChannels * outChannels;
  const U = borrow(backend, (tile + 2) ** 2 * count);
  run(
    backend,
    programOf(filterProgram, tile, turned, !!scale),
    scale ? [filter, scale, U] : [filter, U],
    threads(count),
    new Uint32Array([count, outChannels, 0, 0]),
  );
  return U;
}

/**
 * A filter as {@linkcode winogradFiltered} takes it.
 *
 * @param backend tfjs's backend.
 * @param filter `[3, 3, inChannels, outChannels]`, float32.
 * @param tile Outputs of a tile along each axis.
 * @param scale What each output channel is multiplied with, if anything.
 * @returns A borrowed buffer, to be given back.
 */
export function winogradFilter(
  backend: GpuBackend,
  filter: KernelTensor,
  tile: WinogradTile,
  scale: GPUBuffer | null = null,
): GPUBuffer {
  const [, , inChannels, outChannels] = filter.shape;
  return transformFilter(backend, tile, filter, { inChannels, outChannels }, false, scale);
}

/** Y = At [ (Bt x B) . U ] A of `x` `[batch, height, width, depth]`, in chunks of images. */
function filterImages(
  backend: GpuBackend,
  tile: WinogradTile,
  candidate: ProductCandidate,
  x: KernelTensor,
  source: { height: number; width: number; depth: number; padTop: number; padLeft: number },
  y: KernelTensor,
  target: { height: number; width: number; channels: number },
  U: GPUBuffer,
  transposeU: boolean,
  bias: Bound | null,
  activation: Activation,
  pool: boolean,
): void {
  const points = (tile + 2) ** 2;
  const [tilesY, tilesX] = [Math.ceil(target.height / tile), Math.ceil(target.width / tile)];
  const batch = x.shape[0];
  const chunk = Math.min(
    batch,
    chunkOf(tile, tilesY * tilesX, Math.max(source.depth, target.channels)),
  );
  const { height, width, depth, padTop, padLeft } = source;
  const images = { height, width, channels: depth, tilesY, tilesX, padTop, padLeft };
  const outputs = { ...target, tilesY, tilesX, padTop: 0, padLeft: 0 };
  const whole = target.height % tile === 0 && target.width % tile === 0;
  const V = borrow(backend, points * chunk * tilesY * tilesX * source.depth);
  const M = borrow(backend, points * chunk * tilesY * tilesX * target.channels);
  for (let first = 0; first < batch; first += chunk) {
    const rows = Math.min(chunk, batch - first) * tilesY * tilesX;
    const ofV = rows * depth / 2;
    const into = programOf(inputProgram, tile, comesOutEven(ofV));
    run(backend, into, [x, V], threads(ofV), words(images, first, rows));
    matMulInto(backend, V, U, M, {
      rows,
      columns: target.channels,
      depth: source.depth,
      batch: points,
      transposeA: false,
      transposeB: transposeU,
    }, candidate);
    const count = rows * target.channels / 2;
    const out = programOf(
      outputProgram,
      tile,
      comesOutEven(count),
      whole,
      !!bias,
      activation,
      pool,
    );
    const bindings = bias ? [M, bias, y] : [M, y];
    run(backend, out, bindings, threads(count), words(outputs, first, rows));
  }
  giveBack(backend, V, M);
}

/**
 * Y = X * W + bias, through an activation; shapes as for the direct convolution.
 *
 * @param backend tfjs's backend.
 * @param x The input.
 * @param filter The filter.
 * @param s Sizes, for which {@linkcode winogradFits}.
 * @param tile Outputs of a tile along each axis.
 * @param candidate How to cut the products up.
 * @param bias `[outChannels]`.
 * @param activation Applied last.
 */
export function winograd(
  backend: GpuBackend,
  x: KernelTensor,
  filter: KernelTensor,
  s: ConvolutionShape,
  tile: WinogradTile,
  candidate: ProductCandidate,
  bias: KernelTensor | null = null,
  activation: Activation = "linear",
): KernelTensor {
  const U = winogradFilter(backend, filter, tile);
  const y = winogradFiltered(backend, x, U, s, tile, candidate, bias, activation);
  giveBack(backend, U);
  return y;
}

/**
 * {@linkcode winograd} with a filter that {@linkcode winogradFilter} gave, and then through a 2x2 max
 * pool if wanted.
 */
export function winogradFiltered(
  backend: GpuBackend,
  x: KernelTensor,
  U: GPUBuffer,
  s: ConvolutionShape,
  tile: WinogradTile,
  candidate: ProductCandidate,
  bias: Bound | null = null,
  activation: Activation = "linear",
  pool = false,
): KernelTensor {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padTop, padLeft } = s;
  const [height, width] = pool ? [outHeight >> 1, outWidth >> 1] : [outHeight, outWidth];
  const y = output(backend, [x.shape[0], height, width, outChannels]);
  filterImages(
    backend,
    tile,
    candidate,
    x,
    { height: inHeight, width: inWidth, depth: inChannels, padTop, padLeft },
    y,
    { height: outHeight, width: outWidth, channels: outChannels },
    U,
    false,
    bias,
    activation,
    pool,
  );
  return y;
}

/** The gradient in the input; arguments as for {@linkcode winograd}. */
export function winogradInputGradient(
  backend: GpuBackend,
  dy: KernelTensor,
  filter: KernelTensor,
  s: ConvolutionShape,
  tile: WinogradTile,
  candidate: ProductCandidate,
): KernelTensor {
  const dx = output(backend, [dy.shape[0], s.inHeight, s.inWidth, s.inChannels]);
  const U = transformFilter(backend, tile, filter, s, true);
  filterImages(
    backend,
    tile,
    candidate,
    dy,
    {
      height: s.outHeight,
      width: s.outWidth,
      depth: s.outChannels,
      padTop: 2 - s.padTop,
      padLeft: 2 - s.padLeft,
    },
    dx,
    { height: s.inHeight, width: s.inWidth, channels: s.inChannels },
    U,
    true,
    null,
    "linear",
    false,
  );
  giveBack(backend, U);
  return dx;
}

/** The gradient in the filter; arguments as for {@linkcode winograd}. */
export function winogradFilterGradient(
  backend: GpuBackend,
  x: KernelTensor,
  dy: KernelTensor,
  s: ConvolutionShape,
  tile: WinogradTile,
  candidate: ProductCandidate,
): KernelTensor {
  const points = (tile + 2) ** 2;
  const [C, F] = [s.inChannels, s.outChannels];
  const [tilesY, tilesX] = [Math.ceil(s.outHeight / tile), Math.ceil(s.outWidth / tile)];
  const batch = x.shape[0];
  const chunk = Math.min(batch, chunkOf(tile, tilesY * tilesX, Math.max(C, F)));
  const dw = output(backend, [3, 3, C, F]);
  const V = borrow(backend, points * chunk * tilesY * tilesX * C);
  const D = borrow(backend, points * chunk * tilesY * tilesX * F);
  const S = borrow(backend, points * C * F);
  const { inHeight, inWidth, outHeight, outWidth, padTop, padLeft } = s;
  const tiling = { tilesY, tilesX };
  const images = { ...tiling, height: inHeight, width: inWidth, channels: C, padTop, padLeft };
  const unpadded = { ...tiling, padTop: 0, padLeft: 0 };
  const gradients = { ...unpadded, height: outHeight, width: outWidth, channels: F };
  for (let first = 0; first < batch; first += chunk) {
    const rows = Math.min(chunk, batch - first) * tilesY * tilesX;
    const [ofV, ofD] = [rows * C / 2, rows * F / 2];
    const toV = programOf(inputProgram, tile, comesOutEven(ofV));
    const toD = programOf(outputGradientProgram, tile, comesOutEven(ofD));
    run(backend, toV, [x, V], threads(ofV), words(images, first, rows));
    run(backend, toD, [dy, D], threads(ofD), words(gradients, first, rows));
    matMulInto(
      backend,
      V,
      D,
      S,
      {
        rows: C,
        columns: F,
        depth: rows,
        batch: points,
        transposeA: true,
        transposeB: false,
      },
      candidate,
      { accumulate: first > 0 },
    );
  }
  run(
    backend,
    programOf(filterGradientProgram, tile),
    [S, dw],
    threads(C * F),
    new Uint32Array([C * F, 0, 0, 0]),
  );
  giveBack(backend, V, D, S);
  return dw;
}
