/**
 * A learning rate that falls when a metric stops improving.
 *
 * @module
 */

/** The options of {@linkcode ReduceLROnPlateau}, PyTorch's names and defaults. */
export interface ReduceLROnPlateauOptions {
  /**
   * Whether smaller or larger values are better.
   *
   * @default "min"
   */
  readonly mode?: "min" | "max";
  /**
   * What the rate is multiplied with.
   *
   * @default 0.1
   */
  readonly factor?: number;
  /**
   * Epochs without improvement that are let pass.
   *
   * @default 10
   */
  readonly patience?: number;
  /**
   * Relative improvement that counts.
   *
   * @default 1e-4
   */
  readonly threshold?: number;
  /**
   * Epochs to wait after a reduction before counting again.
   *
   * @default 0
   */
  readonly cooldown?: number;
  /**
   * The smallest rate.
   *
   * @default 0
   */
  readonly minLr?: number;
}

/** What a {@linkcode ReduceLROnPlateau} remembers, for checkpoints. */
export interface PlateauState {
  /** The current rate. */
  readonly lr: number;
  /** The best value so far; `null` before the first. */
  readonly best: number | null;
  /** Epochs since it improved. */
  readonly badEpochs: number;
  /** Epochs of cooldown left. */
  readonly cooldownLeft: number;
}

/**
 * Reduces the learning rate when a metric stops improving: `ReduceLROnPlateau` of PyTorch 1.13, with
 * its relative threshold and its `eps` of 1e-8.
 *
 * @example
 * ```ts
 * import { ReduceLROnPlateau } from "@fer/core/train";
 *
 * const schedule = new ReduceLROnPlateau(1, { patience: 0 });
 * console.assert(schedule.step(2.0) === 1);
 * console.assert(schedule.step(2.0) === 0.1);
 * ```
 */
export class ReduceLROnPlateau {
  readonly #options: Required<ReduceLROnPlateauOptions>;
  #lr: number;
  #best: number;
  #badEpochs = 0;
  #cooldownLeft = 0;

  /**
   * Begins before the first epoch.
   *
   * @param lr The rate to begin with.
   * @param options When and by how much it falls.
   * @throws {RangeError} When the factor is not below 1.
   */
  constructor(lr: number, options: ReduceLROnPlateauOptions = {}) {
    const { mode = "min", factor = 0.1, patience = 10 } = options;
    const { threshold = 1e-4, cooldown = 0, minLr = 0 } = options;
    if (!(factor > 0 && factor < 1)) {
      throw new RangeError(`Cannot reduce a learning rate by ${factor}: expected above 0, below 1`);
    }
    this.#options = { mode, factor, patience, threshold, cooldown, minLr };
    this.#lr = lr;
    this.#best = mode === "min" ? Infinity : -Infinity;
  }

  /** The current rate. */
  get lr(): number {
    return this.#lr;
  }

  /**
   * Takes in the metric of one epoch.
   *
   * @param value The metric.
   * @returns The rate for the next epoch.
   */
  step(value: number): number {
    const { mode, factor, patience, threshold, cooldown, minLr } = this.#options;
    const best = this.#best;
    const isBetter = mode === "min"
      ? value < best * (1 - threshold)
      : value > best * (1 + threshold);
    if (isBetter) {
      this.#best = value;
      this.#badEpochs = 0;
    } else {
      this.#badEpochs++;
    }
    if (this.#cooldownLeft > 0) {
      this.#cooldownLeft--;
      this.#badEpochs = 0;
    }
    if (this.#badEpochs > patience) {
      const next = Math.max(this.#lr * factor, minLr);
      if (this.#lr - next > 1e-8) this.#lr = next;
      this.#cooldownLeft = cooldown;
      this.#badEpochs = 0;
    }
    return this.#lr;
  }

  /** What it remembers. */
  getState(): PlateauState {
    return {
      lr: this.#lr,
      best: Number.isFinite(this.#best) ? this.#best : null,
      badEpochs: this.#badEpochs,
      cooldownLeft: this.#cooldownLeft,
    };
  }

  /**
   * Goes back to what it remembered.
   *
   * @param state From `getState()`.
   */
  setState(state: PlateauState): void {
    this.#lr = state.lr;
    this.#best = state.best ?? (this.#options.mode === "min" ? Infinity : -Infinity);
    this.#badEpochs = state.badEpochs;
    this.#cooldownLeft = state.cooldownLeft;
  }
}
