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
  type ProductCandidate,
  productProgram,
  type ProductSource,
  rowsOf,
} from "./product.ts";
import {
  type GpuBackend,
  type KernelTensor,
  output,
  type Program,
  programOf,
  run,
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
}

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
  readonly wideA: boolean;
  readonly wideB: boolean;
  readonly wideC: boolean;
  /** Whether the depth is a multiple of what the family `subgroup` sums at once. */
  readonly even: boolean;
}

function layoutOf(
  { transposeA, transposeB, rows, columns, depth }: MatMulShape,
  candidate: ProductCandidate,
): MatMulLayout {
  const byOne = candidate.family === "subgroup";
  return {
    transposeA,
    transposeB,
    wideA: !byOne && (transposeA ? rows : depth) % 4 === 0,
    wideB: !(byOne && (!transposeA || transposeB)) && (transposeB ? depth : columns) % 4 === 0,
    wideC: columns % 4 === 0,
    even: byOne && depth % candidate.depth === 0,
  };
}

/** The program of a product; sizes are in its uniform buffer. */
function matMulProgram(
  layout: MatMulLayout,
  epilogueOf: { bias: boolean; activation: Activation; accumulate: boolean },
  candidate: ProductCandidate,
  directive: string,
): Program {
  const { transposeA, transposeB, wideA, wideB, wideC, even } = layout;
  const element = (wide: boolean) => wide ? "vec4f" : "f32";
  const { bias, activation, accumulate } = epilogueOf;
  const [atA, atB] = [
    transposeA ? "z * d.step.x + k * d.size.x + row" : "z * d.step.x + row * d.size.z + k",
    transposeB ? "z * d.step.y + column * d.size.z + k" : "z * d.step.y + k * d.size.y + column",
  ];
  const [alongA, alongB] = [
    (e: string) =>
      transposeA
        ? `k < d.size.z && row + ${e} < d.size.x`
        : `row < d.size.x && k + ${e} < d.size.z`,
    (e: string) =>
      transposeB
        ? `column < d.size.y && k + ${e} < d.size.z`
        : `k < d.size.z && column + ${e} < d.size.y`,
  ];
  const one = (load: string) => even ? load : `select(0.0, ${load}, k < d.size.z)`;
  const ones = `fn a1(row: u32, k: u32, z: u32) -> f32 { return ${one(`A[${atA}]`)}; }
${
    wideB
      ? `fn b4(k: u32, column: u32, z: u32) -> vec4f { ${load4("B", atB, alongB, wideB)} }
fn b1(k: u32, column: u32, z: u32) -> f32 { return b4(k, column / 4u * 4u, z)[column % 4u]; }`
      : `fn b1(k: u32, column: u32, z: u32) -> f32 { return ${one(`B[${atB}]`)}; }`
  }`;
  const fours = `fn a4(row: u32, k: u32, z: u32) -> vec4f { ${load4("A", atA, alongA, wideA)} }
fn b4(k: u32, column: u32, z: u32) -> vec4f { ${load4("B", atB, alongB, wideB)} }`;
  const functions = `
@group(0) @binding(0) var<storage, read> A: array<${element(wideA)}>;
@group(0) @binding(1) var<storage, read> B: array<${element(wideB)}>;
${bias ? "@group(0) @binding(2) var<storage, read> bias: array<f32>;" : ""}
@group(0) @binding(${bias ? 3 : 2}) var<storage, read_write> C: array<${element(wideC)}>;
// rows, columns, depth, -; elements from one product's A and B to the next's.
struct Sizes { size: vec4u, step: vec4u }
@group(0) @binding(${bias ? 4 : 3}) var<uniform> d: Sizes;
fn span(z: u32) -> vec2u { return vec2u(0u, d.size.z); }
${candidate.family === "subgroup" ? ones : fours}
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
    aAlong: transposeA ? "row" : "depth",
    bAlong: transposeB ? "depth" : "column",
    wideB,
  };
  return productProgram(source, candidate, directive);
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
      shape.sharedA ? 0 : rows * depth,
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
  matMulInto(backend, a, b, c, shape, candidate, epilogue);
  return c;
}
