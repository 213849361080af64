/**
 * Steps of AdamW.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { adamW, type AdamWParameter, type AdamWStep } from "../kernels/adamw.ts";
import { clippingFactor as fusedFactor } from "../kernels/gradient_norm.ts";
import { type Operation, operation, tensorOf } from "./operation.ts";

/**
 * Updates weights and their running means in place.
 *
 * Takes weights, means and gradients of one shape each, float32, and what the step is of.
 */
export const adamWStep: Operation<
  [parameters: readonly AdamWParameter[], step: AdamWStep],
  void
> = operation({
  name: "AdamW's step",
  reference: (parameters, { keep, betas: [beta1, beta2], stepSize, rootScale, eps }) => {
    for (const { weight, first, second, gradient } of parameters) {
      tf.tidy(() => {
        const g = gradient as tf.Tensor;
        first.assign(tf.add(tf.mul(first, beta1), tf.mul(g, 1 - beta1)));
        second.assign(tf.add(tf.mul(second, beta2), tf.mul(tf.square(g), 1 - beta2)));
        const root = tf.add(tf.mul(tf.sqrt(second), rootScale), eps);
        const update = tf.mul(tf.div(first, root), stepSize);
        weight.assign(tf.sub(tf.mul(weight, keep), update));
      });
    }
  },
  program: (backend, parameters, step) => adamW(backend, parameters, step),
});

/** What gradients are scaled by so that their common norm is at most `maxNorm`: a scalar. */
export const clippingFactor: Operation<
  [gradients: readonly tf.Tensor[], maxNorm: number],
  tf.Tensor
> = operation({
  name: "clipping factor",
  reference: (gradients, maxNorm) =>
    tf.tidy(() => {
      const norm = tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))));
      return tf.minimum(1, tf.div(maxNorm, tf.add(norm, 1e-6)));
    }),
  program: (backend, gradients, maxNorm) => tensorOf(fusedFactor(backend, gradients, maxNorm)),
});
