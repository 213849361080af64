/**
 * An exponential moving average of a network's weights.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { FerVariable } from "../model/tensor.ts";
import { averageWeights } from "../ops/weight_average.ts";

/**
 * Averages variables over training steps, and lends the averages to the network.
 *
 * The decay warms up, `min(decay, (1 + steps) / (10 + steps))`, as in TensorFlow's
 * `ExponentialMovingAverage`. Running statistics are averaged like weights.
 */
export class WeightAverage {
  readonly #variables: ReadonlyMap<string, tf.Variable>;
  readonly #averages = new Map<string, tf.Variable>();
  readonly #decay: number;
  #isLent = false;

  /**
   * Begins with the variables' present values.
   *
   * @param variables What to average, by name.
   * @param decay Share of the average that stays at a step, from 0 to below 1.
   */
  constructor(variables: ReadonlyMap<string, FerVariable>, decay: number) {
    this.#variables = variables;
    this.#decay = decay;
    for (const [name, variable] of variables) {
      this.#averages.set(name, tf.tidy(() => tf.variable(tf.clone(variable), false)));
    }
  }

  /**
   * Takes in the weights after a step.
   *
   * @param steps Optimizer steps taken so far, from 1.
   */
  update(steps: number): void {
    const decay = Math.min(this.#decay, (1 + steps) / (10 + steps));
    const parameters = [...this.#averages].flatMap(([name, average]) => {
      const weight = this.#variables.get(name);
      return weight ? [{ average, weight }] : [];
    });
    averageWeights(parameters, decay);
  }

  /**
   * Runs a function while the network has the averaged weights.
   *
   * @param use What to run.
   * @returns What it returns.
   */
  async lend<T>(use: () => Promise<T>): Promise<T> {
    if (this.#isLent) return await use();
    this.#swap();
    this.#isLent = true;
    try {
      return await use();
    } finally {
      this.#swap();
      this.#isLent = false;
    }
  }

  #swap(): void {
    for (const [name, average] of this.#averages) {
      const variable = this.#variables.get(name);
      if (!variable) continue;
      tf.tidy(() => {
        const weight = tf.clone(variable);
        variable.assign(tf.clone(average));
        average.assign(weight);
      });
    }
  }

  /**
   * The averages, by the names of the variables.
   *
   * @returns The variables themselves, not copies.
   */
  state(): ReadonlyMap<string, FerVariable> {
    return this.#averages;
  }

  /** Frees the averages. */
  dispose(): void {
    for (const average of this.#averages.values()) average.dispose();
    this.#averages.clear();
  }
}
