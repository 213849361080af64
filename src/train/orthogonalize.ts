/**
 * The nearest matrices whose singular values are all about 1, by products alone.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { runsPrograms } from "../kernels/active.ts";
import { inverseNorms, matrixPolynomial, scaleMatrices } from "../kernels/muon.ts";
import { gpuBackend, type KernelTensor } from "../kernels/program.ts";

/** Steps of the iteration. */
const STEPS = 5;
/** The quintic of Jordan et al. (2024), which takes singular values from 0 to 1 to about 1. */
const COEFFICIENTS = [3.4445, -4.775, 2.0315] as const;

const tensorOf = (info: KernelTensor): tf.Tensor3D =>
  tf.engine().makeTensorFromTensorInfo(info) as tf.Tensor3D;

/** One over the Frobenius norm of X, from X X^T of each: `[matrices]`. */
function normsOf(grams: tf.Tensor3D): tf.Tensor {
  if (runsPrograms()) return tensorOf(inverseNorms(gpuBackend(), grams));
  const trace = tf.sum(tf.mul(grams, tf.eye(grams.shape[1])), [1, 2]);
  return tf.div(1, tf.add(tf.sqrt(trace), 1e-7));
}

function scaled(matrices: tf.Tensor3D, factors: tf.Tensor, squared: boolean): tf.Tensor3D {
  if (runsPrograms()) return tensorOf(scaleMatrices(gpuBackend(), matrices, factors, squared));
  return tf.mul(matrices, tf.reshape(squared ? tf.square(factors) : factors, [-1, 1, 1]));
}

/** a I + b A + c A^2. */
function polynomial(matrices: tf.Tensor3D): tf.Tensor3D {
  const squares = tf.matMul(matrices, matrices);
  if (runsPrograms()) {
    return tensorOf(matrixPolynomial(gpuBackend(), matrices, squares, COEFFICIENTS));
  }
  const [a, b, c] = COEFFICIENTS;
  const linear = tf.add(tf.mul(tf.eye(matrices.shape[1]), a), tf.mul(matrices, b));
  return tf.add(linear, tf.mul(squares, c));
}

/** What X is to be multiplied with, from X X^T of each. */
function factorsOf(grams: tf.Tensor3D): tf.Tensor3D {
  const norms = normsOf(grams);
  let a = scaled(grams, norms, true);
  let q: tf.Tensor3D | undefined;
  for (let step = 1; step <= STEPS; step++) {
    const p = polynomial(a);
    q = q ? tf.matMul(p, q) : scaled(p, norms, false);
    if (step < STEPS) a = tf.matMul(tf.matMul(p, a), p);
  }
  if (!q) throw new RangeError("Cannot orthogonalize in no steps");
  return q;
}

/**
 * Orthogonalizes matrices by five steps of the Newton-Schulz iteration of Muon, each beginning at
 * the matrix divided by its Frobenius norm: `X = (a I + b X X^T + c (X X^T)^2) X`.
 *
 * All steps commute, so that they can be taken on `A = X X^T` of the smaller edge alone: with
 * `P = a I + b A + c A^2` the next A is `P A P`, and the result is the product of all P times X.
 * Two products with the large edge do instead of ten. In float32 the result differs from the plain
 * iteration's by a few parts in a million, and where singular values lie orders of magnitude apart
 * by less than one in a thousand.
 *
 * Matrices of one smaller edge are worked through together.
 *
 * @param matrices Each `[rows, columns]`, float32.
 * @returns As many, of the same shapes.
 */
export function orthogonalize(matrices: readonly tf.Tensor2D[]): tf.Tensor2D[] {
  const byEdge = Map.groupBy(matrices.keys(), (i) => Math.min(...matrices[i].shape));
  const out: tf.Tensor2D[] = [];
  for (const places of byEdge.values()) {
    const isTall = (i: number) => matrices[i].shape[0] > matrices[i].shape[1];
    const grams = places.map((i) =>
      tf.tidy(() => tf.matMul(matrices[i], matrices[i], isTall(i), !isTall(i)))
    );
    const factors = tf.tidy(() => tf.unstack(factorsOf(tf.stack(grams) as tf.Tensor3D)));
    places.forEach((i, k) => {
      const factor = factors[k] as tf.Tensor2D;
      out[i] = isTall(i) ? tf.matMul(matrices[i], factor) : tf.matMul(factor, matrices[i]);
    });
    tf.dispose([grams, factors]);
  }
  return out;
}
