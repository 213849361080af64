/**
 * Losses on their way back from the GPU.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { FerTensor } from "../model/tensor.ts";

/** Steps after which results are sent for, at the latest. */
const MOST_PENDING = 10;
/** Milliseconds after which results are sent for. */
const SEND_EVERY = 200;

/** Which step a result is of. */
export interface StepPlace {
  /** Batches trained on since the run's beginning. */
  readonly step: number;
  /** Batches of the epoch trained on. */
  readonly batch: number;
  /** Learning rate. */
  readonly lr: number;
  /** Images of the batch. */
  readonly images: number;
}

/** A step whose loss is still on the GPU. */
interface PendingStep extends StepPlace {
  readonly loss: FerTensor;
  readonly correct: FerTensor;
}

/** A step whose loss has come back. */
export interface StepResult extends StepPlace {
  /** Mean loss of its images. */
  readonly loss: number;
  /** How many of them were classified right. */
  readonly correct: number;
}

/** Results that were sent for. */
interface Reading {
  readonly steps: readonly PendingStep[];
  readonly values: Promise<ArrayLike<number>>;
}

/**
 * Sends for the results of several steps at once, and takes them in one interval later: while they
 * come back, the GPU already has the next step to work on.
 */
export class StepResults {
  readonly #take: (results: readonly StepResult[]) => Promise<void>;
  #pending: PendingStep[] = [];
  #reading: Reading | null = null;
  #sentAt = performance.now();

  /**
   * Begins with none.
   *
   * @param take Called with results as they come back, in the order of the steps.
   */
  constructor(take: (results: readonly StepResult[]) => Promise<void>) {
    this.#take = take;
  }

  /**
   * Takes in a step's scalars.
   *
   * @param place Which step it is.
   * @param loss Mean loss; disposed of here.
   * @param correct Images classified right; disposed of here.
   */
  async push(place: StepPlace, loss: FerTensor, correct: FerTensor): Promise<void> {
    this.#pending.push({ ...place, loss, correct });
    const isDue = performance.now() - this.#sentAt > SEND_EVERY;
    if (isDue || this.#pending.length >= MOST_PENDING) await this.#exchange();
  }

  /** Takes in the results of all steps there are. */
  async flush(): Promise<void> {
    await this.#exchange();
    await this.#exchange();
  }

  async #exchange(): Promise<void> {
    const reading = this.#reading;
    this.#reading = this.#sendFor();
    if (!reading) return;
    const values = await reading.values;
    await this.#take(reading.steps.map(({ step, batch, lr, images }, i) => ({
      step,
      batch,
      lr,
      images,
      loss: values[2 * i],
      correct: values[2 * i + 1],
    })));
  }

  #sendFor(): Reading | null {
    const steps = this.#pending;
    this.#sentAt = performance.now();
    if (steps.length === 0) return null;
    this.#pending = [];
    const each = steps.flatMap(({ loss, correct }) => [loss, correct] as tf.Tensor[]);
    const stacked = tf.tidy(() => tf.stack(each));
    tf.dispose(each);
    const values = stacked.data().finally(() => stacked.dispose());
    // Whoever takes it in later hears of a failure; until then it is no unhandled one.
    values.catch(() => {});
    return { steps, values };
  }

  /** Frees what is pending. */
  async dispose(): Promise<void> {
    tf.dispose(this.#pending.flatMap(({ loss, correct }) => [loss, correct]));
    await this.#reading?.values.catch(() => {});
  }
}
