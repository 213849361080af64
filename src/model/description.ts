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
 * A network that learned FER+'s votes too gives the logits of its eight classes after those.
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

/**
 * Whose labels an answer follows: `fer2013`, one person's word for each image; `ferplus`, what most
 * of ten people see, contempt included; `both`, the classes that the two have in common, by the
 * geometric mean of the two answers.
 */
export type Labels = "fer2013" | "ferplus" | "both";

/**
 * How frequent each class is taken to be before an image is seen: `training`, as in what the network
 * was trained on; `uniform`, all alike; or one number above 0 a class, in the order of the classes.
 */
export type Priors = "training" | "uniform" | readonly number[];

/** How answers are read. */
export interface Reading {
  /**
   * Whose labels the answers follow. The last two need a network that learned FER+'s votes too.
   *
   * @default as the model says, else "fer2013"
   */
  readonly labels?: Labels;
  /**
   * How frequent each class is taken to be. Where faces come from elsewhere than FER-2013, in which
   * 13 times as many are happy as show disgust, `uniform` finds rare expressions more often. Each
   * probability is multiplied by the class's prior over its share of the training data (Saerens et
   * al., "Adjusting the Outputs of a Classifier to New a Priori Probabilities", 2002).
   *
   * @default as the model says, else "training"
   */
  readonly priors?: Priors;
}

/** What one of a model's outputs means. */
export interface HeadDescription {
  /** The class names, in the order of the logits. */
  readonly classes: readonly string[];
  /**
   * What logits are divided by before softmax makes them probabilities, so that the network is as
   * sure as it is right: fitted on the validation split when training ends, 1 before.
   */
  readonly temperature: number;
  /**
   * Each class's share of what the output was trained on, as far as training did not even it out:
   * what its answers take for granted, and dividing by it takes out. None where it is not known.
   */
  readonly classShares?: readonly number[];
}

/** What a model says of itself; its classes, temperature and shares are those of FER-2013's labels. */
export interface ModelDescription extends HeadDescription {
  /** How to build the network. */
  readonly architecture: ArchitectureConfig;
  /** How an image becomes its input. */
  readonly preprocessing: Preprocessing;
  /** The second output, which learned FER+'s votes: its logits follow the first one's. */
  readonly ferPlus?: HeadDescription;
  /** How its answers are read where it is not said otherwise. */
  readonly reading?: Reading;
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

/** What training finds out about an output. */
export type Calibration = Partial<Pick<HeadDescription, "temperature" | "classShares">>;

/**
 * Gives a model's outputs other temperatures or class shares.
 *
 * @param model A model of this library.
 * @param first The first output's.
 * @param ferPlus The second one's; nothing happens where there is none.
 */
export function calibrate(model: FerModel, first: Calibration, ferPlus: Calibration = {}): void {
  const before = describeModel(model);
  const second = before.ferPlus && { ferPlus: { ...before.ferPlus, ...ferPlus } };
  setDescription(model, { ...before, ...first, ...second });
}

/** One of a model's outputs, and where its logits are. */
export interface Head extends HeadDescription {
  /** Whose labels it learned. */
  readonly labels: "fer2013" | "ferplus";
  /** Its first logit's place among all. */
  readonly start: number;
}

/**
 * A model's outputs in the order of their logits.
 *
 * @param description What the model says of itself.
 */
export function headsOf(
  { classes, temperature, classShares, ferPlus }: ModelDescription,
): readonly [Head, ...Head[]] {
  const first: Head = { labels: "fer2013", start: 0, classes, temperature, classShares };
  return ferPlus ? [first, { ...ferPlus, labels: "ferplus", start: classes.length }] : [first];
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
