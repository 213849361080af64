/**
 * Batch normalization of `[batch, height, width, channels]`, alone, with ReLU, or with ReLU and a 2x2
 * max pool after it, in one pass over memory:
 *
 *     z = (x - mean) gamma r + beta      y = z, max(z, 0) or the maximum of max(z, 0) in each window
 *
 * Each thread computes a row of outputs of one group of channels.
 *
 * @module
 */
import { larger } from "./max_pool.ts";
import {
  comesOutEven,
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
import { groupsOf } from "./stretches.ts";

/** What follows a batch normalization in the same program. */
export type AfterNorm = "nothing" | "relu" | "relu and pool";

/** The output's shape. */
export function normalizedShape(shape: readonly number[], after: AfterNorm): number[] {
  const [batch, height, width, channels] = shape;
  return after === "relu and pool"
    ? [batch, Math.floor(height / 2), Math.floor(width / 2), channels]
    : [...shape];
}

/** Thread (image, output row, group of channels). */
function normalizeProgram(
  [batch, height, width, channels]: readonly number[],
  after: AfterNorm,
  evaluating: boolean,
): Program {
  const { alias, count: G } = groupsOf(channels);
  const [, outHeight, outWidth] = normalizedShape([batch, height, width, channels], after);
  const bindings: [string, string][] = evaluating
    ? ["X", "mean", "variance", "gamma", "beta", "Y"].map((name) => [name, "E"])
    : ["X", "P", "Y"].map((name) => [name, "E"]);
  const constants = evaluating
    ? `  let m = mean[c];
  let scale = gamma[c] / sqrt(variance[c] + d.x);
  let shift = beta[c];`
    : `  let m = P[c];
  let scale = P[c + ${2 * G}u];
  let shift = P[c + ${3 * G}u];`;
  const z = (at: string) => `(X[${at}] - m) * scale + shift`;
  const body = after === "relu and pool"
    ? `    let z0 = ${z("at")};
    let z1 = ${z(`at + ${G}u`)};
    let z2 = ${z(`at + ${width * G}u`)};
    let z3 = ${z(`at + ${width * G + G}u`)};
    let u = ${larger("z0", "z1")};
    let v = ${larger("z2", "z3")};
    let z = ${larger("u", "v")};
    Y[to] = select(z, E(), z < E());
    at += ${2 * G}u;`
    : `    let z = ${z("at")};
    Y[to] = ${after === "relu" ? "select(z, E(), z < E())" : "z"};
    at += ${G}u;`;
  const step = after === "relu and pool" ? 2 : 1;
  const count = batch * outHeight * G;
  return {
    name: `batch normalization, then ${after}`,
    code: `${alias}
${storage(bindings)}
${evaluating ? `@group(0) @binding(${bindings.length}) var<uniform> d: vec4f; // epsilon` : ""}
${
      threadMain(`${comesOutEven(count) ? "" : `  if (id >= ${count}u) { return; }`}
  let c = id % ${G}u;
  let row = id / ${G}u;
${constants}
  var at = ((row / ${outHeight}u) * ${height}u + (row % ${outHeight}u) * ${step}u) * ${
        width * G
      }u + c;
  var to = row * ${outWidth * G}u + c;
  for (var x = 0u; x < ${outWidth}u; x++) {
${body}
    to += ${G}u;
  }`)
    }`,
  };
}

/**
 * Normalizes by the statistics of a batch.
 *
 * @param backend tfjs's backend.
 * @param x `[batch, height, width, channels]`, float32.
 * @param normalization What `batchStatistics()` gave.
 * @param after What follows.
 */
export function normalizeBatch(
  backend: GpuBackend,
  x: KernelTensor,
  normalization: KernelTensor,
  after: AfterNorm,
): KernelTensor {
  const y = output(backend, normalizedShape(x.shape, after));
  const [batch, height, , channels] = y.shape;
  run(
    backend,
    programOf(normalizeProgram, x.shape, after, false),
    [x, normalization, y],
    threads(batch * height * groupsOf(channels).count),
  );
  return y;
}

/** What a batch normalization knows outside of training, each `[channels]`. */
export interface NormWeights {
  /** The running mean. */
  readonly mean: KernelTensor;
  /** The running variance. */
  readonly variance: KernelTensor;
  /** The scale. */
  readonly gamma: KernelTensor;
  /** The shift. */
  readonly beta: KernelTensor;
}

/**
 * Normalizes by running statistics.
 *
 * @param backend tfjs's backend.
 * @param x `[batch, height, width, channels]`, float32.
 * @param weights Statistics, scale and shift.
 * @param epsilon What is added to the variance.
 * @param after What follows.
 */
export function normalizeByRunning(
  backend: GpuBackend,
  x: KernelTensor,
  { mean, variance, gamma, beta }: NormWeights,
  epsilon: number,
  after: AfterNorm,
): KernelTensor {
  const y = output(backend, normalizedShape(x.shape, after));
  const [batch, height, , channels] = y.shape;
  run(
    backend,
    programOf(normalizeProgram, x.shape, after, true),
    [x, mean, variance, gamma, beta, y],
    threads(batch * height * groupsOf(channels).count),
    new Uint32Array(new Float32Array([epsilon, 0, 0, 0]).buffer),
  );
  return y;
}
