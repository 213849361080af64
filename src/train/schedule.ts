/**
 * How the learning rate moves: the schedules that a configuration can name, and what one of your own
 * has to be.
 *
 * @module
 */
import { ReduceLROnPlateau } from "./reduce_lr_on_plateau.ts";

/** How long a training is, in optimizer steps. */
export interface TrainingLength {
  /** Optimizer steps of an epoch. */
  readonly stepsPerEpoch: number;
  /** Optimizer steps of the whole training, if nothing ends it before. */
  readonly totalSteps: number;
}

/** The learning rate over a training. What it remembers goes into checkpoints. */
export interface Schedule {
  /**
   * The learning rate of a step.
   *
   * @param step Optimizer steps taken, from 0.
   * @returns From 0 up.
   */
  lr(step: number): number;
  /**
   * Takes in what a whole epoch came to.
   *
   * @param valLoss Mean cross-entropy on the validation images.
   */
  endEpoch?(valLoss: number): void;
  /** What it remembers, as JSON can hold it. */
  getState?(): unknown;
  /**
   * Goes back to what it remembered.
   *
   * @param state From `getState()`, by way of JSON.
   */
  setState?(state: unknown): void;
}

/**
 * Makes the schedule of a training, once it is known how long it is. A schedule that follows from the
 * step alone may be a function of it: what the configured rate is multiplied with.
 *
 * @param length How long the training is.
 * @returns A function of the optimizer steps taken, or an object that remembers.
 */
export type ScheduleFactory = (length: TrainingLength) => Schedule | ((step: number) => number);

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

/** What a named schedule goes by. */
export interface ScheduleSettings {
  /** The configured rate. */
  readonly lr: number;
  /** Epochs in which the rate rises. */
  readonly warmupEpochs: number;
  /** Last epochs in which `wsd` lets the rate fall. */
  readonly decayEpochs: number;
}

/** A schedule that a configuration can name. */
export type SchedulerName = "plateau" | "cosine" | "wsd" | "constant";

const stepsOf = (epochs: number, { stepsPerEpoch }: TrainingLength): number =>
  Math.round(epochs * stepsPerEpoch);

/** PyTorch's `ReduceLROnPlateau` of the recipe, after a warm-up. */
function plateau({ lr, warmupEpochs }: ScheduleSettings, length: TrainingLength): Schedule {
  const reduce = new ReduceLROnPlateau(lr, { patience: 3 });
  const warmup = stepsOf(warmupEpochs, length);
  return {
    lr: (step) => reduce.lr * linearWarmup(step, warmup),
    endEpoch: (valLoss) => void reduce.step(valLoss),
    getState: () => reduce.getState(),
    setState: (state) => reduce.setState(state as ReturnType<typeof reduce.getState>),
  };
}

/** A new schedule is one entry here, and its name above. */
const SCHEDULES: Readonly<
  Record<SchedulerName, (settings: ScheduleSettings, length: TrainingLength) => Schedule>
> = {
  plateau,
  cosine({ lr, warmupEpochs }, length) {
    const warmup = stepsOf(warmupEpochs, length);
    const tMax = Math.max(1, length.totalSteps - warmup);
    return {
      lr: (step) =>
        lr *
        (step < warmup ? linearWarmup(step, warmup) : cosineAnnealing(1, step - warmup, { tMax })),
    };
  },
  wsd({ lr, warmupEpochs, decayEpochs }, length) {
    const warmup = stepsOf(warmupEpochs, length);
    const decay = stepsOf(decayEpochs, length);
    return {
      lr: (step) => lr * (linearWarmup(step, warmup) * linearDecay(step, length.totalSteps, decay)),
    };
  },
  constant({ lr, warmupEpochs }, length) {
    const warmup = stepsOf(warmupEpochs, length);
    return { lr: (step) => lr * linearWarmup(step, warmup) };
  },
};

/** The schedules that a configuration can name. */
export const SCHEDULERS: readonly SchedulerName[] = Object.keys(SCHEDULES) as SchedulerName[];

/**
 * The schedule of a training.
 *
 * @param scheduler Its name, or what makes it.
 * @param settings What a named one goes by.
 * @param length How long the training is.
 */
export function makeSchedule(
  scheduler: SchedulerName | ScheduleFactory,
  settings: ScheduleSettings,
  length: TrainingLength,
): Schedule {
  if (typeof scheduler === "string") return SCHEDULES[scheduler](settings, length);
  const schedule = scheduler(length);
  if (typeof schedule !== "function") return schedule;
  return { lr: (step) => settings.lr * schedule(step) };
}
