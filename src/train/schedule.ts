/**
 * How the learning rate moves, and when to stop.
 *
 * @module
 */
import type { TrainingConfig } from "./config.ts";

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

/** The options of {@linkcode cosineAnnealing}. */
export interface CosineAnnealingOptions {
  /** Steps from the base rate to the smallest (`T_max`). */
  readonly tMax: number;
  /**
   * The smallest rate (`eta_min`).
   *
   * @default 0
   */
  readonly etaMin?: number;
}

/**
 * The rate of PyTorch's `CosineAnnealingLR` after a number of steps (Loshchilov and Hutter, 2017).
 *
 * @param lr The base rate.
 * @param step Steps taken, from 0; past `tMax` the rate rises again, as in PyTorch.
 * @param options Length and smallest rate.
 * @returns The rate.
 */
export function cosineAnnealing(
  lr: number,
  step: number,
  options: CosineAnnealingOptions,
): number {
  const { tMax, etaMin = 0 } = options;
  return etaMin + (lr - etaMin) * (1 + Math.cos(Math.PI * step / tMax)) / 2;
}

/**
 * What a rate is multiplied with during a linear warm-up.
 *
 * @param step Steps taken, from 0.
 * @param warmupSteps The length of the warm-up in steps; 0 for none.
 * @returns `(step + 1) / warmupSteps`, at most 1.
 */
export function linearWarmup(step: number, warmupSteps: number): number {
  return warmupSteps > 0 ? Math.min(1, (step + 1) / warmupSteps) : 1;
}

/**
 * What a rate is multiplied with when it falls in a straight line to 0 at the end of a training: the
 * last part of the warm-up, stable, decay schedule (Hu et al., 2024, arXiv:2404.06395).
 *
 * @param step Steps taken, from 0.
 * @param totalSteps The length of the training in steps.
 * @param decaySteps The length of the fall in steps; 0 for none.
 * @returns `(totalSteps - step) / decaySteps`, from 0 to 1.
 */
export function linearDecay(step: number, totalSteps: number, decaySteps: number): number {
  return decaySteps > 0 ? Math.max(0, Math.min(1, (totalSteps - step) / decaySteps)) : 1;
}

/**
 * What the base rate is multiplied with by the schedule, warm-up included.
 *
 * @param config Which schedule, and how long it is.
 * @param step Optimizer steps taken, from 0.
 * @param stepsPerEpoch Optimizer steps of an epoch.
 * @returns A factor from 0 to 1; for `plateau` that of the warm-up alone.
 */
export function scheduleFactor(
  config: Pick<TrainingConfig, "scheduler" | "epochs" | "warmupEpochs" | "decayEpochs">,
  step: number,
  stepsPerEpoch: number,
): number {
  const total = config.epochs * stepsPerEpoch;
  const warmup = Math.round(config.warmupEpochs * stepsPerEpoch);
  if (config.scheduler === "cosine" && step >= warmup) {
    return cosineAnnealing(1, step - warmup, { tMax: Math.max(1, total - warmup) });
  }
  const factor = linearWarmup(step, warmup);
  if (config.scheduler !== "wsd") return factor;
  return factor * linearDecay(step, total, Math.round(config.decayEpochs * stepsPerEpoch));
}

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
