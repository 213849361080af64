/**
 * Steps of Muon.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  inverseNorms as fusedNorms,
  matrixPolynomial as fusedPolynomial,
  muonDescent as fusedDescent,
  muonMomentum as fusedMomentum,
  scaleMatrices as fusedScale,
} from "../kernels/muon.ts";
import type { FerTensor } from "../model/tensor.ts";
import { type Operation, operation, tensorOf } from "./operation.ts";

/**
 * Takes a gradient into its running mean, in place, and looks ahead (Nesterov).
 *
 * Takes mean and gradient of one shape, float32; gives the direction, of that shape.
 */
export const muonMomentum: Operation<
  [mean: tf.Variable, gradient: FerTensor, beta: number],
  tf.Tensor
> = operation({
  name: "Muon's momentum",
  reference: (mean, gradient, beta) => {
    mean.assign(tf.tidy(() => tf.add(mean, tf.mul(tf.sub(gradient, mean), 1 - beta))));
    return tf.tidy(() => tf.add(gradient, tf.mul(tf.sub(mean, gradient), beta)));
  },
  program: (backend, mean, gradient, beta) =>
    tensorOf(fusedMomentum(backend, mean, gradient, beta)),
});

/** Updates a weight in place: `keep` times itself, less `step` times the direction. */
export const muonDescent: Operation<
  [weight: tf.Variable, direction: tf.Tensor, keep: number, step: number],
  void
> = operation({
  name: "Muon's descent",
  reference: (weight, direction, keep, step) =>
    tf.tidy(() => {
      const update = tf.reshape(tf.mul(direction, step), weight.shape);
      weight.assign(tf.sub(tf.mul(weight as tf.Tensor, keep), update));
    }),
  program: (backend, weight, direction, keep, step) =>
    fusedDescent(backend, weight, direction, keep, step),
});

/** One over the Frobenius norm of X, from X X^T of each: `[matrices, n, n]` to `[matrices]`. */
export const inverseNorms: Operation<[grams: tf.Tensor3D], tf.Tensor> = operation({
  name: "inverse norms",
  reference: (grams) =>
    tf.tidy(() => {
      const trace = tf.sum(tf.mul(grams, tf.eye(grams.shape[1])), [1, 2]);
      return tf.div(1, tf.add(tf.sqrt(trace), 1e-7));
    }),
  program: (backend, grams) => tensorOf(fusedNorms(backend, grams)),
});

/** Matrices `[matrices, n, n]`, each times its factor or the square of it, `[matrices]`. */
export const scaledMatrices: Operation<
  [matrices: tf.Tensor3D, factors: tf.Tensor, squared: boolean],
  tf.Tensor3D
> = operation({
  name: "scaled matrices",
  reference: (matrices, factors, squared) =>
    tf.tidy(() => tf.mul(matrices, tf.reshape(squared ? tf.square(factors) : factors, [-1, 1, 1]))),
  program: (backend, matrices, factors, squared) =>
    tensorOf(fusedScale(backend, matrices, factors, squared)),
});

/** a I + b A + c A^2, from A and A^2, both `[matrices, n, n]`. */
export const matrixPolynomial: Operation<
  [
    matrices: tf.Tensor3D,
    squares: tf.Tensor3D,
    coefficients: readonly [a: number, b: number, c: number],
  ],
  tf.Tensor3D
> = operation({
  name: "matrix polynomial",
  reference: (matrices, squares, [a, b, c]) =>
    tf.tidy(() => {
      const linear = tf.add(tf.mul(tf.eye(matrices.shape[1]), a), tf.mul(matrices, b));
      return tf.add(linear, tf.mul(squares, c)) as tf.Tensor3D;
    }),
  program: (backend, matrices, squares, coefficients) =>
    tensorOf(fusedPolynomial(backend, matrices, squares, coefficients)),
});
