/**
 * Convolution with the batch normalization after it folded into its weights, for inference: with a
 * running mean m and variance v, and per output channel
 *
 *     s = gamma / sqrt(v + epsilon)      W' = W s      bias' = beta + (bias - m) s
 *
 * the convolution by W' with bias' gives what the two give one after the other. An activation and 2x2
 * max pooling may follow in the same program.
 *
 * @module
 */
import { faultsOf } from "../gpu/faults.ts";
import { type ConvolutionShape, convolve } from "./convolution.ts";
import type { ConvolutionPlan } from "./convolution_plan.ts";
import type { Activation } from "./epilogue.ts";
import { maxPool } from "./max_pool.ts";
import {
  borrow,
  type Bound,
  giveBack,
  type GpuBackend,
  type KernelTensor,
  type Program,
  programOf,
  run,
  storage,
  threadMain,
  threads,
} from "./program.ts";
import { convolveSingle } from "./single_channel.ts";
import { groupsOf } from "./stretches.ts";
import { winogradFilter, winogradFiltered } from "./winograd.ts";

/** What is folded. */
export interface ConvolutionAndNorm {
  /** `[height, width, channels, filters]`. */
  readonly filter: KernelTensor;
  /** `[filters]`. */
  readonly bias?: KernelTensor;
  /** The running mean, `[filters]`. */
  readonly mean: KernelTensor;
  /** The running variance, `[filters]`. */
  readonly variance: KernelTensor;
  /** The scale, `[filters]`. */
  readonly gamma: KernelTensor;
  /** The shift, `[filters]`. */
  readonly beta: KernelTensor;
  /** What is added to the variance. */
  readonly epsilon: number;
}

/** What follows. */
export interface AfterConvolution {
  /** Applied to each output. */
  readonly activation: Activation;
  /** Whether a 2x2 max pool comes last; the output is then at least 2 in height and width. */
  readonly pool: boolean;
}

/** Thread (output channel). */
function scaleAndShiftProgram(bias: boolean): Program {
  const names = ["mean", "variance", "gamma", "beta", ...(bias ? ["bias"] : []), "S", "B"];
  return {
    name: "folding: scale and shift",
    code: `${storage(names.map((name) => [name, "f32"] as const), 2)}
struct Sizes { epsilon: f32, count: u32, none: vec2u }
@group(0) @binding(${names.length}) var<uniform> d: Sizes;
${
      threadMain(`  if (id >= d.count) { return; }
  let scale = gamma[id] / sqrt(variance[id] + d.epsilon);
  S[id] = scale;
  B[id] = beta[id] + (${bias ? "bias[id] " : ""}- mean[id]) * scale;`)
    }`,
  };
}

/** W' = W s: thread (weight, group of channels). */
function scaleFilterProgram(channels: number): Program {
  const { alias, count: G } = groupsOf(channels);
  return {
    name: "folding: filter",
    code: `${alias}
${storage([["W", "E"], ["S", "E"], ["Y", "E"]])}
@group(0) @binding(3) var<uniform> d: vec4u; // threads
${
      threadMain(`  if (id >= d.x) { return; }
  Y[id] = W[id] * S[id % ${G}u];`)
    }`,
  };
}

/**
 * Folds weights once and computes with them until one of them changes.
 *
 * Whatever gives a variable new values gives it new data, `tf.Variable.assign()` and the programs
 * that write variables in place alike; so the data are what is compared.
 */
export class FoldedConvolution {
  #backend: GpuBackend | null = null;
  /** The device's generation in which they were folded: one that ended with a refusal is not kept. */
  #generation = 0;
  #data: readonly unknown[] = [];
  #scale: GPUBuffer | null = null;
  #bias: GPUBuffer | null = null;
  /** Folded filters by how a plan wants them: images of other sizes may want another. */
  readonly #filters = new Map<string, GPUBuffer>();

  /**
   * Convolves by the folded weights.
   *
   * @param backend tfjs's backend.
   * @param x `[batch, height, width, channels]`, float32.
   * @param weights The weights as they are.
   * @param shape Sizes.
   * @param plan Which programs compute it.
   * @param after What follows.
   * @returns `[batch, outHeight, outWidth, outChannels]`, or half that height and width after a pool.
   */
  apply(
    backend: GpuBackend,
    x: KernelTensor,
    weights: ConvolutionAndNorm,
    shape: ConvolutionShape,
    plan: ConvolutionPlan,
    { activation, pool }: AfterConvolution,
  ): KernelTensor {
    const { scale, bias } = this.#scaleAndShift(backend, weights);
    const folded = (kind: string, fold: () => GPUBuffer): GPUBuffer => {
      let filter = this.#filters.get(kind);
      if (!filter) this.#filters.set(kind, filter = fold());
      return filter;
    };
    if (plan.algorithm === "winograd") {
      const { tile, candidate } = plan;
      const fold = () => winogradFilter(backend, weights.filter, tile, scale);
      const U = folded(`winograd ${tile}`, fold);
      return winogradFiltered(backend, x, U, shape, tile, candidate, bias, activation, pool);
    }
    const filter = folded("plain", () => scaledFilter(backend, weights.filter, scale));
    if (plan.algorithm === "single channel") {
      return convolveSingle(backend, x, filter, shape, bias, activation, pool);
    }
    const y = convolve(backend, x, filter, shape, plan.candidate, bias, activation);
    if (!pool) return y;
    const pooled = maxPool(backend, y);
    backend.disposeData(y.dataId);
    return pooled;
  }

  /** Gives back what the folded weights take on the GPU. */
  release(): void {
    const buffers = [this.#scale, this.#bias, ...this.#filters.values()];
    if (this.#backend) giveBack(this.#backend, ...buffers.filter((buffer) => buffer !== null));
    this.#forget();
  }

  #forget(): void {
    this.#backend = this.#scale = this.#bias = null;
    this.#data = [];
    this.#filters.clear();
  }

  /** Scale and shift of these weights, anew when one has changed. */
  #scaleAndShift(
    backend: GpuBackend,
    weights: ConvolutionAndNorm,
  ): { scale: GPUBuffer; bias: GPUBuffer } {
    const { filter, bias, mean, variance, gamma, beta, epsilon } = weights;
    const tensors = [mean, variance, gamma, beta, ...(bias ? [bias] : [])];
    const data = [filter, ...tensors].map(({ dataId }) => dataId);
    // Another backend's buffers went with it.
    if (this.#backend !== backend) this.#forget();
    const isSame = data.length === this.#data.length && data.every((id, i) => id === this.#data[i]);
    const { generation } = faultsOf(backend.device);
    const isSound = generation === this.#generation;
    if (isSame && isSound && this.#scale && this.#bias) {
      return { scale: this.#scale, bias: this.#bias };
    }
    this.release();
    const count = gamma.shape[0];
    this.#backend = backend;
    this.#data = data;
    this.#generation = generation;
    const [scale, shift] = [this.#scale, this.#bias] = [
      borrow(backend, count),
      borrow(backend, count),
    ];
    const words = new Uint32Array(4);
    new Float32Array(words.buffer)[0] = epsilon;
    words[1] = count;
    const bindings: Bound[] = [...tensors, scale, shift];
    run(backend, programOf(scaleAndShiftProgram, !!bias), bindings, threads(count), words);
    return { scale, bias: shift };
  }
}

function scaledFilter(backend: GpuBackend, filter: KernelTensor, scale: GPUBuffer): GPUBuffer {
  const channels = filter.shape[3];
  const size = filter.shape.reduce((a, b) => a * b, 1);
  const scaled = borrow(backend, size);
  const count = size / groupsOf(channels).size;
  run(
    backend,
    programOf(scaleFilterProgram, channels),
    [filter, scale, scaled],
    threads(count),
    new Uint32Array([count, 0, 0, 0]),
  );
  return scaled;
}
