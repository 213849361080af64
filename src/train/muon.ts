/**
 * Muon: momentum whose matrices are orthogonalized.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { FerTensor, FerVariable } from "../model/tensor.ts";
import { muonDescent, muonMomentum } from "../ops/muon.ts";
import { orthogonalize } from "./orthogonalize.ts";

/** The options of {@linkcode Muon}. */
export interface MuonOptions {
  /**
   * Step size.
   *
   * @default 0.02
   */
  readonly lr?: number;
  /**
   * Share of the running mean of gradients that stays at a step.
   *
   * @default 0.95
   */
  readonly momentum?: number;
  /**
   * Share of each weight that decays at a step, times the step size.
   *
   * @default 0
   */
  readonly weightDecay?: number;
}

/**
 * Muon (Jordan et al., 2024) for matrices and the filters of convolutions: the running mean of
 * gradients, with Nesterov's look ahead, is orthogonalized by five Newton-Schulz steps, so that all
 * directions of a matrix learn at one pace.
 *
 * A variable's last axis counts its outputs, as in tfjs's kernels; all others together are its
 * inputs. A step is as long as `lr sqrt(max(1, outputs / inputs))`. Biases, scales and the last
 * layer belong in {@linkcode AdamW}.
 *
 * @example
 * ```ts
 * import { Muon } from "@fer/core/train";
 * import * as tf from "@tensorflow/tfjs";
 *
 * const weight = tf.variable(tf.eye(2));
 * const optimizer = new Muon(new Map([["weight", weight]]), { lr: 0.1 });
 * const gradient = tf.tensor2d([[100, 0], [0, 100]]);
 * optimizer.step(new Map([["weight", gradient]]));
 * const [first] = weight.dataSync();
 * console.assert(first > 0.87 && first < 0.94);
 * optimizer.dispose();
 * tf.dispose([weight, gradient]);
 * ```
 */
export class Muon {
  /** Step size; a schedule sets it between steps. */
  lr: number;
  readonly #variables: ReadonlyMap<string, tf.Variable>;
  readonly #means = new Map<string, tf.Variable>();
  readonly #momentum: number;
  readonly #weightDecay: number;
  #steps = 0;

  /**
   * Begins with running means of 0.
   *
   * @param variables What it updates, by name.
   * @param options Step size, momentum, weight decay.
   * @throws {RangeError} When an option is out of its range.
   * @throws {TypeError} When a variable has fewer than two axes.
   */
  constructor(variables: ReadonlyMap<string, FerVariable>, options: MuonOptions = {}) {
    const { lr = 0.02, momentum = 0.95, weightDecay = 0 } = options;
    const checks: ReadonlyArray<readonly [string, number, boolean]> = [
      ["lr", lr, lr >= 0 && Number.isFinite(lr)],
      ["momentum", momentum, momentum >= 0 && momentum < 1],
      ["weightDecay", weightDecay, weightDecay >= 0 && Number.isFinite(weightDecay)],
    ];
    for (const [name, value, isRight] of checks) {
      if (!isRight) throw new RangeError(`Cannot run Muon with ${name} ${value}`);
    }
    for (const [name, { rank, shape }] of variables) {
      if (rank >= 2) continue;
      throw new TypeError(
        `Cannot run Muon on ${name} of shape [${shape}]: expected a matrix or a filter`,
      );
    }
    this.lr = lr;
    this.#momentum = momentum;
    this.#weightDecay = weightDecay;
    this.#variables = variables;
    for (const [name, variable] of variables) {
      this.#means.set(name, tf.tidy(() => tf.variable(tf.zerosLike(variable), false)));
    }
  }

  /** The number of steps taken. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Takes one step. The gradients are not disposed of.
   *
   * @param gradients One gradient a variable, of its shape; a variable without one is left alone.
   * @throws {TypeError} When a gradient has no variable.
   */
  step(gradients: ReadonlyMap<string, FerTensor>): void {
    this.#steps++;
    const parts = [...gradients].map(([name, gradient]) => {
      const weight = this.#variables.get(name);
      const mean = this.#means.get(name);
      if (!weight || !mean) {
        throw new TypeError(`Cannot step ${name}: the optimizer has no such variable`);
      }
      const outputs = weight.shape[weight.rank - 1];
      return { weight, mean, gradient, outputs, inputs: weight.size / outputs };
    }).filter(({ weight }) => weight.size > 0);
    const keep = 1 - this.lr * this.#weightDecay;
    tf.tidy(() => {
      const directions = orthogonalize(
        parts.map(({ mean, gradient, inputs, outputs }) =>
          tf.reshape(muonMomentum(mean, gradient, this.#momentum), [inputs, outputs])
        ),
      );
      parts.forEach(({ weight, outputs, inputs }, i) => {
        const step = this.lr * Math.sqrt(Math.max(1, outputs / inputs));
        muonDescent(weight, directions[i], keep, step);
      });
    });
  }

  /**
   * The running means, by name: `momentum.<variable>`.
   *
   * @returns The variables themselves, not copies.
   */
  state(): Map<string, FerVariable> {
    return new Map([...this.#means].map(([name, mean]) => [`momentum.${name}`, mean]));
  }

  /**
   * Goes on after a number of steps that an earlier optimizer took.
   *
   * @param steps From 0.
   */
  setSteps(steps: number): void {
    this.#steps = steps;
  }

  /** Frees the running means. */
  dispose(): void {
    tf.dispose([...this.#means.values()]);
    this.#means.clear();
  }
}
