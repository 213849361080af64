/**
 * The network that ships: small, and of any input size.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { EMOTIONS, IMAGE_SIZE } from "../../emotions.ts";
import { BatchNorm2d } from "../batch_norm.ts";
import type { FerModel } from "../description.ts";
import { SeededDropout } from "../dropout.ts";
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

function assembleFerNet(options: FerNetOptions, weights: "random" | "zeros"): FerModel {
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
  return describeNetwork(model, {
    architecture: {
      name: "ferNet",
      options: {
        filters: [...filters],
        convolutions,
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

/** The small network: stages of convolutions without a bias, one linear layer. */
function asFerNet({ convolutions, norms, linears, filters }: TorchModules): RecognizedStateDict {
  checkBias(convolutions, false);
  checkBias(linears, true);
  const [[classes, inner]] = linears.map((each) => shapeOf(each));
  const last = filters[filters.length - 1];
  if (inner !== last) refuse(`${linears[0][0]} takes ${inner} values, not ${last} channels`);
  // A stage ends where the number of filters changes.
  const starts = filters.flatMap((count, i) => count === filters[i - 1] ? [] : [i]);
  const counts = starts.map((start, i) => (starts[i + 1] ?? filters.length) - start);
  const [each] = counts;
  if (counts.some((count) => count !== each)) {
    refuse(`its ${counts.length} stages have ${counts.join(", ")} convolutions`);
  }
  const nameOf = (i: number) => `${Math.floor(i / each) + 1}_${i % each + 1}`;
  return {
    architecture: {
      name: "ferNet",
      options: { filters: starts.map((start) => filters[start]), convolutions: each },
    },
    classes,
    tensors: renamed([
      ...convolutions.map(([, module], i) => [`conv${nameOf(i)}`, module] as const),
      ...norms.map(([, module], i) => [`bn${nameOf(i)}`, module] as const),
      ["fc", linears[0][1]],
    ]),
  };
}

/** The network, as model files and recipes name it. */
export const FER_NET: NetworkDefinition = {
  name: "ferNet",
  about: "one million, of any input size",
  build: assembleFerNet,
  onDrawnFaces: { filters: [8, 16, 32, 64], dropout: 0 },
  torch: {
    builder: "fer_net",
    linears: 1,
    recognize: asFerNet,
    program: `def fer_net(classes, filters=(32, 64, 128, 256), convolutions=2, dropout=0.3, **_):
    layers, channels = OrderedDict(), 1
    for stage, count in enumerate(filters, 1):
        for n in range(1, convolutions + 1):
            layers[f"conv{stage}_{n}"] = nn.Conv2d(channels, count, 3, padding=1, bias=False)
            layers[f"bn{stage}_{n}"] = nn.BatchNorm2d(count)
            layers[f"relu{stage}_{n}"] = nn.ReLU()
            channels = count
        if stage < len(filters):
            layers[f"pool{stage}"] = nn.MaxPool2d(2)
    layers["average"] = nn.AdaptiveAvgPool2d(1)
    layers["flatten"] = nn.Flatten()
    layers["dropout"] = nn.Dropout(dropout)
    layers["fc"] = nn.Linear(channels, classes)
    return nn.Sequential(layers)`,
  },
};
