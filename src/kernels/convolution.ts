/**
 * Convolution of any filter size, stride, padding, dilation and channels, forward and both gradients,
 * as products whose operands are read where they lie (no im2col buffer). NHWC and HWIO.
 *
 *     forward          Y[(b,y,x), f]        = sum over (i,j,c) of X[b, y s - p + i d, x s - p + j d, c] W[(i,j,c), f]
 *     input gradient   dX[(b,y,x), c]       = sum over (i,j,f) of dY[b, (y + p - i d) / s, (x + p - j d) / s, f] W[(i,j), c, f]
 *     filter gradient  dW[(i,j,c), f]       = sum over (b,y,x) of X[b, y s - p + i d, x s - p + j d, c] dY[(b,y,x), f]
 *
 * @module
 */
import { columnSumInto } from "./column_sum.ts";
import { type Activation, epilogue, store4 } from "./epilogue.ts";
import {
  columnsOf,
  directiveOf,
  isWide,
  type ProductCandidate,
  productProgram,
  type ProductSource,
  rowsOf,
} from "./product.ts";
import {
  borrow,
  type Bound,
  giveBack,
  type GpuBackend,
  type KernelTensor,
  output,
  type Program,
  programOf,
  run,
} from "./program.ts";

/** Sizes of a convolution, batch aside. */
export interface ConvolutionShape {
  /** Height and width of the input. */
  readonly inHeight: number;
  /** Width of the input. */
  readonly inWidth: number;
  /** Channels of the input. */
  readonly inChannels: number;
  /** Height of the output. */
  readonly outHeight: number;
  /** Width of the output. */
  readonly outWidth: number;
  /** Channels of the output. */
  readonly outChannels: number;
  /** Height of the filter. */
  readonly filterHeight: number;
  /** Width of the filter. */
  readonly filterWidth: number;
  /** Rows from one output to the next. */
  readonly strideHeight: number;
  /** Columns from one output to the next. */
  readonly strideWidth: number;
  /** Rows from one weight to the next. */
  readonly dilationHeight: number;
  /** Columns from one weight to the next. */
  readonly dilationWidth: number;
  /** Rows of zeros above the input. */
  readonly padTop: number;
  /** Columns of zeros left of the input. */
  readonly padLeft: number;
}

/** The sizes alone, of an object that may say more, such as tfjs's `Conv2DInfo`. */
export function sizesOf(s: ConvolutionShape): ConvolutionShape {
  return {
    inHeight: s.inHeight,
    inWidth: s.inWidth,
    inChannels: s.inChannels,
    outHeight: s.outHeight,
    outWidth: s.outWidth,
    outChannels: s.outChannels,
    filterHeight: s.filterHeight,
    filterWidth: s.filterWidth,
    strideHeight: s.strideHeight,
    strideWidth: s.strideWidth,
    dilationHeight: s.dilationHeight,
    dilationWidth: s.dilationWidth,
    padTop: s.padTop,
    padLeft: s.padLeft,
  };
}

/** How the operands of the filter gradient's product lie. */
const ROWS_AND_COLUMNS = { aAlong: "row", bAlong: "column" } as const;

const four = (one: (e: number) => string) => `vec4f(${[0, 1, 2, 3].map(one).join(", ")})`;

/** The program of the forward product; the batch is in its uniform buffer. */
function forwardProgram(
  s: ConvolutionShape,
  candidate: ProductCandidate,
  bias: boolean,
  activation: Activation,
  directive: string,
): Program {
  const byOne = candidate.family === "subgroup";
  const wideX = !byOne && s.inChannels % 4 === 0;
  const wideF = !byOne && s.outChannels % 4 === 0;
  const wideY = s.outChannels % 4 === 0;
  const depth = s.filterHeight * s.filterWidth * s.inChannels;
  const F = s.outChannels;
  const element = (wide: boolean) => wide ? "vec4f" : "f32";
  const functions = `
@group(0) @binding(0) var<storage, read> X: array<${element(wideX)}>;
@group(0) @binding(1) var<storage, read> W: array<${element(wideF)}>;
${bias ? "@group(0) @binding(2) var<storage, read> bias: array<f32>;" : ""}
@group(0) @binding(${bias ? 3 : 2}) var<storage, read_write> Y: array<${element(wideY)}>;
@group(0) @binding(${bias ? 4 : 3}) var<uniform> d: vec4u; // batch
fn span(z: u32) -> vec2u { return vec2u(0u, ${depth}u); }
// Where the element of output pixel \`row\` and weight \`k\` lies in X, and whether it is there.
fn place(row: u32, k: u32) -> vec2u {
  let x = i32(row % ${s.outWidth}u);
  let y = i32((row / ${s.outWidth}u) % ${s.outHeight}u);
  let b = row / ${s.outWidth * s.outHeight}u;
  let c = k % ${s.inChannels}u;
  let j = i32((k / ${s.inChannels}u) % ${s.filterWidth}u);
  let i = i32(k / ${s.inChannels * s.filterWidth}u);
  let h = y * ${s.strideHeight} + i * ${s.dilationHeight} - ${s.padTop};
  let v = x * ${s.strideWidth} + j * ${s.dilationWidth} - ${s.padLeft};
  let inside = (h >= 0) & (h < ${s.inHeight}) & (v >= 0) & (v < ${s.inWidth}) & (b < d.x) & (k < ${depth}u);
  let at = ((b * ${s.inHeight}u + u32(h)) * ${s.inWidth}u + u32(v)) * ${s.inChannels}u + c;
  return vec2u(select(0u, at, inside), select(0u, 1u, inside));
}
${
    wideX
      ? ""
      : `fn one(row: u32, k: u32) -> f32 { let p = place(row, k); return X[p.x] * f32(p.y); }`
  }
fn a4(row: u32, k: u32, z: u32) -> vec4f {
  ${
    wideX
      ? "let p = place(row, k); return select(vec4f(), X[p.x / 4u], p.y == 1u);"
      : `return ${four((e) => `one(row, k + ${e}u)`)};`
  }
}
fn b4(k: u32, column: u32, z: u32) -> vec4f {
  let at = k * ${F}u + column;
  ${
    wideF
      ? `return select(vec4f(), W[at / 4u], (k < ${depth}u) & (column < ${F}u));`
      : `return ${
        four((e) => `select(0.0, W[at + ${e}u], (k < ${depth}u) & (column + ${e}u < ${F}u))`)
      };`
  }
}
${epilogue(bias ? "bias" : null, `${F}u`, activation)}
${
    byOne
      ? `fn a1(row: u32, k: u32, z: u32) -> f32 { return one(row, k); }
fn b1(k: u32, column: u32, z: u32) -> f32 { return select(0.0, W[k * ${F}u + column], k < ${depth}u); }`
      : ""
  }
${store4("Y", `${F}u`, wideY)}
fn put(row: u32, column: u32, z: u32, value: vec4f) {
  if (row >= d.x * ${s.outHeight * s.outWidth}u || column >= ${F}u) { return; }
  store4(row * ${F}u + column, column, finish(value, column));
}`;
  const source: ProductSource = {
    name: "convolution forward",
    functions,
    aAlong: "depth",
    bAlong: "column",
  };
  return productProgram(source, candidate, directive);
}

/** The program of the input gradient's product; the batch is in its uniform buffer. */
function inputGradientProgram(
  s: ConvolutionShape,
  candidate: ProductCandidate,
  directive: string,
): Program {
  const byOne = candidate.family === "subgroup";
  const wideC = s.inChannels % 4 === 0;
  const wideF = !byOne && s.outChannels % 4 === 0;
  const [C, F] = [s.inChannels, s.outChannels];
  const depth = s.filterHeight * s.filterWidth * F;
  const element = (wide: boolean) => wide ? "vec4f" : "f32";
  const functions = `
@group(0) @binding(0) var<storage, read> D: array<${element(wideF)}>;
@group(0) @binding(1) var<storage, read> W: array<${element(wideF)}>;
@group(0) @binding(2) var<storage, read_write> Y: array<${element(wideC)}>;
@group(0) @binding(3) var<uniform> d: vec4u; // batch
fn span(z: u32) -> vec2u { return vec2u(0u, ${depth}u); }
fn place(row: u32, k: u32) -> vec2u {
  let x = i32(row % ${s.inWidth}u);
  let y = i32((row / ${s.inWidth}u) % ${s.inHeight}u);
  let b = row / ${s.inWidth * s.inHeight}u;
  let f = k % ${F}u;
  let j = i32((k / ${F}u) % ${s.filterWidth}u);
  let i = i32(k / ${F * s.filterWidth}u);
  let h = y + ${s.padTop} - i * ${s.dilationHeight};
  let v = x + ${s.padLeft} - j * ${s.dilationWidth};
  let inside = (h >= 0) & (h % ${s.strideHeight} == 0) & (h / ${s.strideHeight} < ${s.outHeight}) &
    (v >= 0) & (v % ${s.strideWidth} == 0) & (v / ${s.strideWidth} < ${s.outWidth}) &
    (b < d.x) & (k < ${depth}u);
  let at = ((b * ${s.outHeight}u + u32(h / ${s.strideHeight})) * ${s.outWidth}u +
    u32(v / ${s.strideWidth})) * ${F}u + f;
  return vec2u(select(0u, at, inside), select(0u, 1u, inside));
}
fn weight(k: u32, column: u32) -> u32 {
  return ((k / ${F}u) * ${C}u + column) * ${F}u + k % ${F}u;
}
${
    wideF
      ? ""
      : `fn one(row: u32, k: u32) -> f32 { let p = place(row, k); return D[p.x] * f32(p.y); }
fn two(k: u32, column: u32) -> f32 {
  return select(0.0, W[weight(k, column)], (k < ${depth}u) & (column < ${C}u));
}`
  }
fn a4(row: u32, k: u32, z: u32) -> vec4f {
  ${
    wideF
      ? "let p = place(row, k); return select(vec4f(), D[p.x / 4u], p.y == 1u);"
      : `return ${four((e) => `one(row, k + ${e}u)`)};`
  }
}
fn b4(k: u32, column: u32, z: u32) -> vec4f {
  ${
    wideF
      ? `return select(vec4f(), W[weight(k, column) / 4u], (k < ${depth}u) & (column < ${C}u));`
      : `return ${four((e) => `two(k + ${e}u, column)`)};`
  }
}
${
    byOne
      ? `fn a1(row: u32, k: u32, z: u32) -> f32 { return one(row, k); }
fn b1(k: u32, column: u32, z: u32) -> f32 { return two(k, column); }`
      : ""
  }
${store4("Y", `${C}u`, wideC)}
fn put(row: u32, column: u32, z: u32, value: vec4f) {
  if (row >= d.x * ${s.inHeight * s.inWidth}u || column >= ${C}u) { return; }
  store4(row * ${C}u + column, column, value);
}`;
  const source: ProductSource = {
    name: "convolution input gradient",
    functions,
    aAlong: "depth",
    bAlong: "depth",
  };
  return productProgram(source, candidate, directive);
}

/** The program of the filter gradient's product; batch and stretch are in its uniform buffer. */
function filterGradientProgram(
  s: ConvolutionShape,
  candidate: ProductCandidate,
  directive: string,
): Program {
  const [wholeC, wideG] = [s.inChannels, s.outChannels].map((n) => n % 4 === 0);
  const inFours = candidate.family !== "subgroup" ||
    isWide({ ...ROWS_AND_COLUMNS, wideA: wholeC, wideB: wideG }, candidate);
  const [wideC, wideF] = [wholeC && inFours, wideG && inFours];
  const [C, F] = [s.inChannels, s.outChannels];
  const rows = s.filterHeight * s.filterWidth * C;
  const element = (wide: boolean) => wide ? "vec4f" : "f32";
  const functions = `
@group(0) @binding(0) var<storage, read> X: array<${element(wideC)}>;
@group(0) @binding(1) var<storage, read> D: array<${element(wideF)}>;
@group(0) @binding(2) var<storage, read_write> G: array<${element(wideG)}>;
@group(0) @binding(3) var<uniform> d: vec4u; // batch, output pixels, pixels a slice
fn span(z: u32) -> vec2u { return vec2u(z * d.z, min((z + 1u) * d.z, d.y)); }
fn place(row: u32, k: u32) -> vec2u {
  let c = row % ${C}u;
  let j = i32((row / ${C}u) % ${s.filterWidth}u);
  let i = i32(row / ${C * s.filterWidth}u);
  let x = i32(k % ${s.outWidth}u);
  let y = i32((k / ${s.outWidth}u) % ${s.outHeight}u);
  let b = k / ${s.outWidth * s.outHeight}u;
  let h = y * ${s.strideHeight} + i * ${s.dilationHeight} - ${s.padTop};
  let v = x * ${s.strideWidth} + j * ${s.dilationWidth} - ${s.padLeft};
  let inside = (h >= 0) & (h < ${s.inHeight}) & (v >= 0) & (v < ${s.inWidth}) & (k < d.y) & (row < ${rows}u);
  let at = ((b * ${s.inHeight}u + u32(h)) * ${s.inWidth}u + u32(v)) * ${C}u + c;
  return vec2u(select(0u, at, inside), select(0u, 1u, inside));
}
${
    wideC
      ? ""
      : `fn one(row: u32, k: u32) -> f32 { let p = place(row, k); return X[p.x] * f32(p.y); }`
  }
fn a4(row: u32, k: u32, z: u32) -> vec4f {
  ${
    wideC
      ? "let p = place(row, k); return select(vec4f(), X[p.x / 4u], p.y == 1u);"
      : `return ${four((e) => `one(row + ${e}u, k)`)};`
  }
}
fn b4(k: u32, column: u32, z: u32) -> vec4f {
  let at = k * ${F}u + column;
  ${
    wideF
      ? `return select(vec4f(), D[at / 4u], (k < d.y) & (column < ${F}u));`
      : `return ${four((e) => `select(0.0, D[at + ${e}u], (k < d.y) & (column + ${e}u < ${F}u))`)};`
  }
}
${
    inFours ? "" : `fn a1(row: u32, k: u32, z: u32) -> f32 { return one(row, k); }
fn b1(k: u32, column: u32, z: u32) -> f32 { return select(0.0, D[k * ${F}u + column], k < d.y); }`
  }
${store4("G", `${F}u`, wideG)}
fn put(row: u32, column: u32, z: u32, value: vec4f) {
  if (row >= ${rows}u || column >= ${F}u) { return; }
  store4((z * ${rows}u + row) * ${F}u + column, column, value);
}`;
  const source: ProductSource = {
    name: "convolution filter gradient",
    functions,
    ...ROWS_AND_COLUMNS,
    wideA: wideC,
    wideB: wideF,
  };
  return productProgram(source, candidate, directive);
}

/**
 * Y = X * W + bias, through an activation.
 *
 * @param backend tfjs's backend.
 * @param x `[batch, inHeight, inWidth, inChannels]`, float32.
 * @param filter `[filterHeight, filterWidth, inChannels, outChannels]`, float32.
 * @param s Sizes.
 * @param candidate How to cut the product up.
 * @param bias `[outChannels]`.
 * @param activation Applied last.
 * @returns `[batch, outHeight, outWidth, outChannels]`.
 */
export function convolve(
  backend: GpuBackend,
  x: KernelTensor,
  filter: Bound,
  s: ConvolutionShape,
  candidate: ProductCandidate,
  bias: Bound | null = null,
  activation: Activation = "linear",
): KernelTensor {
  const batch = x.shape[0];
  const y = output(backend, [batch, s.outHeight, s.outWidth, s.outChannels]);
  run(
    backend,
    programOf(
      forwardProgram,
      sizesOf(s),
      candidate,
      !!bias,
      activation,
      directiveOf(backend, candidate),
    ),
    bias ? [x, filter, bias, y] : [x, filter, y],
    [
      Math.ceil(batch * s.outHeight * s.outWidth / rowsOf(candidate)),
      Math.ceil(s.outChannels / columnsOf(candidate)),
      1,
    ],
    new Uint32Array([batch, 0, 0, 0]),
  );
  return y;
}

/**
 * The gradient in the input.
 *
 * @param backend tfjs's backend.
 * @param dy `[batch, outHeight, outWidth, outChannels]`, float32.
 * @param filter `[filterHeight, filterWidth, inChannels, outChannels]`, float32.
 * @param s Sizes.
 * @param candidate How to cut the product up.
 * @returns `[batch, inHeight, inWidth, inChannels]`.
 */
export function convolveInputGradient(
  backend: GpuBackend,
  dy: KernelTensor,
  filter: KernelTensor,
  s: ConvolutionShape,
  candidate: ProductCandidate,
): KernelTensor {
  const batch = dy.shape[0];
  const dx = output(backend, [batch, s.inHeight, s.inWidth, s.inChannels]);
  run(
    backend,
    programOf(inputGradientProgram, sizesOf(s), candidate, directiveOf(backend, candidate)),
    [dy, filter, dx],
    [
      Math.ceil(batch * s.inHeight * s.inWidth / rowsOf(candidate)),
      Math.ceil(s.inChannels / columnsOf(candidate)),
      1,
    ],
    new Uint32Array([batch, 0, 0, 0]),
  );
  return dx;
}

/**
 * The gradient in the filter. The pixels are summed in slices side by side, which a second program
 * adds, so that a small filter keeps a large adapter busy.
 *
 * @param backend tfjs's backend.
 * @param x `[batch, inHeight, inWidth, inChannels]`, float32.
 * @param dy `[batch, outHeight, outWidth, outChannels]`, float32.
 * @param s Sizes.
 * @param candidate How to cut the product up.
 * @returns `[filterHeight, filterWidth, inChannels, outChannels]`.
 */
export function convolveFilterGradient(
  backend: GpuBackend,
  x: KernelTensor,
  dy: KernelTensor,
  s: ConvolutionShape,
  candidate: ProductCandidate,
): KernelTensor {
  const batch = x.shape[0];
  const pixels = batch * s.outHeight * s.outWidth;
  const rows = s.filterHeight * s.filterWidth * s.inChannels;
  const size = rows * s.outChannels;
  const grid = [
    Math.ceil(rows / rowsOf(candidate)),
    Math.ceil(s.outChannels / columnsOf(candidate)),
  ] as const;
  const wanted = Math.ceil(64 / (grid[0] * grid[1]));
  const length = Math.ceil(pixels / Math.max(1, Math.min(wanted, Math.ceil(pixels / 256))) / 16) *
    16;
  const slices = Math.ceil(pixels / length);
  const dw = output(backend, [s.filterHeight, s.filterWidth, s.inChannels, s.outChannels]);
  const partial = slices > 1 ? borrow(backend, slices * size) : null;
  run(
    backend,
    programOf(filterGradientProgram, sizesOf(s), candidate, directiveOf(backend, candidate)),
    [x, dy, partial ?? dw],
    [...grid, slices],
    new Uint32Array([batch, pixels, length, 0]),
  );
  if (partial) {
    columnSumInto(backend, partial, dw, slices, size);
    giveBack(backend, partial);
  }
  return dw;
}
