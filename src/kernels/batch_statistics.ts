/**
 * Mean and biased variance of each channel of `[rows, channels]`, and what a batch normalization by
 * them needs of each channel.
 *
 * Of its stretch of rows a thread finds the mean and the squared deviations from it, counted from the
 * stretch's first element, which lies among the others: nothing cancels. A second program has each
 * thread put the stretches of its channels together (Chan, Golub and LeVeque, 1983):
 *
 *     mean = sum(n_i mean_i) / n      n variance = sum(M_i + n_i (mean_i - mean)^2)
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import { inPlace } from "./in_place.ts";
import {
  borrow,
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
import { groupsOf, type Stretches, stretchesOf } from "./stretches.ts";

/** Running statistics that take the batch's in. */
export interface RunningStatistics {
  /** The running mean. */
  readonly mean: tf.Variable;
  /** The running unbiased variance. */
  readonly variance: tf.Variable;
  /** The share of the batch. */
  readonly momentum: number;
  /** Added to the batch's mean: a bias that was left out of what is normalized. */
  readonly bias?: KernelTensor;
}

/** Thread (stretch, group of channels). */
function stretchStatisticsProgram(channels: number, rows: number, s: Stretches): Program {
  const { alias, count: G } = groupsOf(channels);
  const length = s.even
    ? `${s.length}u`
    : `min(${s.length}u, ${rows}u - (id / ${G}u) * ${s.length}u)`;
  return {
    name: "batch statistics of stretches",
    code: `${alias}
${storage([["X", "E"], ["S", "E"]])}
${
      threadMain(`${comesOutEven(G * s.count) ? "" : `  if (id >= ${G * s.count}u) { return; }`}
  let count = ${length};
  var at = (id / ${G}u) * ${s.length * G}u + id % ${G}u;
  let origin = X[at];
  var sum = E();
  var squares = E();
  for (var r = 0u; r < count; r++) {
    let v = X[at] - origin;
    sum += v;
    squares += v * v;
    at += ${G}u;
  }
  let mean = sum / f32(count);
  S[id] = origin + mean;
  S[id + ${G * s.count}u] = max(squares - mean * sum, E());`)
    }`,
  };
}

/** Thread (group of channels). */
function statisticsProgram(
  channels: number,
  rows: number,
  s: Stretches,
  running: boolean,
  bias: boolean,
): Program {
  const { alias, count: G } = groupsOf(channels);
  const bindings: [string, string][] = [["S", "E"], ["gamma", "E"], ["beta", "E"]];
  if (bias) bindings.push(["bias", "E"]);
  bindings.push(["P", "E"]);
  if (running) bindings.push(["runningMean", "E"], ["runningVar", "E"]);
  const written = running ? 3 : 1;
  const n = (i: string) =>
    s.even ? `${s.length}.0` : `f32(min(${s.length}u, ${rows}u - ${i} * ${s.length}u))`;
  return {
    name: "batch statistics",
    code: `${alias}
${storage(bindings, written)}
@group(0) @binding(${bindings.length}) var<uniform> d: vec4f; // epsilon, momentum
${
      threadMain(`  if (id >= ${G}u) { return; }
  var sum = E();
  for (var i = 0u; i < ${s.count}u; i++) { sum += S[i * ${G}u + id] * ${n("i")}; }
  let mean = sum / ${rows}.0;
  var squares = E();
  for (var i = 0u; i < ${s.count}u; i++) {
    let v = S[i * ${G}u + id] - mean;
    squares += S[(i + ${s.count}u) * ${G}u + id] + v * v * ${n("i")};
  }
  let variance = squares / ${rows}.0;
  let r = E(1.0) / sqrt(variance + d.x);
  P[id] = mean;
  P[id + ${G}u] = r;
  P[id + ${2 * G}u] = gamma[id] * r;
  P[id + ${3 * G}u] = beta[id];
${
        running
          ? `  runningMean[id] = runningMean[id] * (1.0 - d.y) + (mean${
            bias ? " + bias[id]" : ""
          }) * d.y;
  runningVar[id] = runningVar[id] * (1.0 - d.y) + squares * (d.y / ${Math.max(1, rows - 1)}.0);`
          : ""
      }`)
    }`,
  };
}

/**
 * What normalizing a batch by its own statistics needs.
 *
 * @param backend tfjs's backend.
 * @param x `[..., channels]`, float32, not empty.
 * @param gamma The scale, `[channels]`.
 * @param beta The shift, `[channels]`.
 * @param epsilon What is added to the variance.
 * @param running Running statistics to update, if any.
 * @returns `[4, channels]`: mean, r = 1 / sqrt(variance + epsilon), gamma r, beta.
 */
export function batchStatistics(
  backend: GpuBackend,
  x: KernelTensor,
  gamma: KernelTensor,
  beta: KernelTensor,
  epsilon: number,
  running?: RunningStatistics,
): KernelTensor {
  const channels = x.shape[x.shape.length - 1];
  const rows = x.shape.slice(0, -1).reduce((a, b) => a * b, 1);
  const groups = groupsOf(channels).count;
  const s = stretchesOf(rows, groups);
  const partial = borrow(backend, 2 * s.count * channels);
  run(
    backend,
    programOf(stretchStatisticsProgram, channels, rows, s),
    [x, partial],
    threads(groups * s.count),
  );
  const normalization = output(backend, [4, channels]);
  const bindings: (KernelTensor | GPUBuffer)[] = [partial, gamma, beta];
  if (running?.bias) bindings.push(running.bias);
  bindings.push(normalization);
  if (running) bindings.push(inPlace(backend, running.mean), inPlace(backend, running.variance));
  run(
    backend,
    programOf(statisticsProgram, channels, rows, s, !!running, !!running?.bias),
    bindings,
    threads(groups),
    new Uint32Array(new Float32Array([epsilon, running?.momentum ?? 0, 0, 0]).buffer),
  );
  giveBack(backend, partial);
  return normalization;
}
