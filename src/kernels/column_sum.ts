/**
 * Sums over all but the last axis: sums[c] = sum over r of X[r, c], X `[rows, columns]`.
 *
 * Each thread sums one stretch of rows of a group of columns; a second program adds the stretches.
 *
 * @module
 */
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
  storage,
  threadMain,
  threads,
} from "./program.ts";
import { groupsOf, stretchesOf } from "./stretches.ts";

/** Rows of a stretch: fewer are not worth a second program. */
const LEAST_ROWS = 16;

/** The program that sums stretches: thread (stretch, group of columns). */
function stretchProgram(alias: string): Program {
  return {
    name: "column sums",
    code: `${alias}
${storage([["X", "E"], ["S", "E"]])}
@group(0) @binding(2) var<uniform> d: vec4u; // rows, groups of columns, rows a stretch, stretches
${
      threadMain(`  if (id >= d.y * d.w) { return; }
  let column = id % d.y;
  let first = (id / d.y) * d.z;
  let last = min(first + d.z, d.x);
  var sum = E();
  for (var r = first; r < last; r++) { sum += X[r * d.y + column]; }
  S[id] = sum;`)
    }`,
  };
}

/** Records the sums of `[rows, columns]` into `into`. */
export function columnSumInto(
  backend: GpuBackend,
  x: Bound,
  into: Bound,
  rows: number,
  columns: number,
): void {
  const { alias, count: groups } = groupsOf(columns);
  const program = programOf(stretchProgram, alias);
  const { count, length } = stretchesOf(rows, groups, LEAST_ROWS);
  const pass = (from: Bound, to: Bound, rows: number, length: number, count: number) => {
    const words = new Uint32Array([rows, groups, length, count]);
    run(backend, program, [from, to], threads(groups * count), words);
  };
  if (count === 1) return pass(x, into, rows, rows, 1);
  const partial = borrow(backend, count * columns);
  pass(x, partial, rows, length, count);
  pass(partial, into, count, count, 1);
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
