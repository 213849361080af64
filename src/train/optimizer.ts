/**
 * What training asks of an optimizer, and those that a configuration can name.
 *
 * @module
 */
import type { FerTensor, FerVariable } from "../model/tensor.ts";
import { AdamW } from "./adamw.ts";
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

/** What a named optimizer goes by. */
export interface OptimizerSettings {
  /** Step size to begin with. */
  readonly lr: number;
  /** Decoupled weight decay. */
  readonly weightDecay: number;
}

/** An optimizer that a configuration can name. */
export type OptimizerName = "adamw" | "muon";

/**
 * Makes the optimizer of a training.
 *
 * @param variables What it is to update, by name.
 * @param settings The configured step size and weight decay.
 */
export type OptimizerFactory = (
  variables: ReadonlyMap<string, FerVariable>,
  settings: OptimizerSettings,
) => Optimizer;

/** An optimizer by name. */
interface NamedOptimizer {
  readonly make: OptimizerFactory;
  /** What it needs instead of the recipe's step size and decay. */
  readonly defaults: Partial<OptimizerSettings>;
}

/** The optimizers that a configuration can name: a new one is one entry here, and its name above. */
export const OPTIMIZERS: Readonly<Record<OptimizerName, NamedOptimizer>> = {
  adamw: { make: (variables, settings) => new AdamW(variables, settings), defaults: {} },
  muon: {
    make: (variables, { lr, weightDecay }) => new MuonAndAdamW(variables, lr, weightDecay),
    // Its steps are all of one length.
    defaults: { lr: 0.02, weightDecay: 0.05 },
  },
};
