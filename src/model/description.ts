/**
 * What a model says of itself: how it is built, what its outputs mean, what it wants to be fed.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";

/**
 * A network as tfjs knows it: `summary()`, `predict()`, `save()` and the rest work.
 *
 * Takes float32 `[batch, size, size, 1]` in [-1, 1] (see {@linkcode Preprocessing}) and gives logits
 * `[batch, classes]`; softmax, after division by the model's temperature, makes them probabilities.
 */
export type FerModel = tf.LayersModel;

/** How an image becomes a model's input: grey, resized, scaled to [0, 1], normalized. */
export interface Preprocessing {
  /** Height and width, in pixels. */
  readonly size: number;
  /** What is subtracted from samples in [0, 1]. */
  readonly mean: number;
  /** What they are then divided by. */
  readonly std: number;
  /** How an image of another size is resized: bilinear with antialiasing, as torchvision does. */
  readonly resize: "bilinear";
}

/** An architecture's name and the options that build it again. */
export interface ArchitectureConfig {
  /** The name in the registry, for instance `ferCnn`. */
  readonly name: string;
  /** What its builder takes, without the classes. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** What a model says of itself. */
export interface ModelDescription {
  /** How to build the network. */
  readonly architecture: ArchitectureConfig;
  /** The class names, in the order of the logits. */
  readonly classes: readonly string[];
  /** How an image becomes its input. */
  readonly preprocessing: Preprocessing;
  /**
   * What logits are divided by before softmax makes them probabilities, so that the network is as
   * sure as it is right: fitted on the validation split when training ends, 1 before.
   */
  readonly temperature: number;
}

const KEY = "fer";

/**
 * Attaches a description to a model. tfjs keeps it through its own `save()` and `loadLayersModel()`.
 *
 * @param model The model.
 * @param description What it says of itself.
 */
export function setDescription(model: FerModel, description: ModelDescription): void {
  model.setUserDefinedMetadata({ ...model.getUserDefinedMetadata(), [KEY]: description });
}

/**
 * Gives a model another temperature.
 *
 * @param model A model of this library.
 * @param temperature What its logits are divided by.
 */
export function setTemperature(model: FerModel, temperature: number): void {
  setDescription(model, { ...describeModel(model), temperature });
}

/**
 * What a model says of itself.
 *
 * @param model A model of this library.
 * @returns Architecture, classes, preprocessing and temperature.
 * @throws {TypeError} When the model was made by other means.
 */
export function describeModel(model: FerModel): ModelDescription {
  const metadata = model.getUserDefinedMetadata() as Record<string, unknown> | undefined;
  const description = metadata?.[KEY];
  if (!description) {
    throw new TypeError(
      `Cannot tell the classes of model ${model.name}: ` +
        "build it with buildFerCnn(), buildFerNet() or loadModel()",
    );
  }
  return description as ModelDescription;
}
