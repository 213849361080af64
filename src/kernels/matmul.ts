/**
 * C[z] = op(A[z]) op(B[z]) + bias, through an activation: all four transposes, any size, batches that
 * may share A or B.
 *
 * @module
 */
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

/** Sizes of a product of matrices. */
export interface MatMulShape {
  /** Rows of op(A) and C. */
  readonly rows: number;
  /** Columns of op(B) and C. */
  readonly columns: number;
  /** Columns of op(A), rows of op(B). */
  readonly depth: number;
  /** How many products. */
  readonly batch: number;
  /** Whether all products share one A. */
  readonly sharedA?: boolean;
  /** Whether all products share one B. */
  readonly sharedB?: boolean;
  /** Whether A is stored `[depth, rows]`. */
  readonly transposeA: boolean;
  /** Whether B is stored `[columns, depth]`. */
  readonly transposeB: boolean;
  /**
   * Whether A is stored `[rows / ROW_BLOCK, depth, ROW_BLOCK]`, its last block full whatever lies
   * there; with `transposeA`, for its rows are side by side.
   */
  readonly blockedA?: boolean;
}

/** Rows of a block of A. */
export const ROW_BLOCK = 32;

/** Rows of A as it is stored in blocks. */
export const blockedRows = (rows: number): number => Math.ceil(rows / ROW_BLOCK) * ROW_BLOCK;

/** What is done to C before it is stored. */
export interface MatMulEpilogue {
  /** Added to each row: `[columns]`. */
  readonly bias?: KernelTensor;
  /**
   * Applied last.
   *
   * @default "linear"
   */
  readonly activation?: Activation;
  /**
   * Add to what the output holds.
   *
   * @default false
   */
  readonly accumulate?: boolean;
}

/** Four neighbours, in the direction in which they lie in memory, guarded on both sides. */
function load4(name: string, at: string, inside: (e: string) => string, wide: boolean): string {
  if (wide) return `return select(vec4f(), ${name}[(${at}) / 4u], ${inside("0u")});`;
  const one = (e: number) => `select(0.0, ${name}[${at} + ${e}u], ${inside(`${e}u`)})`;
  return `return vec4f(${[0, 1, 2, 3].map(one).join(", ")});`;
}

/** What of a shape the program depends on: which operands can be read in fours. */
interface MatMulLayout {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly blockedA: boolean;
  readonly wideA: boolean;
  readonly wideB: boolean;
  readonly wideC: boolean;
  /** Whether the depth is a multiple of what the family `subgroup` sums at once. */
  readonly even: boolean;
}

/** Along which of its sizes the operands lie. */
const along = ({ transposeA, transposeB }: Pick<MatMulShape, "transposeA" | "transposeB">) =>
  ({
    aAlong: transposeA ? "row" : "depth",
    bAlong: transposeB ? "depth" : "column",
  }) as const;

function layoutOf(shape: MatMulShape, candidate: ProductCandidate): MatMulLayout {
  const { transposeA, transposeB, blockedA = false, rows, columns, depth } = shape;
  const isSubgroup = candidate.family === "subgroup";
  const wideA = blockedA || (transposeA ? rows : depth) % 4 === 0;
  const wideB = (transposeB ? depth : columns) % 4 === 0;
  const inFours = !isSubgroup || isWide({ ...along(shape), wideA, wideB }, candidate);
  return {
    transposeA,
    transposeB,
    blockedA,
    wideA: wideA && inFours,
    wideB: wideB && inFours,
    wideC: columns % 4 === 0,
    even: isSubgroup && depth % candidate.depth === 0,
  };
}

/** The program of a product; sizes are in its uniform buffer. */
function matMulProgram(
  layout: MatMulLayout,
  epilogueOf: { bias: boolean; activation: Activation; accumulate: boolean },
  candidate: ProductCandidate,
  directive: string,
): Program {
  const { transposeA, transposeB, blockedA, wideA, wideB, wideC, even } = layout;
  const element = (wide: boolean) => wide ? "vec4f" : "f32";
  const { bias, activation, accumulate } = epilogueOf;
  const blocked = `(row / ${ROW_BLOCK}u * d.size.z + k) * ${ROW_BLOCK}u + row % ${ROW_BLOCK}u`;
  const atA = "z * d.step.x + " +
    (blockedA ? blocked : transposeA ? "k * d.size.x + row" : "row * d.size.z + k");
  const atB = "z * d.step.y + " +
    (transposeB ? "column * d.size.z + k" : "k * d.size.y + column");
  const [alongA, alongB] = [
    (e: string) =>
      transposeA
        ? `(k < d.size.z) & (row + ${e} < d.size.x)`
        : `(row < d.size.x) & (k + ${e} < d.size.z)`,
    (e: string) =>
      transposeB
        ? `(column < d.size.y) & (k + ${e} < d.size.z)`
        : `(k < d.size.z) & (column + ${e} < d.size.y)`,
  ];
  const inFours = candidate.family !== "subgroup" || wideA && wideB;
  const one = (load: string) => even ? load : `select(0.0, ${load}, k < d.size.z)`;
  const quad = (name: string, at: string, inside: (e: string) => string, wide: boolean) =>
    even ? `return ${name}[(${at}) / 4u];` : load4(name, at, inside, wide);
  const loads = inFours
    ? `fn a4(row: u32, k: u32, z: u32) -> vec4f { ${quad("A", atA, alongA, wideA)} }
fn b4(k: u32, column: u32, z: u32) -> vec4f { ${quad("B", atB, alongB, wideB)} }`
    : `fn a1(row: u32, k: u32, z: u32) -> f32 { return ${one(`A[${atA}]`)}; }
fn b1(k: u32, column: u32, z: u32) -> f32 { return ${one(`B[${atB}]`)}; }`;
  const functions = `
@group(0) @binding(0) var<storage, read> A: array<${element(wideA)}>;
@group(0) @binding(1) var<storage, read> B: array<${element(wideB)}>;
${bias ? "@group(0) @binding(2) var<storage, read> bias: array<f32>;" : ""}
@group(0) @binding(${bias ? 3 : 2}) var<storage, read_write> C: array<${element(wideC)}>;
// rows, columns, depth, -; elements from one product's A and B to the next's.
struct Sizes { size: vec4u, step: vec4u }
@group(0) @binding(${bias ? 4 : 3}) var<uniform> d: Sizes;
fn span(z: u32) -> vec2u { return vec2u(0u, d.size.z); }
${loads}
${epilogue(bias ? "bias" : null, "d.size.y", activation)}
${store4("C", "d.size.y", wideC)}
fn put(row: u32, column: u32, z: u32, value: vec4f) {
  if (row >= d.size.x || column >= d.size.y) { return; }
  let at = (z * d.size.x + row) * d.size.y + column;
  ${
    accumulate
      ? wideC
        ? "let before = C[at / 4u];"
        : "let before = vec4f(C[at], C[at + 1u], C[at + 2u], C[at + 3u]);"
      : "let before = vec4f();"
  }
  store4(at, column, finish(before + value, column));
}`;
  const source: ProductSource = {
    name: `matMul ${transposeA ? "T" : "N"}${transposeB ? "T" : "N"}`,
    functions,
    ...along(layout),
    wideA,
    wideB,
  };
  return productProgram(source, candidate, directive);
}

/** Packs A into blocks of rows: thread (four of the depth, row). */
function packProgram(): Program {
  const lines = [0, 1, 2, 3].map((e) => `  P[at + ${e * ROW_BLOCK}u] = a.${"xyzw"[e]};`);
  return {
    name: "packing of matMul's A",
    code: `${storage([["A", "vec4f"], ["P", "f32"]])}
@group(0) @binding(2) var<uniform> d: vec4u; // rows, depth in fours, rows with the last block full
${
      threadMain(`  let row = id % d.z;
  let k = id / d.z;
  if (k >= d.y) { return; }
  let a = A[min(row, d.x - 1u) * d.y + k];
  let at = (row / ${ROW_BLOCK}u * d.y + k) * ${4 * ROW_BLOCK}u + row % ${ROW_BLOCK}u;
${lines.join("\n")}`)
    }`,
  };
}

/**
 * Whether packing A pays: what is fetched of it once in fours for packing is then fetched in fours
 * for every tile of columns, and rows a power of two apart no longer share a set of the cache.
 */
function packingPays(s: MatMulShape, { family }: ProductCandidate): boolean {
  return family === "subgroup" && s.batch === 1 && !s.transposeA && !s.transposeB &&
    s.columns >= 256 && s.columns % 4 === 0 && s.depth % 4 === 0 && s.rows * s.depth >= 2 ** 16;
}

/** Records a product into a buffer or tensor that is there already. */
export function matMulInto(
  backend: GpuBackend,
  a: KernelTensor | GPUBuffer,
  b: KernelTensor | GPUBuffer,
  c: KernelTensor | GPUBuffer,
  shape: MatMulShape,
  candidate: ProductCandidate,
  { bias, activation = "linear", accumulate = false }: MatMulEpilogue = {},
): void {
  const { rows, columns, depth, batch } = shape;
  if (rows * columns * batch === 0) return;
  const program = programOf(
    matMulProgram,
    layoutOf(shape, candidate),
    { bias: !!bias, activation, accumulate },
    candidate,
    directiveOf(backend, candidate),
  );
  run(
    backend,
    program,
    bias ? [a, b, bias, c] : [a, b, c],
    [Math.ceil(rows / rowsOf(candidate)), Math.ceil(columns / columnsOf(candidate)), batch],
    new Uint32Array([
      rows,
      columns,
      depth,
      0,
      shape.sharedA ? 0 : (shape.blockedA ? blockedRows(rows) : rows) * depth,
      shape.sharedB ? 0 : depth * columns,
      0,
      0,
    ]),
  );
}

/**
 * A product of matrices.
 *
 * @param backend tfjs's backend.
 * @param a `[batch, rows, depth]`, or `[batch, depth, rows]` transposed; float32.
 * @param b `[batch, depth, columns]`, or `[batch, columns, depth]` transposed; float32.
 * @param shape The sizes.
 * @param candidate How to cut it up.
 * @param epilogue Bias and activation.
 * @returns `[batch, rows, columns]`.
 */
export function matMul(
  backend: GpuBackend,
  a: KernelTensor,
  b: KernelTensor,
  shape: MatMulShape,
  candidate: ProductCandidate,
  epilogue: MatMulEpilogue = {},
): KernelTensor {
  const c = output(backend, [shape.batch, shape.rows, shape.columns]);
  if (!packingPays(shape, candidate)) {
    matMulInto(backend, a, b, c, shape, candidate, epilogue);
    return c;
  }
  const { rows, depth } = shape;
  const packed = borrow(backend, blockedRows(rows) * depth);
  const words = new Uint32Array([rows, depth / 4, blockedRows(rows), 0]);
  run(backend, programOf(packProgram), [a, packed], threads(blockedRows(rows) * depth / 4), words);
  const blocked = { ...shape, transposeA: true, blockedA: true };
  matMulInto(backend, packed, b, c, blocked, candidate, epilogue);
  giveBack(backend, packed);
  return c;
}
