/**
 * The nearest matrices whose singular values are all about 1, by products alone.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { inverseNorms, matrixPolynomial, scaledMatrices } from "../ops/muon.ts";

/** Steps of the iteration. */
const STEPS = 5;
/** The quintic of Jordan et al. (2024), which takes singular values from 0 to 1 to about 1. */
const COEFFICIENTS = [3.4445, -4.775, 2.0315] as const;

/** a I + b A + c A^2. */
const polynomial = (matrices: tf.Tensor3D): tf.Tensor3D =>
  matrixPolynomial(matrices, tf.matMul(matrices, matrices), COEFFICIENTS);

/** What X is to be multiplied with, from X X^T of each. */
function factorsOf(grams: tf.Tensor3D): tf.Tensor3D {
  const norms = inverseNorms(grams);
  let a = scaledMatrices(grams, norms, true);
  let q: tf.Tensor3D | undefined;
  for (let step = 1; step <= STEPS; step++) {
    const p = polynomial(a);
    q = q ? tf.matMul(p, q) : scaledMatrices(p, norms, false);
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
