/**
 * The product that all the others are made of: C[z] = A[z] B[z], with A `[rows, depth]`, B
 * `[depth, columns]`, and functions in WGSL that say where their elements lie.
 *
 * A thread computes `rows` x `columns` outputs in registers. Three families:
 *
 * - `tile`: the threads of a workgroup fetch a slice of A and B into workgroup memory together and
 *   read it from there. What hardware wants; and software adapters too, when the register tile is
 *   large, because storage is read with a bounds check for every lane and workgroup memory without.
 * - `register`: each thread reads A and B from storage by itself. Nothing to fill and no barrier:
 *   what small products want.
 * - `subgroup`: each thread of a subgroup has rows of its own; they fetch a row of B together, a
 *   number each, and hand the numbers round. What software adapters want, where a fetch takes as long
 *   as 20 multiplications and handing round nothing.
 *
 * @module
 */
import type { GpuBackend, Program } from "./program.ts";
import { range } from "./range.ts";
import { subgroupsOf } from "./subgroups.ts";

/** How a product is cut up. Plain data: tables of it are tried and chosen from. */
export interface ProductCandidate {
  /** Through workgroup memory, straight from storage, or handed round in a subgroup. */
  readonly family: "tile" | "register" | "subgroup";
  /** Rows of C that a thread computes: a multiple of 4, but for `subgroup`. */
  readonly rows: number;
  /** Columns of C that a thread computes: a multiple of 4, of the subgroup's size for `subgroup`. */
  readonly columns: number;
  /** Threads of a workgroup along the rows: those of a subgroup for `subgroup`. */
  readonly down: number;
  /** Threads of a workgroup along the columns: subgroups side by side for `subgroup`. */
  readonly across: number;
  /**
   * How much of the depth lies in workgroup memory at a time, a multiple of 4, for `tile`; how much
   * of it is summed at once for `subgroup`.
   */
  readonly depth: number;
}

/** A product for {@linkcode productProgram}. */
export interface ProductSource {
  /** What error messages call it. */
  readonly name: string;
  /**
   * Bindings and functions: `fn size() -> vec3u` gives rows, columns and depth; `fn span(z: u32) ->
   * vec2u` the part of the depth that slice z sums; `fn a4(row, k, z) -> vec4f` and `fn b4(k, column,
   * z) -> vec4f` give four neighbours, and zeros for what lies outside; for the family `subgroup` in
   * their place `fn a1(row, k, z) -> f32` and `fn b1(k, column, z) -> f32`, or `a4` and `b4` where both
   * take one fetch, which give zeros
   * beyond the depth and anything for other rows and columns; `fn put(row, column, z, value: vec4f)` takes
   * four columns and leaves out what lies outside.
   */
  readonly functions: string;
  /** Which neighbours `a4` gives. */
  readonly aAlong: "row" | "depth";
  /** Which neighbours `b4` gives. */
  readonly bAlong: "column" | "depth";
  /** Whether `a4` takes one fetch: with `wideB`, the family `subgroup` may use both. */
  readonly wideA?: boolean;
  /** Whether `b4` takes one fetch. */
  readonly wideB?: boolean;
}

/** Rows of C that a workgroup computes. */
export const rowsOf = (c: ProductCandidate): number => c.rows * c.down;
/** Columns of C that a workgroup computes. */
export const columnsOf = (c: ProductCandidate): number => c.columns * c.across;

/** What the program of a candidate begins with on a device. */
export const directiveOf = ({ device }: GpuBackend, { family }: ProductCandidate): string =>
  family === "subgroup" ? subgroupsOf(device).directive : "";

/** Whether the family `subgroup` fetches in fours: half of the time for each number. */
export function isWide(
  { aAlong, bAlong, wideA, wideB }: Pick<ProductSource, "aAlong" | "bAlong" | "wideA" | "wideB">,
  { rows, columns, down }: ProductCandidate,
): boolean {
  return aAlong === "row" && bAlong === "column" && !!wideA && !!wideB && rows % 4 === 0 &&
    columns % (4 * down) === 0;
}

/** The program of the family `subgroup`. */
function subgroupProgram(
  source: ProductSource,
  candidate: ProductCandidate,
  directive: string,
): string {
  const { rows, columns, down: lanes, across, depth: unroll } = candidate;
  const lines: string[] = [];
  // How many numbers a thread fetches at once; row i of a thread and its first in a workgroup.
  const wide = isWide(source, candidate) ? 4 : 1;
  const rowOf = (i: number) => Math.floor(i / wide) * wide * lanes + i % wide;
  const element = (i: number) => wide > 1 ? `.${"xyzw"[i % 4]}` : "";
  for (const k of range(unroll)) {
    for (const q of range(columns / lanes / wide)) {
      const column = `left + ${q * lanes * wide}u + lane * ${wide}u`;
      lines.push(`let b${q}_${k} = b${wide}(k + ${k}u, ${column}, z);`);
    }
    for (const q of range(rows / wide)) {
      lines.push(`let a${q}_${k} = a${wide}(top + ${rowOf(q * wide)}u, k + ${k}u, z);`);
    }
  }
  for (const j of range(columns)) {
    for (const k of range(unroll)) {
      const from = `b${Math.floor(j / lanes / wide)}_${k}${element(j)}`;
      const owner = Math.floor(j % (lanes * wide) / wide);
      lines.push(`let v${j}_${k} = subgroupBroadcast(${from}, ${owner}u);`);
    }
    // All of an accumulator's terms at once, for between them it lies in memory.
    for (const i of range(rows)) {
      const terms = range(unroll).map((k) =>
        `a${Math.floor(i / wide)}_${k}${element(i)} * v${j}_${k}`
      );
      lines.push(`c${i}_${j} = c${i}_${j} + ${terms.join(" + ")};`);
    }
  }
  const accumulators = range(rows).flatMap((i) => range(columns).map((j) => `c${i}_${j}`));
  const quads = columns / 4;
  const keeps = range(rows).flatMap((i) =>
    range(quads).map((q) =>
      `sums[${i * quads + q}] = vec4f(${range(4).map((e) => `c${i}_${4 * q + e}`).join(", ")});`
    )
  );
  // One copy of `put`, in a loop whose end does not look like a constant: see below.
  return `${directive}${source.functions}
@compute @workgroup_size(${lanes * across})
fn main(@builtin(workgroup_id) w: vec3u, @builtin(local_invocation_index) l: u32,
  @builtin(subgroup_invocation_id) lane: u32) {
  let z = w.z;
  let top = w.x * ${rows * lanes}u + lane * ${wide}u;
  let left = w.y * ${columns * across}u + (l / ${lanes}u) * ${columns}u;
  let bounds = span(z);
  ${accumulators.map((name) => `var ${name} = 0.0;`).join("\n  ")}
  for (var k = bounds.x; k < bounds.y; k += ${unroll}u) {
    ${lines.join("\n    ")}
  }
  var sums: array<vec4f, ${rows * quads}>;
  ${keeps.join("\n  ")}
  let count = min(${rows * quads}u, ${rows * quads}u + bounds.x);
  for (var n = 0u; n < count; n++) {
    let i = n / ${quads}u;
    put(top + i / ${wide}u * ${
    wide * lanes
  }u + i % ${wide}u, left + n % ${quads}u * 4u, z, sums[n]);
  }
}`;
}

/**
 * Writes the program of a product.
 *
 * Start `[ceil(rows / rowsOf), ceil(columns / columnsOf), z]` workgroups of it.
 *
 * @param source Its operands.
 * @param candidate How to cut it up.
 * @param directive What a program that uses subgroups begins with.
 */
export function productProgram(
  source: ProductSource,
  candidate: ProductCandidate,
  directive = "",
): Program {
  const name = `${source.name} (${describe(candidate)})`;
  if (candidate.family === "subgroup") {
    return { name, code: subgroupProgram(source, candidate, directive) };
  }
  const { rows, columns, down, across, depth, family } = candidate;
  const { aAlong, bAlong } = source;
  const [height, width] = [rowsOf(candidate), columnsOf(candidate)];
  const lanes = down * across;
  const isTile = family === "tile";
  const unroll = aAlong === "depth" || bAlong === "depth" ? 4 : 1;
  const quads = { a: rows / 4, b: columns / 4 };

  // Row i of a thread is i % 4 of the group 4 (i / 4 * down + y); columns alike.
  const fetchA = isTile
    ? (q: number, k: number) =>
      aAlong === "row"
        ? `SA[(k + ${k}u) * ${height / 4}u + ${q * down}u + y]`
        : `SA[(k / 4u) * ${height}u + ${(q >> 2) * down * 4 + (q & 3)}u + y * 4u]`
    : (q: number, k: number) =>
      aAlong === "row"
        ? `a4(row + ${q * down * 4}u, k + ${k}u, z)`
        : `a4(row + ${(q >> 2) * down * 4 + (q & 3)}u, k, z)`;
  const fetchB = isTile
    ? (j: number, k: number) =>
      bAlong === "column"
        ? `SB[(k + ${k}u) * ${width / 4}u + ${j * across}u + x]`
        : `SB[(k / 4u) * ${width}u + ${(j >> 2) * across * 4 + (j & 3)}u + x * 4u]`
    : (j: number, k: number) =>
      bAlong === "column"
        ? `b4(k + ${k}u, column + ${j * across * 4}u, z)`
        : `b4(k, column + ${(j >> 2) * across * 4 + (j & 3)}u, z)`;

  const lines: string[] = [];
  for (const k of range(bAlong === "column" ? unroll : 1)) {
    for (const j of range(bAlong === "column" ? quads.b : columns)) {
      lines.push(`let b${j}_${k} = ${fetchB(j, k)};`);
    }
  }
  for (const k of range(aAlong === "row" ? unroll : 1)) {
    for (const q of range(aAlong === "row" ? quads.a : rows)) {
      lines.push(`let a${q}_${k} = ${fetchA(q, k)};`);
    }
  }
  const aAt = (i: number, k: number) =>
    aAlong === "row" ? `a${i >> 2}_${k}.${"xyzw"[i & 3]}` : `a${i}_0.${"xyzw"[k]}`;
  const bAt = (j: number, k: number) =>
    bAlong === "column"
      ? `b${j}_${k}`
      : `vec4f(${range(4).map((e) => `b${4 * j + e}_0.${"xyzw"[k]}`).join(", ")})`;
  // All of an accumulator's terms at once: between loops it lives in memory, not in a register.
  for (const i of range(rows)) {
    for (const j of range(quads.b)) {
      const terms = range(unroll).map((k) => `${aAt(i, k)} * ${bAt(j, k)}`);
      lines.push(`c${i}_${j} = c${i}_${j} + ${terms.join(" + ")};`);
    }
  }
  const accumulators = range(rows).flatMap((i) =>
    range(quads.b).map((j) => `var c${i}_${j} = vec4f();`)
  );
  // One copy of `put` in a loop: written out for every accumulator, it takes most of the compiler's
  // time.
  const keeps = range(rows).flatMap((i) =>
    range(quads.b).map((j) => `sums[${i * quads.b + j}] = c${i}_${j};`)
  );
  const fills = aAlong === "row"
    ? `for (var i = l; i < ${depth * height / 4}u; i += ${lanes}u) {
      SA[i] = a4(top + (i % ${height / 4}u) * 4u, base + i / ${height / 4}u, z);
    }`
    : `for (var i = l; i < ${depth * height / 4}u; i += ${lanes}u) {
      SA[(i % ${depth / 4}u) * ${height}u + i / ${depth / 4}u] =
        a4(top + i / ${depth / 4}u, base + (i % ${depth / 4}u) * 4u, z);
    }`;
  const fillsB = bAlong === "column"
    ? `for (var i = l; i < ${depth * width / 4}u; i += ${lanes}u) {
      SB[i] = b4(base + i / ${width / 4}u, left + (i % ${width / 4}u) * 4u, z);
    }`
    : `for (var i = l; i < ${depth * width / 4}u; i += ${lanes}u) {
      SB[(i % ${depth / 4}u) * ${width}u + i / ${depth / 4}u] =
        b4(base + (i % ${depth / 4}u) * 4u, left + i / ${depth / 4}u, z);
    }`;
  // The inner loop's end is not a constant, or the driver's compiler would unroll it.
  const sum = isTile
    ? `for (var base = bounds.x; base < bounds.y; base += ${depth}u) {
    ${fills}
    ${fillsB}
    workgroupBarrier();
    let deep = min(${depth}u, bounds.y - base);
    for (var k = 0u; k < deep; k += ${unroll}u) {
      ${lines.join("\n      ")}
    }
    workgroupBarrier();
  }`
    : `for (var k = bounds.x; k < bounds.y; k += ${unroll}u) {
    ${lines.join("\n    ")}
  }`;
  const code = `${source.functions}
${
    isTile
      ? `var<workgroup> SA: array<vec4f, ${depth * height / 4}>;
var<workgroup> SB: array<vec4f, ${depth * width / 4}>;`
      : ""
  }
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) w: vec3u, @builtin(local_invocation_index) l: u32) {
  let z = w.z;
  let x = l % ${across}u;
  let y = l / ${across}u;
  let top = w.x * ${height}u;
  let left = w.y * ${width}u;
  let row = top + y * 4u;
  let column = left + x * 4u;
  let bounds = span(z);
  ${accumulators.join("\n  ")}
  ${sum}
  var sums: array<vec4f, ${rows * quads.b}>;
  ${keeps.join("\n  ")}
  // As above, the end must not look like a constant.
  let count = min(${rows * quads.b}u, ${rows * quads.b}u + bounds.x);
  for (var n = 0u; n < count; n++) {
    let i = n / ${quads.b}u;
    let j = n % ${quads.b}u;
    put(row + (i / 4u) * ${down * 4}u + i % 4u, column + j * ${across * 4}u, z, sums[n]);
  }
}`;
  return { name, code };
}

/** A candidate in a few letters: `tile 16x16, 8x8 threads, depth 16`. */
export function describe({ family, rows, columns, down, across, depth }: ProductCandidate): string {
  const deep = family === "register" ? "" : `, depth ${depth}`;
  return `${family} ${rows}x${columns}, ${down}x${across} threads${deep}`;
}
