/**
 * The settings of a training run: each one's default, range and words, once. What fills in and checks
 * a configuration, the flags of `deno task train` and their help are made from this table.
 *
 * @module
 */
import { defaultWorkers } from "../data/default_workers.ts";
import { type AugmentationName, AUGMENTATIONS } from "./augmentation.ts";
import { type OptimizerName, OPTIMIZERS } from "./optimizer.ts";
import { type SchedulerName, SCHEDULERS } from "./schedule.ts";
import { checkSetting, type Setting } from "./setting.ts";

/** Every choice of a training run; the flags of `deno task train` carry the same names. */
export interface TrainingConfig {
  /**
   * Passes over the training data at most.
   *
   * @default 60
   */
  readonly epochs: number;
  /**
   * Images a step.
   *
   * @default 64
   */
  readonly batchSize: number;
  /**
   * `adamw`: AdamW for every parameter; `muon`: Muon (Jordan et al., 2024) for the filters of
   * convolutions, and for the rest AdamW at a tenth of the learning rate, without decay.
   *
   * @default "adamw"
   */
  readonly optimizer: OptimizerName;
  /**
   * Learning rate of the optimizer.
   *
   * @default 1e-3, with muon 0.02
   */
  readonly lr: number;
  /**
   * Decoupled weight decay, on every parameter; with muon on filters alone.
   *
   * @default 1e-4, with muon 0.05
   */
  readonly weightDecay: number;
  /**
   * `plateau`: a tenth after 3 epochs whose validation loss does not improve; `cosine`: to 0 along
   * half a cosine, step by step; `wsd`: constant until `decayEpochs` before the end, then to 0 in a
   * straight line; `constant`.
   *
   * @default "plateau"
   */
  readonly scheduler: SchedulerName;
  /**
   * Epochs in which the rate rises from 0 to `lr`; fractions are fine.
   *
   * @default 0
   */
  readonly warmupEpochs: number;
  /**
   * Last epochs in which `wsd` lets the rate fall to 0; fractions are fine.
   *
   * @default 10
   */
  readonly decayEpochs: number;
  /**
   * Share of each target spread over all classes, from 0 to below 1.
   *
   * @default 0
   */
  readonly labelSmoothing: number;
  /**
   * `balanced`: each class weighs the inverse of its share of the training images.
   *
   * @default "none"
   */
  readonly classWeights: "none" | "balanced";
  /**
   * While training, this times the logarithm of its share of the training images is added to each
   * class's logit, so that the network itself does not pass over rare ones (Menon et al., 2021): 0
   * for nothing, 1 for all classes alike. Training's loss and accuracy are those with it.
   *
   * @default 0
   */
  readonly logitAdjustment: number;
  /**
   * Weight of a second loss beside that of the labels: the cross-entropy of the network's second
   * output to the shares of people's votes (FER+). Images without votes, or that most voters could
   * not tell, do not count for it. The first output learns the labels then, whether there are soft
   * ones or not. 0 for training without a second output.
   *
   * @default 0
   */
  readonly ferPlusWeight: number;
  /**
   * Shape of mixup's Beta distribution (Zhang et al., 2018); 0 for none.
   *
   * @default 0
   */
  readonly mixup: number;
  /**
   * Decay of the exponential moving average of the weights; 0 for none. The averaged weights are
   * those that are validated and kept.
   *
   * @default 0
   */
  readonly ema: number;
  /**
   * Largest norm of all gradients together; 0 for no limit.
   *
   * @default 0
   */
  readonly clipNorm: number;
  /**
   * Batches whose gradients are averaged for one optimizer step.
   *
   * @default 1
   */
  readonly accumulateGradBatches: number;
  /**
   * `standard`: flip, rotation within 10 degrees, crop of 0.9 to 1.0 of the area; `strong`: more of
   * the same, and erasing; `warp`: flip, rotation, scale, stretch and shift in one bilinear map, for
   * crops; `strongWarp`: more of the same, with shear, brightness, contrast, and detail lost as by
   * enlarging a small face; `none`.
   *
   * @default "standard"
   */
  readonly augment: AugmentationName;
  /**
   * Probability that a grey rectangle of 2 to 20 % of the area is laid over a training image, after
   * all that `augment` does.
   *
   * @default 0
   */
  readonly erasing: number;
  /**
   * Height and width of the images that are trained on, for networks that take images of any size;
   * validation is on whole images. Without augmentation it is their middle. 0 for the network's own
   * size.
   *
   * @default 0
   */
  readonly trainCropSize: number;
  /**
   * Last epochs that train on images of the network's own size instead of `trainCropSize`: the sizes
   * that it will see.
   *
   * @default 0
   */
  readonly fullSizeEpochs: number;
  /**
   * Seed of everything random: initialisation, order, augmentation, dropout, mixup.
   *
   * @default 42
   */
  readonly seed: number;
  /**
   * Threads that augment, at most 64; 0 for the main thread. The result is the same.
   *
   * @default one fewer than there are cores, at most 4
   */
  readonly workers: number;
  /**
   * What the best checkpoint is best by: macro-F1 or loss on the validation data.
   *
   * @default "f1"
   */
  readonly monitor: "f1" | "loss";
  /**
   * Epochs without a better validation loss before training stops; 0 for never.
   *
   * @default 7
   */
  readonly patience: number;
  /**
   * Minutes after which this start of training validates, saves and ends; 0 for no limit.
   *
   * @default 0
   */
  readonly maxMinutes: number;
  /**
   * Steps after which training validates, saves and ends, counted from the run's beginning; 0 for
   * no limit.
   *
   * @default 0
   */
  readonly maxSteps: number;
  /**
   * Train on one batch, validate on one batch, end: to try that everything works.
   *
   * @default false
   */
  readonly fastDevRun: boolean;
  /**
   * Train and validate on the same few batches, without augmentation: a network that learns
   * overfits them. 0 for off.
   *
   * @default 0
   */
  readonly overfitBatches: number;
}

/** The table: a new setting is one entry here, and its field above. */
export const SETTINGS = {
  epochs: {
    kind: "integer",
    value: "N",
    min: 1,
    default: 60,
    mayChange: true,
    about: "Passes over the training images at most",
  },
  batchSize: { kind: "integer", value: "N", min: 1, default: 64, about: "Images a step" },
  optimizer: {
    kind: "choice",
    choices: Object.keys(OPTIMIZERS),
    default: "adamw",
    about: "AdamW, or Muon for the filters of convolutions and AdamW for the rest",
  },
  lr: {
    kind: "number",
    value: "RATE",
    above: 0,
    default: 1e-3,
    about: "Learning rate of the optimizer",
  },
  weightDecay: {
    kind: "number",
    value: "RATE",
    min: 0,
    default: 1e-4,
    about: "Decoupled weight decay; with muon on filters alone",
  },
  scheduler: {
    kind: "choice",
    choices: SCHEDULERS,
    default: "plateau",
    about: "How the learning rate falls",
  },
  warmupEpochs: {
    kind: "number",
    value: "N",
    min: 0,
    default: 0,
    about: "Epochs in which the learning rate rises from 0",
  },
  decayEpochs: {
    kind: "number",
    value: "N",
    min: 0,
    default: 10,
    mayChange: true,
    about: "Last epochs in which wsd lets the learning rate fall to 0",
  },
  labelSmoothing: {
    kind: "number",
    value: "E",
    min: 0,
    below: 1,
    default: 0,
    about: "Share of each target spread over all classes",
  },
  classWeights: {
    kind: "choice",
    choices: ["none", "balanced"],
    default: "none",
    about: "Weigh rare classes more",
  },
  logitAdjustment: {
    kind: "number",
    value: "T",
    min: 0,
    default: 0,
    about: "How much rare classes are helped in the loss, 1 for all alike; 0 for none",
  },
  ferPlusWeight: {
    kind: "number",
    value: "W",
    min: 0,
    default: 0,
    about: "Weight of a second output that learns FER+'s votes; 0 for none",
  },
  mixup: {
    kind: "number",
    value: "A",
    min: 0,
    default: 0,
    about: "Mix pairs of images, in shares from Beta(A, A); 0 for none",
  },
  ema: {
    kind: "number",
    value: "DECAY",
    min: 0,
    below: 1,
    default: 0,
    about: "Keep a moving average of the weights; 0 for none",
  },
  clipNorm: {
    kind: "number",
    value: "NORM",
    min: 0,
    default: 0,
    about: "Largest norm of all gradients together; 0 for no limit",
  },
  accumulateGradBatches: {
    kind: "integer",
    value: "N",
    min: 1,
    default: 1,
    about: "Batches whose gradients are averaged for one optimizer step",
  },
  augment: {
    kind: "choice",
    choices: Object.keys(AUGMENTATIONS),
    default: "standard",
    about: "How images are varied",
  },
  erasing: {
    kind: "number",
    value: "P",
    min: 0,
    max: 1,
    default: 0,
    about: "Probability of laying a grey rectangle over an image",
  },
  trainCropSize: {
    kind: "integer",
    value: "N",
    min: 0,
    default: 0,
    otherwise: "that of the images",
    about: "Height and width to train on, for ferNet; validation is on whole images",
  },
  fullSizeEpochs: {
    kind: "integer",
    value: "N",
    min: 0,
    default: 0,
    mayChange: true,
    about: "Last epochs that train on whole images in spite of --train-crop-size",
  },
  seed: { kind: "integer", value: "N", min: 0, default: 42, about: "Seed of everything random" },
  workers: {
    kind: "integer",
    value: "N",
    min: 0,
    max: 64,
    default: defaultWorkers(),
    otherwise: "one fewer than there are cores, at most 4",
    mayChange: true,
    about: "Threads that vary images; 0 for none beside the main one",
  },
  monitor: {
    kind: "choice",
    choices: ["f1", "loss"],
    default: "f1",
    about: "What the best weights are best by, on the validation images",
  },
  patience: {
    kind: "integer",
    value: "N",
    min: 0,
    default: 7,
    about: "Epochs without a better validation loss before training stops; 0 for never",
  },
  maxMinutes: {
    kind: "number",
    value: "N",
    min: 0,
    default: 0,
    otherwise: "no limit",
    mayChange: true,
    about: "Validate, save and end after so many minutes",
  },
  maxSteps: {
    kind: "integer",
    value: "N",
    min: 0,
    default: 0,
    otherwise: "no limit",
    mayChange: true,
    about: "Validate, save and end after so many steps",
  },
  fastDevRun: {
    kind: "boolean",
    default: false,
    about: "Train on one batch, validate on one, end: to see that all works",
  },
  overfitBatches: {
    kind: "integer",
    value: "N",
    min: 0,
    default: 0,
    otherwise: "off",
    about: "Train and validate on the same few batches, to see that the network learns",
  },
} as const satisfies Record<keyof TrainingConfig, Setting>;

const ENTRIES = Object.entries<Setting>(SETTINGS);

/** The recipe: the classic PyTorch training of FER-2013. */
export const DEFAULT_TRAINING_CONFIG: TrainingConfig = Object.fromEntries(
  ENTRIES.map(([name, setting]) => [name, setting.default]),
) as unknown as TrainingConfig;

/**
 * The recipe's value of a setting, where an optimizer needs another one than its own.
 *
 * @param name The setting.
 * @returns By optimizer; none where all have the recipe's.
 */
export function defaultsByOptimizer(name: keyof TrainingConfig): Record<string, number> {
  return Object.fromEntries(
    Object.entries(OPTIMIZERS).flatMap(([optimizer, { defaults }]) => {
      const value = (defaults as Partial<Record<keyof TrainingConfig, number>>)[name];
      return value === undefined ? [] : [[optimizer, value]];
    }),
  );
}

/**
 * Fills in the recipe's values and checks every one.
 *
 * @param config What departs from the recipe.
 * @returns The whole configuration.
 * @throws {TypeError} When there is a setting of no such name, or one of the wrong kind.
 * @throws {RangeError} When a value is out of its range.
 *
 * @example
 * ```ts
 * import { trainingConfig } from "@fer/core/train";
 *
 * console.assert(trainingConfig({ epochs: 3 }).batchSize === 64);
 * ```
 */
export function trainingConfig(config: Partial<TrainingConfig> = {}): TrainingConfig {
  const { optimizer = DEFAULT_TRAINING_CONFIG.optimizer } = config;
  const ofOptimizer = Object.hasOwn(OPTIMIZERS, optimizer) ? OPTIMIZERS[optimizer].defaults : {};
  const out = { ...DEFAULT_TRAINING_CONFIG, ...ofOptimizer, ...config };
  for (const [name, value] of Object.entries<unknown>(out)) {
    if (!Object.hasOwn(SETTINGS, name)) {
      throw new TypeError(`Cannot train with ${name}: there is no such setting`);
    }
    checkSetting(name, value, SETTINGS[name as keyof TrainingConfig]);
  }
  return out;
}
