/**
 * The mean of several batches' gradients.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { FerTensor } from "../model/tensor.ts";

/** One gradient a variable, by its name. */
export type Gradients = Map<string, FerTensor>;

/** Averages the gradients of every so many batches, and of those that an epoch leaves over. */
export class GradientAccumulator {
  readonly #every: number;
  readonly #batches: number;
  #sum: Gradients | null = null;

  /**
   * Begins with none.
   *
   * @param every Batches to average.
   * @param batches Batches of an epoch.
   */
  constructor(every: number, batches: number) {
    this.#every = every;
    this.#batches = batches;
  }

  /** Whether gradients wait for those of further batches: no place to stop a training. */
  get isWaiting(): boolean {
    return this.#sum !== null;
  }

  /** Optimizer steps of an epoch. */
  get stepsPerEpoch(): number {
    return Math.ceil(this.#batches / this.#every);
  }

  /**
   * Takes in the gradients of a batch.
   *
   * @param gradients They are the accumulator's from now on.
   * @param batch The batch's place in the epoch, from 1.
   * @returns The mean, the caller's to dispose of, when it was the last of its batches; else null.
   */
  add(gradients: Gradients, batch: number): Gradients | null {
    const first = Math.floor((batch - 1) / this.#every) * this.#every;
    const size = Math.min(this.#every, this.#batches - first);
    const sum = size > 1 ? this.#added(gradients, 1 / size) : gradients;
    const isLast = batch - first >= size;
    this.#sum = isLast ? null : sum;
    return isLast ? sum : null;
  }

  #added(gradients: Gradients, share: number): Gradients {
    const out: Gradients = new Map();
    for (const [name, gradient] of gradients) {
      const before = this.#sum?.get(name);
      const sum = tf.tidy(() => {
        const scaled = tf.mul(gradient, share);
        return before ? tf.add(before, scaled) : scaled;
      });
      tf.dispose([gradient, before ?? []]);
      out.set(name, sum);
    }
    return out;
  }

  /** Frees what waits. */
  dispose(): void {
    tf.dispose([...this.#sum?.values() ?? []]);
    this.#sum = null;
  }
}
