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
import type { Activation } from "./epilogue.ts";
import { matMulInto } from "./matmul.ts";
import type { ProductCandidate } from "./product.ts";
import {
  borrow,
  type Bound,
  comesOutEven,
  giveBack,
  type GpuBackend,
  type KernelTensor,
  output,
  programOf,
  run,
  threads,
} from "./program.ts";
import {
  filterGradientProgram,
  filterProgram,
  inputProgram,
  outputGradientProgram,
  outputProgram,
  type WinogradTile,
  words,
} from "./winograd_programs.ts";

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
