/**
 * Sums over all but the last axis: sums[c] = sum over r of X[r, c], X `[rows, columns]`.
 *
 * Each thread sums one stretch of rows of a group of columns; a second program adds the stretches.
 * The order depends on the shape alone, so the same input always gives the same bits.
 *
 * @module
 */
import {
  borrow,
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

/** The program that sums stretches: thread (stretch, group of columns). */
function stretchProgram(wide: boolean): Program {
  const element = wide ? "vec4f" : "f32";
  return {
    name: `column sums (${element})`,
    code: `${storage([["X", element], ["S", element]])}
// rows, columns (in elements of X), rows a stretch, stretches
@group(0) @binding(2) var<uniform> d: vec4u;
${
      threadMain(`  if (id >= d.y * d.w) { return; }
  let column = id % d.y;
  let first = (id / d.y) * d.z;
  let last = min(first + d.z, d.x);
  var sum = ${element}();
  for (var r = first; r < last; r++) { sum += X[r * d.y + column]; }
  S[id] = sum;`)
    }`,
  };
}

/** How many stretches to cut rows into: enough threads to keep an adapter busy, few to add up. */
export function stretchesOf(rows: number, columns: number): number {
  const wanted = Math.ceil(16_384 / columns);
  return Math.max(1, Math.min(wanted, Math.ceil(rows / 16), 512));
}

/** Records the sums of `[rows, columns]` into `into`. */
export function columnSumInto(
  backend: GpuBackend,
  x: KernelTensor | GPUBuffer,
  into: KernelTensor | GPUBuffer,
  rows: number,
  columns: number,
): void {
  const wide = columns % 4 === 0;
  const program = programOf(stretchProgram, wide);
  const groups = wide ? columns / 4 : columns;
  const pass = (
    from: KernelTensor | GPUBuffer,
    to: KernelTensor | GPUBuffer,
    length: number,
    stretches: number,
  ) =>
    run(
      backend,
      program,
      [from, to],
      threads(groups * stretches),
      new Uint32Array([length, groups, Math.ceil(length / stretches), stretches]),
    );
  const stretches = stretchesOf(rows, groups);
  if (stretches === 1) return pass(x, into, rows, 1);
  const partial = borrow(backend, stretches * columns);
  pass(x, partial, rows, stretches);
  pass(partial, into, stretches, 1);
  giveBack(backend, partial);
}

/**
 * Sums over all but the last axis.
 *
 * @param backend tfjs's backend.
 * @param x `[..., columns]`, float32.
 * @returns `[columns]`.
 */
export function columnSum(backend: GpuBackend, x: KernelTensor): KernelTensor {
  const columns = x.shape[x.shape.length - 1];
  const rows = x.shape.slice(0, -1).reduce((a, b) => a * b, 1);
  const sums = output(backend, [columns]);
  columnSumInto(backend, x, sums, rows, columns);
  return sums;
}
