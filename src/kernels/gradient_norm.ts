/**
 * What gradients are to be multiplied with so that their common norm is at most a given one:
 *
 *     factor = min(1, most / (sqrt(sum(g^2)) + 1e-6))
 *
 * For each gradient, each of 1,024 threads sums every 1,024th square; the sums of all gradients are
 * added up to 64, and one thread adds these.
 *
 * @module
 */
import { columnSumInto } from "./column_sum.ts";
import {
  borrow,
  giveBack,
  type GpuBackend,
  type KernelTensor,
  output,
  type Program,
  run,
  storage,
  threadMain,
  threads,
} from "./program.ts";

const WORKERS = 1024;
const COLUMNS = 64;

const SQUARES: Program = {
  name: "gradient norm: squares",
  code: `${storage([["G", "f32"], ["S", "f32"]])}
@group(0) @binding(2) var<uniform> d: vec4u; // elements, where the sums go
${
    threadMain(`  var sum = 0.0;
  for (var i = id; i < d.x; i += ${WORKERS}u) { sum += G[i] * G[i]; }
  S[d.y + id] = sum;`)
  }`,
};

const FACTOR: Program = {
  name: "gradient norm: factor",
  code: `${storage([["S", "f32"], ["F", "f32"]])}
@group(0) @binding(2) var<uniform> d: vec4f; // the largest norm
${
    threadMain(`  if (id > 0u) { return; }
  var sum = 0.0;
  for (var i = 0u; i < ${COLUMNS}u; i++) { sum += S[i]; }
  let factor = d.x / (sqrt(sum) + 1e-6);
  F[0] = select(factor, 1.0, factor > 1.0);`)
  }`,
};

/**
 * The factor that clips gradients to a norm.
 *
 * @param backend tfjs's backend.
 * @param gradients One or more of any shapes, float32.
 * @param most The largest norm.
 * @returns A scalar.
 */
export function clippingFactor(
  backend: GpuBackend,
  gradients: readonly KernelTensor[],
  most: number,
): KernelTensor {
  const sums = borrow(backend, gradients.length * WORKERS);
  gradients.forEach((gradient, i) => {
    const count = gradient.shape.reduce((a, b) => a * b, 1);
    const words = new Uint32Array([count, i * WORKERS, 0, 0]);
    run(backend, SQUARES, [gradient, sums], threads(WORKERS), words);
  });
  const few = borrow(backend, COLUMNS);
  columnSumInto(backend, sums, few, gradients.length * WORKERS / COLUMNS, COLUMNS);
  const factor = output(backend, []);
  const words = new Uint32Array(new Float32Array([most, 0, 0, 0]).buffer);
  run(backend, FACTOR, [few, factor], [1, 1, 1], words);
  giveBack(backend, sums, few);
  return factor;
}
