/**
 * The work that is profiled: a network's training step as its recipe has it, and its inference.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { EMOTIONS, IMAGE_SIZE } from "../../src/emotions.ts";
import { inOneSubmit } from "../../src/kernels/one_submit.ts";
import { buildArchitecture } from "../../src/model/networks/registry.ts";
import { type FerModel, largestBatch, namedWeights, pixelsToInput } from "../../src/model.ts";
import { WeightAverage } from "../../src/train/ema.ts";
import { type Optimizer, OPTIMIZERS } from "../../src/train/optimizer.ts";
import { trainingStep } from "../../src/train/training_step.ts";
import { Generator } from "../../src/random.ts";
import type { Operations } from "./operations.ts";

/** What of a network's recipe a step's time depends on. */
interface Recipe {
  readonly filters: readonly number[];
  readonly batch: number;
  /** Height and width of the images that it trains on. */
  readonly trainSize: number;
  readonly optimizer: "adamw" | "muon";
  readonly mixup: number;
  readonly labelSmoothing: number;
  /** Decay of the weights' average; 0 for none. */
  readonly ema: number;
  /** Whether it takes images of any size; what is recognized is then 48x48. */
  readonly takesAnySize: boolean;
  /** Sizes that the network can be given, for how its cost grows. */
  readonly sizes: readonly number[];
}

/** The networks. */
export const RECIPES = {
  ferCnn: {
    filters: [64, 128, 256],
    batch: 64,
    trainSize: 48,
    optimizer: "adamw",
    mixup: 0,
    labelSmoothing: 0,
    ema: 0,
    takesAnySize: false,
    sizes: [24, 48, 72],
  },
  ferNet: {
    filters: [32, 64, 128, 256],
    batch: 128,
    trainSize: 40,
    optimizer: "muon",
    mixup: 0.2,
    labelSmoothing: 0.1,
    ema: 0.998,
    takesAnySize: true,
    sizes: [24, 40, 64],
  },
} as const satisfies Record<string, Recipe>;

/** A network's name. */
export type NetworkName = keyof typeof RECIPES;

/** What departs from a network's recipe. */
export interface Departure {
  readonly batch?: number;
  /** Filters times this. */
  readonly width?: number;
  /** Height and width of the images that it trains on. */
  readonly size?: number;
}

const SEED = 42;

/** A network with random weights, images and labels. */
export class ProfiledNetwork {
  /** Images of a training step. */
  readonly batch: number;
  /** Height and width of the images that it trains on. */
  readonly size: number;
  readonly #model: FerModel;
  readonly #recipe: Recipe;
  readonly #operations: Operations;
  readonly #variables: ReadonlyMap<string, tf.Variable>;
  readonly #optimizer: Optimizer;
  readonly #average: WeightAverage | null;
  #steps = 0;

  /**
   * Builds the network on tfjs's backend.
   *
   * @param name Which.
   * @param operations Told of the phases of a step.
   * @param departure What departs from its recipe.
   */
  constructor(name: NetworkName, operations: Operations, departure: Departure = {}) {
    const recipe: Recipe = this.#recipe = RECIPES[name];
    this.batch = departure.batch ?? recipe.batch;
    this.size = departure.size ?? recipe.trainSize;
    const { width = 1 } = departure;
    const filters = recipe.filters.map((count) => Math.max(4, Math.round(count * width)));
    // Where a network takes one size alone, it is the one to train on.
    const options = { filters, seed: SEED, ...(recipe.takesAnySize ? {} : { size: this.size }) };
    this.#model = buildArchitecture({ name, options }, EMOTIONS);
    this.#operations = operations;
    const weights = namedWeights(this.#model);
    this.#variables = new Map([...weights].filter(([, { trainable }]) => trainable));
    const { optimizer, ema } = recipe;
    this.#optimizer = OPTIMIZERS[optimizer].make(this.#variables, {
      lr: 1e-3,
      weightDecay: 1e-2,
    });
    this.#average = ema > 0 ? new WeightAverage(weights, ema) : null;
  }

  /** How many weights are trained. */
  get parameters(): number {
    return [...this.#variables.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Height and width of the images that are recognized. */
  get inferenceSize(): number {
    return this.#recipe.takesAnySize ? IMAGE_SIZE : this.size;
  }

  /** Whether a step's tensors each fit a binding of so many bytes. */
  fits(bytes: number): boolean {
    return this.batch <= largestBatch(this.#model, bytes);
  }

  /** Records a training step. */
  step(): void {
    const { mixup, labelSmoothing } = this.#recipe;
    this.#operations.enter("passes");
    const classes = EMOTIONS.length;
    const { loss, correct, gradients } = trainingStep(
      this.#model,
      this.#variables,
      {
        pixels: noise(this.batch, this.size),
        shape: [this.batch, this.size, this.size, 1],
        labels: Int32Array.from({ length: this.batch }, (_, i) => i % classes),
        indices: Uint32Array.from({ length: this.batch }, (_, i) => i),
      },
      this.#steps++,
      { classes, mixup, labelSmoothing, seed: SEED },
    );
    this.#operations.enter("optimizer");
    this.#optimizer.step(gradients);
    this.#operations.enter("average");
    this.#average?.update(this.#steps);
    tf.dispose([loss, correct, ...gradients.values()]);
    this.#operations.enter("passes");
  }

  /**
   * Records the inference of some images.
   *
   * @returns Probabilities `[count, classes]`.
   */
  infer(count: number): tf.Tensor {
    const size = this.inferenceSize;
    const pixels = noise(count, size);
    return tf.tidy(() =>
      inOneSubmit(() => {
        const x = pixelsToInput(pixels, [count, size, size, 1]);
        return tf.softmax(this.#operations.infer(this.#model, x) as tf.Tensor2D);
      })
    );
  }

  /** Frees all that it made. */
  dispose(): void {
    this.#optimizer.dispose();
    this.#average?.dispose();
    this.#model.dispose();
  }
}

function noise(count: number, size: number): Uint8Array {
  const generator = new Generator(SEED, count, size);
  return Uint8Array.from({ length: count * size * size }, () => generator.uint32() & 255);
}
