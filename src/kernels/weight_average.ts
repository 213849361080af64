/**
 * An exponential moving average, written where it lies: a = decay a + (1 - decay) w.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import { elementwise } from "./elementwise.ts";
import type { GpuBackend, KernelTensor } from "./program.ts";

/** A parameter and its average, of one shape. */
export interface AveragedParameter {
  /** The average, which is updated. */
  readonly average: tf.Variable;
  /** What it takes in. */
  readonly weight: KernelTensor;
}

const update = elementwise({
  name: "weight average",
  read: ["W"],
  written: ["A"],
  rates: 2,
  update: (at, rate) => `${at("A")} = ${at("A")} * ${rate(0)} + ${at("W")} * ${rate(1)};`,
});

/**
 * Records an update of averages.
 *
 * @param backend tfjs's backend.
 * @param parameters What is averaged.
 * @param decay The share of the average that stays.
 */
export function weightAverage(
  backend: GpuBackend,
  parameters: readonly AveragedParameter[],
  decay: number,
): void {
  update(
    backend,
    parameters.map(({ average, weight }) => ({ read: [weight], written: [average] })),
    [decay, 1 - decay],
  );
}
