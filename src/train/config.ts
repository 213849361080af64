/**
 * What a training run is made of, as data.
 *
 * @module
 */

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
  readonly optimizer: "adamw" | "muon";
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
  readonly scheduler: "plateau" | "cosine" | "wsd" | "constant";
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
  readonly augment: "none" | "standard" | "strong" | "warp" | "strongWarp";
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
   * Threads that augment; 0 for the main thread. The result is the same.
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

/** The recipe: the classic PyTorch training of FER-2013. */
export const DEFAULT_TRAINING_CONFIG: TrainingConfig = {
  epochs: 60,
  batchSize: 64,
  optimizer: "adamw",
  lr: 1e-3,
  weightDecay: 1e-4,
  scheduler: "plateau",
  warmupEpochs: 0,
  decayEpochs: 10,
  labelSmoothing: 0,
  classWeights: "none",
  logitAdjustment: 0,
  ferPlusWeight: 0,
  mixup: 0,
  ema: 0,
  clipNorm: 0,
  accumulateGradBatches: 1,
  augment: "standard",
  erasing: 0,
  trainCropSize: 0,
  fullSizeEpochs: 0,
  seed: 42,
  workers: Math.max(0, Math.min(4, (globalThis.navigator?.hardwareConcurrency ?? 2) - 1)),
  monitor: "f1",
  patience: 7,
  maxMinutes: 0,
  maxSteps: 0,
  fastDevRun: false,
  overfitBatches: 0,
};

/** What Muon's steps, all of one length, need instead. */
export const MUON_DEFAULTS = { lr: 0.02, weightDecay: 0.05 } as const;

/**
 * The settings that may change when a run is resumed: limits, threads, and its length where the
 * steps taken so far would have been the same.
 */
export const RESUMABLE_CHANGES: ReadonlyArray<keyof TrainingConfig> = [
  "epochs",
  "decayEpochs",
  "fullSizeEpochs",
  "maxMinutes",
  "maxSteps",
  "workers",
];

const isWhole = (low: number) => (value: number) => Number.isSafeInteger(value) && value >= low;
const isShare = (value: number) => value >= 0 && value < 1;
const isAmount = (value: number) => value >= 0 && Number.isFinite(value);

/** For each number: the test it must pass, and that test in words. */
const NUMBERS: Readonly<Record<string, readonly [(value: number) => boolean, string]>> = {
  epochs: [isWhole(1), "a whole number from 1"],
  batchSize: [isWhole(1), "a whole number from 1"],
  lr: [(value) => isAmount(value) && value > 0, "a number above 0"],
  weightDecay: [isAmount, "a number from 0"],
  warmupEpochs: [isAmount, "a number from 0"],
  decayEpochs: [isAmount, "a number from 0"],
  labelSmoothing: [isShare, "a number from 0 to below 1"],
  logitAdjustment: [isAmount, "a number from 0"],
  ferPlusWeight: [isAmount, "a number from 0"],
  mixup: [isAmount, "a number from 0"],
  ema: [isShare, "a number from 0 to below 1"],
  clipNorm: [isAmount, "a number from 0"],
  accumulateGradBatches: [isWhole(1), "a whole number from 1"],
  erasing: [(value) => value >= 0 && value <= 1, "a number from 0 to 1"],
  trainCropSize: [isWhole(0), "a whole number from 0"],
  fullSizeEpochs: [isWhole(0), "a whole number from 0"],
  seed: [isWhole(0), "a whole number from 0"],
  workers: [isWhole(0), "a whole number from 0"],
  patience: [isWhole(0), "a whole number from 0"],
  maxMinutes: [isAmount, "a number from 0"],
  maxSteps: [isWhole(0), "a whole number from 0"],
  overfitBatches: [isWhole(0), "a whole number from 0"],
};

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  optimizer: ["adamw", "muon"],
  scheduler: ["plateau", "cosine", "wsd", "constant"],
  classWeights: ["none", "balanced"],
  augment: ["none", "standard", "strong", "warp", "strongWarp"],
  monitor: ["f1", "loss"],
};

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
  const ofOptimizer = config.optimizer === "muon" ? MUON_DEFAULTS : {};
  const out = { ...DEFAULT_TRAINING_CONFIG, ...ofOptimizer, ...config };
  for (const [name, value] of Object.entries<unknown>(out)) {
    if (name in NUMBERS) {
      const [isRight, expected] = NUMBERS[name];
      if (typeof value !== "number") {
        throw new TypeError(`Cannot train with ${name} ${value}: expected ${expected}`);
      }
      if (!isRight(value)) {
        throw new RangeError(`Cannot train with ${name} ${value}: expected ${expected}`);
      }
    } else if (name in CHOICES) {
      if (typeof value !== "string" || !CHOICES[name].includes(value)) {
        throw new RangeError(
          `Cannot train with ${name} ${value}: expected one of ${CHOICES[name].join(", ")}`,
        );
      }
    } else if (name === "fastDevRun") {
      if (typeof value !== "boolean") {
        throw new TypeError(`Cannot train with fastDevRun ${value}: expected true or false`);
      }
    } else {
      throw new TypeError(`Cannot train with ${name}: there is no such setting`);
    }
  }
  return out;
}
