/**
 * The element-by-element programs of a step of Muon; its products of matrices are tfjs's.
 *
 *     M = M + (1 - beta) (G - M),  U = G + beta (M - G)        momentum, and Nesterov's look ahead
 *     s = 1 / (sqrt(trace(U^T U)) + 1e-7)                      one over the norm of U
 *     P = a I + b A + c A A                                    a step of the iteration
 *     W = keep W - step Y                                      the descent
 *
 * A thread computes an element, or four neighbours; the trace is summed by a workgroup a matrix.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import { inPlace } from "./in_place.ts";
import {
  type GpuBackend,
  type KernelTensor,
  output,
  type Program,
  programOf,
  run,
  storage,
  threadMain,
  THREADS,
  threads,
} from "./program.ts";
import { groupsOf } from "./stretches.ts";

const sizeOf = ({ shape }: KernelTensor) => shape.reduce((a, b) => a * b, 1);

/** A uniform of one count and up to three numbers. */
function rates(count: number, ...numbers: readonly number[]): Uint32Array {
  const words = new Uint32Array(4);
  new Float32Array(words.buffer).set(numbers, 1);
  words[0] = count;
  return words;
}

const RATES = "struct Rates { count: u32, x: f32, y: f32, z: f32 }";
const GUARD = "if (id >= d.count) { return; }";

function momentumProgram(alias: string): Program {
  return {
    name: "Muon: momentum",
    code: `${alias}
${storage([["G", "E"], ["M", "E"], ["U", "E"]], 2)}
${RATES}
@group(0) @binding(3) var<uniform> d: Rates;
${
      threadMain(`  ${GUARD}
  let gradient = G[id];
  let m = M[id] + d.y * (gradient - M[id]);
  M[id] = m;
  U[id] = gradient + d.x * (m - gradient);`)
    }`,
  };
}

/**
 * Takes a gradient into a running mean where it lies, and looks ahead as Nesterov does.
 *
 * @param backend tfjs's backend.
 * @param momentum The running mean.
 * @param gradient The gradient, of its shape.
 * @param beta The share of the mean that stays.
 * @returns The direction, of its shape.
 */
export function muonMomentum(
  backend: GpuBackend,
  momentum: tf.Variable,
  gradient: KernelTensor,
  beta: number,
): KernelTensor {
  const direction = output(backend, momentum.shape);
  const { alias, count } = groupsOf(momentum.size);
  run(
    backend,
    programOf(momentumProgram, alias),
    [gradient, inPlace(backend, momentum), direction],
    threads(count),
    rates(count, beta, 1 - beta),
  );
  return direction;
}

const INVERSE_NORMS: Program = {
  name: "Muon: inverse norms",
  code: `${storage([["A", "f32"], ["S", "f32"]])}
@group(0) @binding(2) var<uniform> d: vec4u; // edge of a matrix
var<workgroup> sums: array<f32, ${THREADS}>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) w: vec3u, @builtin(local_invocation_index) l: u32) {
  var sum = 0.0;
  for (var i = l; i < d.x; i += ${THREADS}u) { sum += A[(w.x * d.x + i) * d.x + i]; }
  sums[l] = sum;
  workgroupBarrier();
  if (l > 0u) { return; }
  for (var i = 1u; i < ${THREADS}u; i++) { sum += sums[i]; }
  S[w.x] = 1.0 / (sqrt(sum) + 1e-7);
}`,
};

/**
 * One over the Frobenius norm of matrices, from their products with themselves.
 *
 * @param backend tfjs's backend.
 * @param grams `[matrices, edge, edge]`.
 * @returns `[matrices]`.
 */
export function inverseNorms(backend: GpuBackend, grams: KernelTensor): KernelTensor {
  const [matrices, edge] = grams.shape;
  const norms = output(backend, [matrices]);
  run(backend, INVERSE_NORMS, [grams, norms], [matrices, 1, 1], new Uint32Array([edge, 0, 0, 0]));
  return norms;
}

function scaledProgram(squared: boolean): Program {
  return {
    name: "Muon: scale",
    code: `${storage([["A", "f32"], ["S", "f32"], ["Y", "f32"]])}
@group(0) @binding(3) var<uniform> d: vec4u; // elements, elements of a matrix
${
      threadMain(`  if (id >= d.x) { return; }
  let s = S[id / d.y];
  Y[id] = A[id] * s${squared ? " * s" : ""};`)
    }`,
  };
}

/**
 * Matrices times a number each, or times its square.
 *
 * @param backend tfjs's backend.
 * @param matrices `[matrices, edge, edge]`.
 * @param factors `[matrices]`.
 * @param squared Whether the factors are squared.
 * @returns `[matrices, edge, edge]`.
 */
export function scaleMatrices(
  backend: GpuBackend,
  matrices: KernelTensor,
  factors: KernelTensor,
  squared: boolean,
): KernelTensor {
  const scaled = output(backend, matrices.shape);
  const count = sizeOf(matrices);
  const [, rows, columns] = matrices.shape;
  run(
    backend,
    programOf(scaledProgram, squared),
    [matrices, factors, scaled],
    threads(count),
    new Uint32Array([count, rows * columns, 0, 0]),
  );
  return scaled;
}

const POLYNOMIAL: Program = {
  name: "Muon: polynomial",
  code: `${storage([["A", "f32"], ["B", "f32"], ["P", "f32"]])}
struct Sizes { count: u32, edge: u32, a: f32, b: f32, c: f32 }
@group(0) @binding(3) var<uniform> d: Sizes;
${
    threadMain(`  ${GUARD}
  let place = id % (d.edge * d.edge);
  let unit = select(0.0, d.a, place % (d.edge + 1u) == 0u);
  P[id] = unit + d.b * A[id] + d.c * B[id];`)
  }`,
};

/**
 * `a I + b A + c A^2`, element by element.
 *
 * @param backend tfjs's backend.
 * @param matrices A, `[matrices, edge, edge]`.
 * @param squares A^2, of that shape.
 * @param coefficients a, b and c.
 * @returns The polynomials, of that shape.
 */
export function matrixPolynomial(
  backend: GpuBackend,
  matrices: KernelTensor,
  squares: KernelTensor,
  coefficients: readonly [a: number, b: number, c: number],
): KernelTensor {
  const polynomials = output(backend, matrices.shape);
  const count = sizeOf(matrices);
  const words = new Uint32Array(8);
  new Float32Array(words.buffer).set(coefficients, 2);
  words.set([count, matrices.shape[1]]);
  run(backend, POLYNOMIAL, [matrices, squares, polynomials], threads(count), words);
  return polynomials;
}

function descentProgram(alias: string): Program {
  return {
    name: "Muon: descent",
    code: `${alias}
${storage([["Y", "E"], ["W", "E"]])}
${RATES}
@group(0) @binding(2) var<uniform> d: Rates;
${threadMain(`  ${GUARD}\n  W[id] = W[id] * d.x - Y[id] * d.y;`)}`,
  };
}

/**
 * Steps against a direction, with weights written where they lie.
 *
 * @param backend tfjs's backend.
 * @param weight The weights.
 * @param direction As many elements.
 * @param keep What remains of a weight.
 * @param step How far to go.
 */
export function muonDescent(
  backend: GpuBackend,
  weight: tf.Variable,
  direction: KernelTensor,
  keep: number,
  step: number,
): void {
  const { alias, count } = groupsOf(weight.size);
  run(
    backend,
    programOf(descentProgram, alias),
    [direction, inPlace(backend, weight)],
    threads(count),
    rates(count, keep, step),
  );
}
