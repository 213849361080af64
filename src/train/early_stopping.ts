/**
 * When to stop, for a metric no longer improves.
 *
 * @module
 */

/** What an {@linkcode EarlyStopping} remembers, for checkpoints. */
export interface EarlyStoppingState {
  /** The best value so far; `null` before the first. */
  readonly best: number | null;
  /** Epochs since then. */
  readonly wait: number;
}

/**
 * Says when a metric has not improved for `patience` epochs, as Keras's `EarlyStopping` does.
 *
 * @example
 * ```ts
 * import { EarlyStopping } from "@fer/core/train";
 *
 * const stopping = new EarlyStopping(2);
 * console.assert([3, 2, 2, 2].map((loss) => stopping.step(loss)).at(-1) === true);
 * ```
 */
export class EarlyStopping {
  readonly #patience: number;
  #best = Infinity;
  #wait = 0;

  /**
   * Begins before the first epoch.
   *
   * @param patience Epochs without improvement before it says stop; Infinity for never.
   */
  constructor(patience: number) {
    this.#patience = patience;
  }

  /**
   * Takes in one epoch's value; smaller is better.
   *
   * @param value The validation loss.
   * @returns Whether to stop.
   */
  step(value: number): boolean {
    if (value < this.#best) {
      this.#best = value;
      this.#wait = 0;
    } else {
      this.#wait++;
    }
    return this.#wait >= this.#patience;
  }

  /** What it remembers. */
  getState(): EarlyStoppingState {
    return { best: Number.isFinite(this.#best) ? this.#best : null, wait: this.#wait };
  }

  /**
   * Goes back to what it remembered.
   *
   * @param state From `getState()`.
   */
  setState(state: EarlyStoppingState): void {
    this.#best = state.best ?? Infinity;
    this.#wait = state.wait;
  }
}
