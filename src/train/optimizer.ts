/**
 * What training asks of an optimizer, and which one a configuration names.
 *
 * @module
 */
import type { FerTensor, FerVariable } from "../model/tensor.ts";
import { AdamW } from "./adamw.ts";
import type { TrainingConfig } from "./config.ts";
import { Muon } from "./muon.ts";

/** An optimizer over named variables. */
export interface Optimizer {
  /** Step size; a schedule sets it between steps. */
  lr: number;
  /** The number of steps taken. */
  readonly steps: number;
  /**
   * Takes one step. The gradients are not disposed of.
   *
   * @param gradients One gradient a variable, of its shape; a variable without one is left alone.
   */
  step(gradients: ReadonlyMap<string, FerTensor>): void;
  /** What a checkpoint has to hold, by name: the variables themselves, not copies. */
  state(): Map<string, FerVariable>;
  /**
   * Goes on after a number of steps that an earlier optimizer took.
   *
   * @param steps From 0.
   */
  setSteps(steps: number): void;
  /** Frees its state. */
  dispose(): void;
}

/** Muon's step size over that of AdamW beside it. */
const MUON_TO_ADAMW = 10;

/** Muon for the filters of convolutions, AdamW for the rest. */
class MuonAndAdamW implements Optimizer {
  readonly #muon: Muon;
  readonly #adamW: AdamW;
  readonly #filters: ReadonlySet<string>;

  constructor(variables: ReadonlyMap<string, FerVariable>, lr: number, weightDecay: number) {
    const isFilter = ([, { rank }]: readonly [string, FerVariable]) => rank === 4;
    const filters = new Map([...variables].filter(isFilter));
    const rest = new Map([...variables].filter((entry) => !isFilter(entry)));
    this.#filters = new Set(filters.keys());
    this.#muon = new Muon(filters, { lr, weightDecay });
    this.#adamW = new AdamW(rest, { lr: lr / MUON_TO_ADAMW, weightDecay: 0 });
  }

  get lr(): number {
    return this.#muon.lr;
  }

  set lr(lr: number) {
    this.#muon.lr = lr;
    this.#adamW.lr = lr / MUON_TO_ADAMW;
  }

  get steps(): number {
    return this.#muon.steps;
  }

  step(gradients: ReadonlyMap<string, FerTensor>): void {
    const isFilter = ([name]: readonly [string, FerTensor]) => this.#filters.has(name);
    this.#muon.step(new Map([...gradients].filter(isFilter)));
    this.#adamW.step(new Map([...gradients].filter((entry) => !isFilter(entry))));
  }

  state(): Map<string, FerVariable> {
    return new Map([...this.#muon.state(), ...this.#adamW.state()]);
  }

  setSteps(steps: number): void {
    this.#muon.setSteps(steps);
    this.#adamW.setSteps(steps);
  }

  dispose(): void {
    this.#muon.dispose();
    this.#adamW.dispose();
  }
}

/**
 * The optimizer that a configuration names.
 *
 * @param variables What it updates, by name.
 * @param config The optimizer, step size and weight decay.
 */
export function makeOptimizer(
  variables: ReadonlyMap<string, FerVariable>,
  { optimizer, lr, weightDecay }: Pick<TrainingConfig, "optimizer" | "lr" | "weightDecay">,
): Optimizer {
  return optimizer === "muon"
    ? new MuonAndAdamW(variables, lr, weightDecay)
    : new AdamW(variables, { lr, weightDecay });
}
