/**
 * A step of AdamW, with weights and moments written where they lie:
 *
 *     m = beta1 m + (1 - beta1) g
 *     v = beta2 v + (1 - beta2) g^2
 *     w = (1 - lr decay) w - lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import { elementwise } from "./elementwise.ts";
import type { GpuBackend, KernelTensor } from "./program.ts";

/** A parameter, its moments and its gradient, all of one shape. */
export interface AdamWParameter {
  /** The weights. */
  readonly weight: tf.Variable;
  /** The running mean of gradients. */
  readonly first: tf.Variable;
  /** The running mean of squared gradients. */
  readonly second: tf.Variable;
  /** The gradient. */
  readonly gradient: KernelTensor;
}

/** What is the same for all parameters of a step. */
export interface AdamWStep {
  /** What remains of a weight: 1 - lr decay. */
  readonly keep: number;
  /** Decay rates of the moments. */
  readonly betas: readonly [number, number];
  /** lr / (1 - beta1^t). */
  readonly stepSize: number;
  /** 1 / sqrt(1 - beta2^t). */
  readonly rootScale: number;
  /** Added to the denominator. */
  readonly eps: number;
}

const update = elementwise({
  name: "AdamW",
  read: ["G"],
  written: ["M", "V", "W"],
  rates: 8,
  update: (at, rate, element) =>
    `let gradient = ${at("G")};
    let m = ${at("M")} * ${rate(0)} + gradient * ${rate(1)};
    let v = ${at("V")} * ${rate(2)} + gradient * gradient * ${rate(3)};
    ${at("M")} = m;
    ${at("V")} = v;
    ${at("W")} = ${at("W")} * ${rate(4)} -
      ${rate(5)} * (m / (sqrt(v) * ${rate(6)} + ${element}(${rate(7)})));`,
});

/**
 * Records a step.
 *
 * @param backend tfjs's backend.
 * @param parameters What is updated.
 * @param step The rates.
 */
export function adamW(
  backend: GpuBackend,
  parameters: readonly AdamWParameter[],
  step: AdamWStep,
): void {
  const { keep, betas: [beta1, beta2], stepSize, rootScale, eps } = step;
  update(
    backend,
    parameters.map(({ weight, first, second, gradient }) => ({
      read: [gradient],
      written: [first, second, weight],
    })),
    [beta1, 1 - beta1, beta2, 1 - beta2, keep, stepSize, rootScale, eps],
  );
}
