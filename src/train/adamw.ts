/**
 * AdamW: Adam with decoupled weight decay.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { AdamWParameter } from "../kernels/adamw.ts";
import type { FerTensor, FerVariable } from "../model/tensor.ts";
import { adamWStep, clippingFactor } from "../ops/adamw.ts";

/** The options of {@linkcode AdamW}, under PyTorch's names and with its defaults. */
export interface AdamWOptions {
  /**
   * Step size.
   *
   * @default 1e-3
   */
  readonly lr?: number;
  /**
   * Decay rates of the two running means.
   *
   * @default [0.9, 0.999]
   */
  readonly betas?: readonly [number, number];
  /**
   * Added to the denominator.
   *
   * @default 1e-8
   */
  readonly eps?: number;
  /**
   * Share of each weight that decays at a step, times the step size.
   *
   * @default 1e-2
   */
  readonly weightDecay?: number;
}

interface Moments {
  readonly first: tf.Variable;
  readonly second: tf.Variable;
}

/**
 * AdamW as `torch.optim.AdamW` computes it (Loshchilov and Hutter, 2019), over named variables.
 *
 * @example
 * ```ts
 * import { AdamW } from "@fer/core/train";
 * import * as tf from "@tensorflow/tfjs";
 *
 * const weight = tf.variable(tf.scalar(1));
 * const optimizer = new AdamW(new Map([["weight", weight]]), { lr: 0.1, weightDecay: 0 });
 * const gradient = tf.scalar(2);
 * optimizer.step(new Map([["weight", gradient]]));
 * console.assert(Math.abs(weight.dataSync()[0] - 0.9) < 1e-6);
 * optimizer.dispose();
 * tf.dispose([weight, gradient]);
 * ```
 */
export class AdamW {
  /** Step size; a schedule sets it between steps. */
  lr: number;
  readonly #variables: ReadonlyMap<string, tf.Variable>;
  readonly #moments = new Map<string, Moments>();
  readonly #betas: readonly [number, number];
  readonly #eps: number;
  readonly #weightDecay: number;
  #steps = 0;

  /**
   * Begins with running means of 0.
   *
   * @param variables What it updates, by name.
   * @param options Step size, decay rates, weight decay.
   * @throws {RangeError} When an option is out of its range.
   */
  constructor(variables: ReadonlyMap<string, FerVariable>, options: AdamWOptions = {}) {
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 1e-2 } = options;
    const checks: ReadonlyArray<readonly [string, number, boolean]> = [
      ["lr", lr, lr >= 0 && Number.isFinite(lr)],
      ["betas[0]", betas[0], betas[0] >= 0 && betas[0] < 1],
      ["betas[1]", betas[1], betas[1] >= 0 && betas[1] < 1],
      ["eps", eps, eps >= 0 && Number.isFinite(eps)],
      ["weightDecay", weightDecay, weightDecay >= 0 && Number.isFinite(weightDecay)],
    ];
    for (const [name, value, isRight] of checks) {
      if (!isRight) throw new RangeError(`Cannot run AdamW with ${name} ${value}`);
    }
    this.lr = lr;
    this.#betas = betas;
    this.#eps = eps;
    this.#weightDecay = weightDecay;
    this.#variables = variables;
    for (const [name, variable] of variables) {
      this.#moments.set(name, {
        first: tf.tidy(() => tf.variable(tf.zerosLike(variable), false)),
        second: tf.tidy(() => tf.variable(tf.zerosLike(variable), false)),
      });
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
    const [beta1, beta2] = this.#betas;
    const correction1 = 1 - beta1 ** this.#steps;
    const correction2 = 1 - beta2 ** this.#steps;
    const parameters = [...gradients].map(([name, gradient]): AdamWParameter => {
      const weight = this.#variables.get(name);
      const moments = this.#moments.get(name);
      if (!weight || !moments) {
        throw new TypeError(`Cannot step ${name}: the optimizer has no such variable`);
      }
      return { weight, ...moments, gradient };
    });
    const step = {
      keep: 1 - this.lr * this.#weightDecay,
      betas: this.#betas,
      stepSize: this.lr / correction1,
      rootScale: 1 / Math.sqrt(correction2),
      eps: this.#eps,
    };
    adamWStep(parameters, step);
  }

  /**
   * The running means, by name: `first.<variable>` and `second.<variable>`.
   *
   * @returns The variables themselves, not copies.
   */
  state(): Map<string, FerVariable> {
    const out = new Map<string, tf.Variable>();
    for (const [name, { first, second }] of this.#moments) {
      out.set(`first.${name}`, first);
      out.set(`second.${name}`, second);
    }
    return out;
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
    for (const { first, second } of this.#moments.values()) tf.dispose([first, second]);
    this.#moments.clear();
  }
}

/**
 * Scales gradients so that their common norm is at most `maxNorm`, as `clip_grad_norm_` does.
 *
 * @param gradients By name; they are disposed of and replaced in the map.
 * @param maxNorm The largest norm, above 0.
 */
export function clipGradientNorm(gradients: Map<string, FerTensor>, maxNorm: number): void {
  if (!(maxNorm > 0)) throw new RangeError(`Cannot clip gradients to a norm of ${maxNorm}`);
  const factor = clippingFactor([...gradients.values()], maxNorm);
  for (const [name, gradient] of gradients) {
    gradients.set(name, tf.mul(gradient, factor));
    gradient.dispose();
  }
  factor.dispose();
}
