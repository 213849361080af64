/**
 * Dropout whose masks can be drawn again: PyTorch's Dropout and Dropout2d as tfjs layers.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { dropout } from "../ops/dropout.ts";
import { Generator } from "../random.ts";
import type { FerModel } from "./description.ts";

/** What a {@linkcode SeededDropout} drops. */
export interface SeededDropoutConfig {
  /** The layer's name. */
  readonly name?: string;
  /** The share that is dropped, from 0 to below 1. */
  readonly rate: number;
  /** The generator's seed. */
  readonly seed: number;
  /** The keys of the layer's own stream. */
  readonly keys: readonly number[];
}

/**
 * Zeroes elements with probability `rate` while training and scales the others by 1 / (1 - rate).
 *
 * The mask of the n-th training pass depends on the seed, the layer's keys and n alone, so that
 * training that is resumed at pass n drops what it would have dropped, on every backend.
 */
export class SeededDropout extends tf.layers.Layer {
  /** The name under which tfjs stores it. */
  static readonly className: string = "FerDropout";

  readonly #rate: number;
  readonly #seed: number;
  readonly #keys: readonly number[];

  /** How many training passes there have been. */
  counter = 0;

  /** @param config Rate, seed and stream. */
  constructor(config: SeededDropoutConfig) {
    super({ name: config.name });
    this.#rate = config.rate;
    this.#seed = config.seed;
    this.#keys = config.keys;
    this.supportsMasking = true;
  }

  /** Whether whole channels are dropped. */
  protected readonly wholeChannels: boolean = false;

  /**
   * @param inputs Any shape, batch first, float32.
   * @param kwargs `training`: drop, and count the pass.
   */
  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    if (!kwargs?.training) return x;
    const pass = this.counter++;
    const rate = this.#rate;
    if (rate === 0) return x;
    const generator = new Generator(this.#seed, ...this.#keys, pass);
    const key = { seed: generator.uint32(), counter: generator.uint32() };
    return dropout(x, rate, key, this.wholeChannels);
  }

  /** @param inputShape Any; the output's is the same. */
  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return inputShape;
  }

  /** What the constructor takes. */
  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.#rate, seed: this.#seed, keys: [...this.#keys] };
  }
}

/** {@linkcode SeededDropout} that drops whole channels of `[batch, height, width, channels]`. */
export class SeededDropout2d extends SeededDropout {
  /** The name under which tfjs stores it. */
  static override readonly className: string = "FerDropout2d";

  /** Whole channels are. */
  protected override readonly wholeChannels: boolean = true;
}

for (const layer of [SeededDropout, SeededDropout2d]) {
  tf.serialization.registerClass(
    layer as unknown as tf.serialization.SerializableConstructor<SeededDropout>,
  );
}

const dropoutLayers = (model: FerModel): SeededDropout[] =>
  model.layers.filter((layer) => layer instanceof SeededDropout);

/**
 * How many training passes each dropout layer of a model has seen: with the seed, all that their
 * next masks depend on.
 *
 * @param model A model of this library.
 * @returns A count for each dropout layer, from input to output.
 */
export function dropoutStates(model: FerModel): number[] {
  return dropoutLayers(model).map((layer) => layer.counter);
}

/**
 * Takes a model's dropout layers back to where {@linkcode dropoutStates} found them.
 *
 * @param model The same model, or one of the same architecture.
 * @param states A count for each dropout layer, from input to output.
 * @throws {RangeError} When there are not as many counts as layers, or one is no count.
 */
export function setDropoutStates(model: FerModel, states: readonly number[]): void {
  const layers = dropoutLayers(model);
  const isRight = states.every((state) => Number.isSafeInteger(state) && state >= 0);
  if (states.length !== layers.length || !isRight) {
    throw new RangeError(
      `Cannot set ${layers.length} dropout layers to [${states}]: expected one count each`,
    );
  }
  layers.forEach((layer, index) => {
    layer.counter = states[index];
  });
}
