/**
 * What an epoch has come to so far, and how fast.
 *
 * @module
 */
import type { StepLine } from "../runs/run_directory.ts";
import type { StepResult } from "./step_results.ts";

/** Milliseconds between lines of `metrics.jsonl` within an epoch. */
const LOG_EVERY = 2000;

const perSecond = (count: number, milliseconds: number): number =>
  1000 * count / Math.max(milliseconds, 1e-3);

/** An epoch's sums, as a checkpoint holds them. */
export interface EpochSums {
  /** Sum over the epoch's images of their loss. */
  readonly lossSum: number;
  /** The epoch's images classified right. */
  readonly correct: number;
  /** The epoch's images trained on. */
  readonly seen: number;
}

/** Adds up the losses of an epoch, and times its images. */
export class Meter {
  #sums: EpochSums = { lossSum: 0, correct: 0, seen: 0 };
  /** Images of this epoch and start, and the time that training took on them. */
  #trained = { images: 0, seconds: 0 };
  #reportedAt = performance.now();
  #logged = { at: performance.now(), images: 0, loss: 0 };

  /** Mean loss of the epoch's images so far. */
  get loss(): number {
    return this.#sums.lossSum / this.#sums.seen;
  }

  /** Share of them that were classified right. */
  get accuracy(): number {
    return this.#sums.correct / this.#sums.seen;
  }

  /** Images a second of this epoch and start, validation and saving apart. */
  get imagesPerSecond(): number {
    return this.#trained.images / Math.max(this.#trained.seconds, 1e-3);
  }

  /**
   * Takes in steps.
   *
   * @param results Their losses.
   * @returns Images a second since the last ones.
   */
  add(results: readonly StepResult[]): number {
    const now = performance.now();
    let images = 0;
    let { lossSum, correct, seen } = this.#sums;
    for (const each of results) {
      lossSum += each.loss * each.images;
      correct += each.correct;
      seen += each.images;
      images += each.images;
      this.#logged.loss += each.loss * each.images;
    }
    this.#sums = { lossSum, correct, seen };
    const elapsed = now - this.#reportedAt;
    this.#trained.images += images;
    this.#trained.seconds += elapsed / 1000;
    this.#logged.images += images;
    this.#reportedAt = now;
    return perSecond(images, elapsed);
  }

  /**
   * What `metrics.jsonl` is to say of the time since it last said something.
   *
   * @returns Loss and speed; null while it is not yet time.
   */
  log(): Pick<StepLine, "loss" | "imagesPerSecond"> | null {
    const now = performance.now();
    const { at, images, loss } = this.#logged;
    if (now - at <= LOG_EVERY) return null;
    this.#logged = { at: now, images: 0, loss: 0 };
    return { loss: loss / images, imagesPerSecond: perSecond(images, now - at) };
  }

  /** Begins an epoch. */
  reset(): void {
    this.#sums = { lossSum: 0, correct: 0, seen: 0 };
    this.#trained = { images: 0, seconds: 0 };
  }

  /** Goes on after work that was no training. */
  resume(): void {
    this.#reportedAt = this.#logged.at = performance.now();
  }

  /** The epoch's sums. */
  getState(): EpochSums {
    return this.#sums;
  }

  /**
   * Goes back to an epoch's sums.
   *
   * @param state From `getState()`.
   */
  setState({ lossSum, correct, seen }: EpochSums): void {
    this.#sums = { lossSum, correct, seen };
  }
}
