/**
 * The time that a run has taken, over all its starts, and what is due by it.
 *
 * @module
 */

/** Milliseconds between checkpoints within an epoch. */
const SAVE_EVERY = 120_000;
/** Milliseconds of work after which other tasks of the app get their turn. */
const YIELD_EVERY = 10;

/** Keeps a run's time. */
export class RunClock {
  readonly #startedAt = performance.now();
  #secondsBefore = 0;
  #savedAt = performance.now();
  #yieldedAt = performance.now();

  /** Seconds since the run's beginning, over all its starts. */
  get seconds(): number {
    return this.#secondsBefore + (performance.now() - this.#startedAt) / 1000;
  }

  /** Minutes since this start. */
  get minutesOfThisStart(): number {
    return (performance.now() - this.#startedAt) / 60_000;
  }

  /** Whether the last checkpoint is long ago. */
  get isTimeToSave(): boolean {
    return performance.now() - this.#savedAt > SAVE_EVERY;
  }

  /** Notes that a checkpoint was written. */
  saved(): void {
    this.#savedAt = performance.now();
  }

  /** Gives other tasks of the app their turn, now and then. */
  async letOthersWork(): Promise<void> {
    if (performance.now() - this.#yieldedAt <= YIELD_EVERY) return;
    await new Promise((resolve) => setTimeout(resolve));
    this.#yieldedAt = performance.now();
  }

  /**
   * Goes on after an earlier start.
   *
   * @param state The seconds up to then.
   */
  setState({ seconds }: { readonly seconds: number }): void {
    this.#secondsBefore = seconds;
  }
}
