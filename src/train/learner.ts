/**
 * From gradients to new weights.
 *
 * @module
 */
import { type FerModel, namedWeights } from "../model.ts";
import type { FerVariable } from "../model/tensor.ts";
import { clipGradientNorm } from "./adamw.ts";
import { WeightAverage } from "./ema.ts";
import { GradientAccumulator, type Gradients } from "./gradient_accumulator.ts";
import { type Optimizer, type OptimizerFactory, OPTIMIZERS } from "./optimizer.ts";
import { makeSchedule, type Schedule, type ScheduleFactory } from "./schedule.ts";
import type { TrainingConfig } from "./settings.ts";

/** The user's own parts, in place of those that the configuration names. */
export interface OwnLearning {
  /** The schedule. */
  readonly schedule?: ScheduleFactory;
  /** The optimizer. */
  readonly optimizer?: OptimizerFactory;
}

/** What a learner remembers besides tensors. */
export interface LearnerState {
  /** Optimizer steps taken. */
  readonly optimizerSteps: number;
  /** What the schedule remembers; null for one that remembers nothing. */
  readonly schedule: unknown;
}

/** Updates a network's weights: schedule, accumulation, clipping, optimizer, moving average. */
export class Learner {
  /** The weights that gradients are asked of, by name. */
  readonly trainable: ReadonlyMap<string, FerVariable>;
  readonly #weights: ReadonlyMap<string, FerVariable>;
  readonly #clipNorm: number;
  readonly #accumulator: GradientAccumulator;
  readonly #optimizer: Optimizer;
  readonly #average: WeightAverage | null;
  readonly #schedule: Schedule;
  #steps = 0;

  /**
   * Begins before the first step.
   *
   * @param model The network; its weights are updated in place.
   * @param config The settings.
   * @param batches Batches of an epoch.
   * @param own The user's own parts.
   */
  constructor(model: FerModel, config: TrainingConfig, batches: number, own: OwnLearning = {}) {
    this.#weights = namedWeights(model);
    this.trainable = new Map([...this.#weights].filter(([, variable]) => variable.trainable));
    this.#clipNorm = config.clipNorm;
    this.#accumulator = new GradientAccumulator(config.accumulateGradBatches, batches);
    const makeOptimizer = own.optimizer ?? OPTIMIZERS[config.optimizer].make;
    this.#optimizer = makeOptimizer(this.trainable, config);
    this.#average = config.ema > 0 ? new WeightAverage(this.#weights, config.ema) : null;
    const { stepsPerEpoch } = this;
    this.#schedule = makeSchedule(own.schedule ?? config.scheduler, config, {
      stepsPerEpoch,
      totalSteps: config.epochs * stepsPerEpoch,
    });
  }

  /** Optimizer steps of an epoch. */
  get stepsPerEpoch(): number {
    return this.#accumulator.stepsPerEpoch;
  }

  /** The learning rate of the next optimizer step. */
  get lr(): number {
    return this.#schedule.lr(this.#steps);
  }

  /** Whether gradients wait for those of further batches: no place to stop a training. */
  get isWaiting(): boolean {
    return this.#accumulator.isWaiting;
  }

  /**
   * Takes in the gradients of a batch, and takes an optimizer step when all of its batches are there.
   *
   * @param gradients They are the learner's from now on.
   * @param batch The batch's place in the epoch, from 1.
   */
  learn(gradients: Gradients, batch: number): void {
    const { lr } = this;
    const mean = this.#accumulator.add(gradients, batch);
    if (!mean) return;
    if (this.#clipNorm > 0) clipGradientNorm(mean, this.#clipNorm);
    this.#optimizer.lr = lr;
    this.#optimizer.step(mean);
    for (const gradient of mean.values()) gradient.dispose();
    this.#steps++;
    this.#average?.update(this.#steps);
  }

  /**
   * Runs a function while the network has the weights that are validated and kept: the moving
   * average, where there is one.
   *
   * @param use What to run.
   * @returns What it returns.
   */
  async lend<T>(use: () => Promise<T>): Promise<T> {
    return this.#average ? await this.#average.lend(use) : await use();
  }

  /**
   * Takes in what a whole epoch came to.
   *
   * @param valLoss The validation loss.
   */
  endEpoch(valLoss: number): void {
    this.#schedule.endEpoch?.(valLoss);
  }

  /** All variables that a checkpoint holds: weights, moments and averages, not copies. */
  variables(): Map<string, FerVariable> {
    const out = new Map<string, FerVariable>();
    const add = (prefix: string, variables: ReadonlyMap<string, FerVariable>) => {
      for (const [name, variable] of variables) out.set(`${prefix}.${name}`, variable);
    };
    add("model", this.#weights);
    add("optimizer", this.#optimizer.state());
    if (this.#average) add("ema", this.#average.state());
    return out;
  }

  /** What it remembers besides tensors. */
  getState(): LearnerState {
    return { optimizerSteps: this.#steps, schedule: this.#schedule.getState?.() ?? null };
  }

  /**
   * Goes back to what it remembered.
   *
   * @param state From `getState()`.
   */
  setState({ optimizerSteps, schedule }: LearnerState): void {
    this.#steps = optimizerSteps;
    this.#optimizer.setSteps(optimizerSteps);
    if (schedule !== null) this.#schedule.setState?.(schedule);
  }

  /** Frees what it made; the network stays. */
  dispose(): void {
    this.#accumulator.dispose();
    this.#optimizer.dispose();
    this.#average?.dispose();
  }
}
