/**
 * The recipe's network.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { EMOTIONS, IMAGE_SIZE } from "../../emotions.ts";
import { BatchNorm2d } from "../batch_norm.ts";
import type { FerModel } from "../description.ts";
import { SeededDropout, SeededDropout2d } from "../dropout.ts";
import { describeNetwork, type NetworkDefinition } from "./definition.ts";
import { checkNetworkOptions, outputCount } from "./network_options.ts";
import {
  checkBias,
  type RecognizedStateDict,
  refuse,
  renamed,
  shapeOf,
  type TorchModules,
} from "./torch_modules.ts";
import { layerInitializers } from "../uniform_initializer.ts";

/** The parts of {@linkcode buildFerCnn}'s network that can be chosen. */
export interface FerCnnOptions {
  /**
   * Filters of each block; every block halves height and width.
   *
   * @default [64, 128, 256]
   */
  readonly filters?: readonly number[];
  /**
   * Units of the hidden layer.
   *
   * @default 512
   */
  readonly hidden?: number;
  /**
   * Share of the last block's channels that are dropped while training, from 0 to below 1.
   *
   * @default 0.25
   */
  readonly dropout2d?: number;
  /**
   * Share of the hidden units that are dropped while training, from 0 to below 1.
   *
   * @default 0.5
   */
  readonly dropout?: number;
  /**
   * Class names, in the order of the logits.
   *
   * @default EMOTIONS
   */
  readonly classes?: readonly string[];
  /**
   * Whether a second output tells the eight classes of FER+'s votes, contempt the eighth: its logits
   * follow the first one's, and the last layer is one for both.
   *
   * @default false
   */
  readonly ferPlus?: boolean;
  /**
   * Height and width of the input, in pixels.
   *
   * @default 48
   */
  readonly size?: number;
  /**
   * Seed of the initial weights and of dropout.
   *
   * @default 42
   */
  readonly seed?: number;
}

/** Keeps the streams of weights and masks apart from all that is drawn from the same seed. */
const WEIGHTS = 1_001;
const MASKS = 1_002;

function assembleFerCnn(options: FerCnnOptions, weights: "random" | "zeros"): FerModel {
  const complete = {
    filters: [64, 128, 256],
    hidden: 512,
    dropout2d: 0.25,
    dropout: 0.5,
    classes: EMOTIONS,
    ferPlus: false,
    size: IMAGE_SIZE,
    seed: 42,
    ...options,
  };
  const { filters, hidden, dropout2d, dropout, classes, ferPlus, size, seed } = complete;
  checkNetworkOptions({
    filters,
    part: "block",
    counts: { hidden },
    rates: { dropout2d, dropout },
    classes,
    ferPlus,
    size,
    least: 2 ** filters?.length,
    seed,
  });

  const initializers = layerInitializers(weights, seed, WEIGHTS);
  const input = tf.input({ shape: [size, size, 1], name: "image" });
  let x = input;
  const then = (next: tf.layers.Layer) => {
    x = next.apply(x) as tf.SymbolicTensor;
  };
  let channels = 1;
  filters.forEach((count, index) => {
    const n = index + 1;
    then(tf.layers.conv2d({
      name: `conv${n}`,
      filters: count,
      kernelSize: 3,
      padding: "same",
      ...initializers(channels * 9),
    }));
    then(new BatchNorm2d({ name: `bn${n}` }));
    then(tf.layers.reLU({ name: `relu${n}` }));
    then(tf.layers.maxPooling2d({ name: `pool${n}`, poolSize: 2 }));
    channels = count;
  });
  then(new SeededDropout2d({ name: "dropout2d", rate: dropout2d, seed, keys: [MASKS, 0] }));
  // PyTorch flattens channels first.
  then(tf.layers.permute({ name: "channels_first", dims: [3, 1, 2] }));
  then(tf.layers.flatten({ name: "flatten" }));
  const side = Math.floor(size / 2 ** filters.length);
  then(
    tf.layers.dense({ name: "fc1", units: hidden, ...initializers(channels * side * side) }),
  );
  then(tf.layers.reLU({ name: "relu_fc1" }));
  then(new SeededDropout({ name: "dropout", rate: dropout, seed, keys: [MASKS, 1] }));
  then(
    tf.layers.dense({ name: "fc2", units: outputCount(classes, ferPlus), ...initializers(hidden) }),
  );

  const model = tf.model({ name: "ferCnn", inputs: input, outputs: x });
  return describeNetwork(model, {
    architecture: {
      name: "ferCnn",
      options: {
        filters: [...filters],
        hidden,
        dropout2d,
        dropout,
        size,
        seed,
      },
    },
    classes,
    ferPlus,
    size,
  });
}

/**
 * Builds the recipe's network: blocks of 3x3 convolution, BatchNorm, ReLU and 2x2 max pooling, then
 * two linear layers. With the defaults it has 5,094,151 parameters, of which 5,093,255 are trained.
 *
 * Layers and initialization mean what they mean in PyTorch: weights and biases from
 * U(-1/sqrt(fan_in), 1/sqrt(fan_in)), BatchNorm with eps 1e-5 and momentum 0.1. It takes
 * `[batch, size, size, 1]`, float32 in [-1, 1], and gives logits `[batch, classes]`.
 *
 * @param options Sizes, dropout, classes and seed.
 * @returns The model, on tfjs's current backend. Call its `dispose()` when done.
 * @throws {RangeError} When an option is out of range.
 *
 * @example
 * ```ts
 * import { buildFerCnn } from "@fer/core/model";
 * import { assertEquals } from "@std/assert";
 *
 * const model = buildFerCnn({ filters: [8, 16, 32], hidden: 32 });
 * assertEquals(model.countParams(), 43_239);
 * model.dispose();
 * ```
 */
export function buildFerCnn(options: FerCnnOptions = {}): FerModel {
  return assembleFerCnn(options, "random");
}

/** The recipe's network: blocks with a bias, two linear layers. */
function asFerCnn({ convolutions, norms, linears, filters }: TorchModules): RecognizedStateDict {
  checkBias([...convolutions, ...linears], true);
  const [[hidden, flat], [classes, inner]] = linears.map((each) => shapeOf(each));
  const [first, second] = linears.map(([name]) => name);
  if (inner !== hidden) refuse(`${second} takes ${inner} values, ${first} gives ${hidden}`);
  const side = Math.sqrt(flat / filters[filters.length - 1]);
  if (!Number.isInteger(side)) {
    refuse(`${first} takes ${flat} values, no square of ${filters[filters.length - 1]} channels`);
  }
  const size = side * 2 ** filters.length;
  return {
    architecture: { name: "ferCnn", options: { filters, hidden, size } },
    classes,
    tensors: renamed([
      ...convolutions.map(([, module], i) => [`conv${i + 1}`, module] as const),
      ...norms.map(([, module], i) => [`bn${i + 1}`, module] as const),
      ...linears.map(([, module], i) => [`fc${i + 1}`, module] as const),
    ]),
  };
}

/** The network, as model files and recipes name it. */
export const FER_CNN: NetworkDefinition = {
  name: "ferCnn",
  about: "the recipe's, five million parameters",
  build: assembleFerCnn,
  onDrawnFaces: { filters: [16, 32, 64], hidden: 64, dropout2d: 0, dropout: 0 },
  torch: {
    builder: "fer_cnn",
    linears: 2,
    recognize: asFerCnn,
    program:
      `def fer_cnn(classes, filters=(64, 128, 256), hidden=512, dropout2d=0.25, dropout=0.5, size=48, **_):
    layers, channels = OrderedDict(), 1
    for n, count in enumerate(filters, 1):
        layers[f"conv{n}"] = nn.Conv2d(channels, count, 3, padding=1)
        layers[f"bn{n}"] = nn.BatchNorm2d(count)
        layers[f"relu{n}"] = nn.ReLU()
        layers[f"pool{n}"] = nn.MaxPool2d(2)
        channels = count
    layers["dropout2d"] = nn.Dropout2d(dropout2d)
    layers["flatten"] = nn.Flatten()
    layers["fc1"] = nn.Linear(channels * (size // 2 ** len(filters)) ** 2, hidden)
    layers["relu_fc1"] = nn.ReLU()
    layers["dropout"] = nn.Dropout(dropout)
    layers["fc2"] = nn.Linear(hidden, classes)
    return nn.Sequential(layers)`,
  },
};
