/**
 * Puts our programs where tfjs looks for its own, so that models, layers and gradients use them
 * without knowing; what does not fit one of ours goes to the kernel that was there before.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type AdapterKind, defaultCandidate, fitted, type ProductSize } from "./candidates.ts";
import { columnSum } from "./column_sum.ts";
import {
  type ConvolutionShape,
  convolve,
  convolveFilterGradient,
  convolveInputGradient,
} from "./convolution.ts";
import {
  type ConvolutionAttributes,
  type ConvolutionPlanner,
  convolutionPlanner,
  convolutionShape,
  winogradPays,
} from "./convolution_plan.ts";
import { type Activation, isActivation } from "./epilogue.ts";
import { matMul } from "./matmul.ts";
import { maxPoolGradient } from "./max_pool.ts";
import type { ProductCandidate } from "./product.ts";
import { setPrograms } from "./programs.ts";
import { type GpuBackend, type KernelTensor, reshaped } from "./program.ts";
import {
  convolveSingle,
  convolveSingleFilterGradient,
  singleChannelFits,
} from "./single_channel.ts";
import { subgroupsOf } from "./subgroups.ts";
import { exchange, transpose } from "./transpose.ts";
import { winograd, winogradFilterGradient, winogradInputGradient } from "./winograd.ts";
import type { WinogradTile } from "./winograd_programs.ts";

/** How {@linkcode useFerKernels} chooses among its programs. */
export interface KernelOptions {
  /**
   * What computes: a processor or a card.
   *
   * @default "software"
   */
  readonly adapter?: AdapterKind;
  /**
   * Outputs of a Winograd tile along each axis; 0 for direct products alone.
   *
   * @default 4
   */
  readonly winograd?: WinogradTile | 0;
  /**
   * Which candidate computes a product, on a device with subgroups of `lanes` threads or (0) none.
   *
   * @default defaultCandidate
   */
  readonly choose?: (size: ProductSize, lanes: number) => ProductCandidate;
}

interface KernelArguments {
  readonly inputs: Readonly<Record<string, KernelTensor>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly backend: unknown;
}

/** A kernel of ours: the output, or null where the arguments do not fit it. */
type Kernel = (
  backend: GpuBackend,
  inputs: KernelArguments["inputs"],
  attrs: KernelArguments["attrs"],
) => KernelTensor | null;

/** tfjs casts integers to float32 in name only: their data says what they are. */
const isFloat = ({ tensorMap }: GpuBackend, ...tensors: readonly (KernelTensor | undefined)[]) =>
  tensors.every((tensor) =>
    tensor?.dtype === "float32" && tensorMap.get(tensor.dataId).dtype === "float32"
  );
const hasElements = (...tensors: readonly KernelTensor[]) =>
  tensors.every((tensor) => tf.util.sizeFromShape(tensor.shape) > 0);

const shapeOf = (
  xShape: readonly number[],
  filterShape: readonly number[],
  attrs: KernelArguments["attrs"],
): ConvolutionShape | null =>
  convolutionShape(xShape, filterShape, attrs as unknown as ConvolutionAttributes);

/** The bias of a fused kernel where it is one number a column, undefined where it is not. */
function biasOf(
  backend: GpuBackend,
  bias: KernelTensor | undefined,
  columns: number,
): KernelTensor | null | undefined {
  if (!bias) return null;
  const size = tf.util.sizeFromShape(bias.shape);
  return isFloat(backend, bias) && size === columns && bias.shape[bias.shape.length - 1] === columns
    ? bias
    : undefined;
}

/** The activation of a fused kernel, or null where it is not one of ours. */
function activationOf(attrs: KernelArguments["attrs"]): Activation | null {
  const name = (attrs.activation ?? "linear") as string;
  return isActivation(name) ? name : null;
}

const NT = { transposeA: false, transposeB: true };
const TN = { transposeA: true, transposeB: false };

interface Kernels {
  readonly kernels: Readonly<Record<string, Kernel>>;
  readonly plan: ConvolutionPlanner;
}

function kernelsOf(options: KernelOptions): Kernels {
  const { adapter = "software", winograd: tile = 4 } = options;
  const wanted = options.choose ??
    ((size: ProductSize, lanes: number) => defaultCandidate(adapter, size, lanes));
  const choose = ({ device }: GpuBackend, size: ProductSize) =>
    fitted(wanted(size, subgroupsOf(device).size), device.limits.maxComputeWorkgroupStorageSize);
  const points = (tile + 2) ** 2;
  const tilesOf = (height: number, width: number) =>
    Math.ceil(height / tile) * Math.ceil(width / tile);
  const plan = convolutionPlanner(tile, choose);

  const conv2d: Kernel = (backend, { x, filter, bias, preluActivationWeights }, attrs) => {
    if (!isFloat(backend, x, filter) || !hasElements(x, filter) || preluActivationWeights) {
      return null;
    }
    const s = shapeOf(x.shape, filter.shape, attrs);
    const activation = activationOf(attrs);
    if (!s || !activation) return null;
    const shift = biasOf(backend, bias, s.outChannels);
    if (shift === undefined || s.outHeight * s.outWidth <= 0) return null;
    const batch = x.shape[0];
    const way = plan(backend, s, batch);
    if (way.algorithm === "single channel") {
      return convolveSingle(backend, x, filter, s, shift, activation);
    }
    if (way.algorithm === "winograd") {
      return winograd(backend, x, filter, s, way.tile, way.candidate, shift, activation);
    }
    return convolve(backend, x, filter, s, way.candidate, shift, activation);
  };

  const inputGradient: Kernel = (backend, { dy, filter }, attrs) => {
    if (!isFloat(backend, dy, filter) || !hasElements(dy, filter)) return null;
    const s = shapeOf(attrs.inputShape as number[], filter.shape, attrs);
    if (!s) return null;
    const batch = dy.shape[0];
    if (winogradPays(s, tile)) {
      const rows = batch * tilesOf(s.inHeight, s.inWidth);
      const size = { rows, columns: s.inChannels, depth: s.outChannels, batch: points, ...NT };
      return winogradInputGradient(backend, dy, filter, s, tile, choose(backend, size));
    }
    const candidate = choose(backend, {
      rows: batch * s.inHeight * s.inWidth,
      columns: s.inChannels,
      depth: s.filterHeight * s.filterWidth * s.outChannels,
      batch: 1,
      ...NT,
    });
    return convolveInputGradient(backend, dy, filter, s, candidate);
  };

  const filterGradient: Kernel = (backend, { x, dy }, attrs) => {
    if (!isFloat(backend, x, dy) || !hasElements(x, dy)) return null;
    const s = shapeOf(x.shape, attrs.filterShape as number[], attrs);
    if (!s) return null;
    const batch = x.shape[0];
    if (singleChannelFits(s)) return convolveSingleFilterGradient(backend, x, dy, s);
    if (winogradPays(s, tile)) {
      const depth = batch * tilesOf(s.outHeight, s.outWidth);
      const size = { rows: s.inChannels, columns: s.outChannels, depth, batch: points, ...TN };
      return winogradFilterGradient(backend, x, dy, s, tile, choose(backend, size));
    }
    const candidate = choose(backend, {
      rows: s.filterHeight * s.filterWidth * s.inChannels,
      columns: s.outChannels,
      depth: batch * s.outHeight * s.outWidth,
      batch: 1,
      ...TN,
    });
    return convolveFilterGradient(backend, x, dy, s, candidate);
  };

  const product: Kernel = (backend, { a, b, bias, preluActivationWeights }, attrs) => {
    if (!isFloat(backend, a, b) || !hasElements(a, b) || preluActivationWeights) return null;
    const [transposeA, transposeB] = [!!attrs.transposeA, !!attrs.transposeB];
    const activation = activationOf(attrs);
    const [ra, rb] = [a.shape.length, b.shape.length];
    if (!activation || ra < 2 || rb < 2) return null;
    const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
    const [countA, countB] = [batchA, batchB].map((shape) => tf.util.sizeFromShape(shape));
    // One A or one B for all, or one for each: other broadcasts are tfjs's.
    if (countA !== 1 && countB !== 1 && !tf.util.arraysEqual(batchA, batchB)) return null;
    const [rows, depth] = transposeA
      ? [a.shape[ra - 1], a.shape[ra - 2]]
      : [a.shape[ra - 2], a.shape[ra - 1]];
    const [columns, depthB] = transposeB
      ? [b.shape[rb - 2], b.shape[rb - 1]]
      : [b.shape[rb - 1], b.shape[rb - 2]];
    if (depth !== depthB) return null;
    const shift = biasOf(backend, bias, columns);
    if (shift === undefined) return null;
    const batch = Math.max(countA, countB);
    const shape = {
      rows,
      columns,
      depth,
      batch,
      sharedA: countA < batch,
      sharedB: countB < batch,
      transposeA,
      transposeB,
    };
    const c = matMul(
      backend,
      a,
      b,
      shape,
      choose(backend, { rows, columns, depth, batch, transposeA, transposeB }),
      {
        bias: shift ?? undefined,
        activation,
      },
    );
    const outBatch = tf.broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
    return reshaped(c, [...outBatch, rows, columns]);
  };

  const poolGradient: Kernel = (backend, { dy, input }, attrs) => {
    if (!isFloat(backend, dy, input) || !hasElements(dy, input) || input.shape.length !== 4) {
      return null;
    }
    const info = tf.backend_util.computePool2DInfo(
      input.shape as [number, number, number, number],
      attrs.filterSize as [number, number],
      attrs.strides as [number, number],
      1,
      attrs.pad as ConvolutionAttributes["pad"],
      attrs.dimRoundingMode as ConvolutionAttributes["dimRoundingMode"],
    );
    const { top, left, right, bottom } = info.padInfo;
    const fits = info.filterHeight === 2 && info.filterWidth === 2 && info.strideHeight === 2 &&
      info.strideWidth === 2 && top + left + right + bottom === 0 &&
      info.outHeight === info.inHeight >> 1 && info.outWidth === info.inWidth >> 1;
    return fits ? maxPoolGradient(backend, input, dy) : null;
  };

  const sum: Kernel = (backend, { x }, attrs) => {
    if (!isFloat(backend, x) || !hasElements(x) || x.shape.length < 2) return null;
    const axes = tf.util.parseAxisParam(attrs.axis as number | number[], x.shape);
    const leading = axes.length === x.shape.length - 1 && axes.every((axis, i) => axis === i);
    if (!leading) return null;
    const sums = columnSum(backend, x);
    const columns = x.shape[x.shape.length - 1];
    return attrs.keepDims ? reshaped(sums, [...axes.map(() => 1), columns]) : sums;
  };

  const transposition: Kernel = (backend, { x }, attrs) => {
    const moved = exchange(attrs.perm as number[]);
    return moved && isFloat(backend, x) && hasElements(x) ? transpose(backend, x, ...moved) : null;
  };

  const kernels = {
    Conv2D: conv2d,
    FusedConv2D: conv2d,
    Conv2DBackpropInput: inputGradient,
    Conv2DBackpropFilter: filterGradient,
    BatchMatMul: product,
    _FusedMatMul: product,
    MaxPoolGrad: poolGradient,
    Sum: sum,
    Transpose: transposition,
  };
  return { kernels, plan };
}

/** What is installed; the last one computes. */
interface Installed {
  readonly kernels: Kernels["kernels"];
  readonly plan: ConvolutionPlanner | null;
}

const installed: Installed[] = [];

/** tfjs's own kernels where ours stand. */
const stock = new Map<string, tf.KernelConfig>();

/** How the programs that are installed compute convolutions; null where none are. */
export function installedPlanner(): ConvolutionPlanner | null {
  return installed.at(-1)?.plan ?? null;
}

function register(config: tf.KernelConfig): void {
  tf.unregisterKernel(config.kernelName, "webgpu");
  tf.registerKernel(config);
}

/** Has the last one compute, beside tfjs's own kernels. */
function compute(): void {
  for (const config of stock.values()) register(config);
  stock.clear();
  setPrograms((installed.at(-1)?.plan ?? null) !== null);
  for (const [kernelName, kernel] of Object.entries(installed.at(-1)?.kernels ?? {})) {
    const own = tf.getKernel(kernelName, "webgpu");
    if (!own) continue;
    stock.set(kernelName, own);
    register({
      kernelName,
      backendName: "webgpu",
      kernelFunc: (args) => {
        const { inputs, attrs, backend } = args as unknown as KernelArguments;
        return kernel(backend as GpuBackend, inputs, attrs) ?? own.kernelFunc(args);
      },
    });
  }
}

/**
 * Has tfjs's `webgpu` backend compute with our programs: convolutions and their gradients, products
 * of matrices, the gradient of 2 x 2 max pooling, sums over all but the last axis, transpositions.
 * Models, layers and gradients need not know. What is installed last computes, until it is taken out.
 *
 * Call `await checkPrograms()` after the first step: it throws for a program that the GPU refused.
 *
 * @param options How to choose among the programs.
 * @returns Takes them out again.
 */
export function useFerKernels(options: KernelOptions = {}): () => void {
  return install(kernelsOf(options));
}

/**
 * Has tfjs's `webgpu` backend compute with its own kernels, whatever was installed.
 *
 * @returns Takes that back.
 */
export function useStockKernels(): () => void {
  return install({ kernels: {}, plan: null });
}

function install(mine: Installed): () => void {
  installed.push(mine);
  compute();
  return () => {
    const at = installed.indexOf(mine);
    if (at < 0) return;
    installed.splice(at, 1);
    compute();
  };
}
