/**
 * The network that ships: small, and of any input size.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { EMOTIONS, FERPLUS_CLASSES, IMAGE_SIZE, PIXEL_MEAN, PIXEL_STD } from "../emotions.ts";
import { BatchNorm2d } from "./batch_norm.ts";
import { type FerModel, setDescription } from "./description.ts";
import { SeededDropout } from "./dropout.ts";
import { checkNetworkOptions, outputCount } from "./network_options.ts";
import { layerInitializers } from "./uniform_initializer.ts";

/** The parts of {@linkcode buildFerNet}'s network that can be chosen. */
export interface FerNetOptions {
  /**
   * Filters of each stage; every stage but the last halves height and width.
   *
   * @default [32, 64, 128, 256]
   */
  readonly filters?: readonly number[];
  /**
   * Convolutions a stage.
   *
   * @default 2
   */
  readonly convolutions?: number;
  /**
   * Share of the last stage's pooled channels that are dropped while training, from 0 to below 1.
   *
   * @default 0.3
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
   * Height and width to which images are resized before they are recognized, in pixels. The network
   * itself takes any size from 2^(stages - 1) on: training may use crops.
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
const WEIGHTS = 1_003;
const MASKS = 1_004;

/**
 * Builds the network, random or with zeros for weights that are about to be read from a file.
 *
 * @param options As for {@linkcode buildFerNet}.
 * @param weights How to initialize.
 */
export function assembleFerNet(options: FerNetOptions, weights: "random" | "zeros"): FerModel {
  const { filters, convolutions, dropout, classes, ferPlus, size, seed } = {
    filters: [32, 64, 128, 256],
    convolutions: 2,
    dropout: 0.3,
    classes: EMOTIONS,
    ferPlus: false,
    size: IMAGE_SIZE,
    seed: 42,
    ...options,
  };
  checkNetworkOptions({
    filters,
    part: "stage",
    counts: { convolutions },
    rates: { dropout },
    classes,
    ferPlus,
    size,
    least: 2 ** (filters?.length - 1),
    seed,
  });

  const initializers = layerInitializers(weights, seed, WEIGHTS);
  const input = tf.input({ shape: [null, null, 1], name: "image" });
  let x = input;
  const then = (next: tf.layers.Layer) => {
    x = next.apply(x) as tf.SymbolicTensor;
  };
  let channels = 1;
  filters.forEach((count, stage) => {
    for (let n = 1; n <= convolutions; n++) {
      const name = `${stage + 1}_${n}`;
      then(tf.layers.conv2d({
        name: `conv${name}`,
        filters: count,
        kernelSize: 3,
        padding: "same",
        useBias: false,
        ...initializers(channels * 9),
      }));
      then(new BatchNorm2d({ name: `bn${name}` }));
      then(tf.layers.reLU({ name: `relu${name}` }));
      channels = count;
    }
    if (stage < filters.length - 1) {
      then(tf.layers.maxPooling2d({ name: `pool${stage + 1}`, poolSize: 2 }));
    }
  });
  then(tf.layers.globalAveragePooling2d({ name: "average" }));
  then(new SeededDropout({ name: "dropout", rate: dropout, seed, keys: [MASKS, 0] }));
  then(
    tf.layers.dense({
      name: "fc",
      units: outputCount(classes, ferPlus),
      ...initializers(channels),
    }),
  );

  const model = tf.model({ name: "ferNet", inputs: input, outputs: x });
  setDescription(model, {
    architecture: {
      name: "ferNet",
      options: {
        filters: [...filters],
        convolutions,
        dropout,
        size,
        seed,
        ...(ferPlus && { ferPlus }),
      },
    },
    classes: [...classes],
    preprocessing: { size, mean: PIXEL_MEAN, std: PIXEL_STD, resize: "bilinear" },
    temperature: 1,
    ...(ferPlus && { ferPlus: { classes: [...FERPLUS_CLASSES], temperature: 1 } }),
  });
  return model;
}

/**
 * Builds a small network after VGG (Simonyan and Zisserman, 2015): stages of 3x3 convolutions
 * without bias, each followed by BatchNorm and ReLU, with 2x2 max pooling between the stages, then
 * the mean over all pixels, dropout and one linear layer. With the defaults it has 1,176,359
 * parameters, of which 1,174,439 are trained.
 *
 * It is fully convolutional: it takes `[batch, height, width, 1]`, float32 in [-1, 1], of any height
 * and width from 2^(stages - 1) on, so that it can train on crops of 40x40 pixels and recognize
 * whole images of 48x48. It gives logits `[batch, classes]`. Layers and initialization mean what
 * they mean in PyTorch: weights from U(-1/sqrt(fan_in), 1/sqrt(fan_in)), BatchNorm with eps 1e-5 and
 * momentum 0.1.
 *
 * @param options Sizes, dropout, classes and seed.
 * @returns The model, on tfjs's current backend. Call its `dispose()` when done.
 * @throws {RangeError} When an option is out of range.
 *
 * @example
 * ```ts
 * import { buildFerNet } from "@fer/core/model";
 * import { assertEquals } from "@std/assert";
 *
 * const model = buildFerNet();
 * assertEquals(model.countParams(), 1_176_359);
 * model.dispose();
 * ```
 */
export function buildFerNet(options: FerNetOptions = {}): FerModel {
  return assembleFerNet(options, "random");
}
