/**
 * What an app can hear of a training while it runs.
 *
 * @module
 */
import type { FerDataset } from "../data/dataset.ts";
import type { Evaluation } from "../metrics/evaluation.ts";
import type { EpochLine } from "../runs/run_directory.ts";
import type { TrainingConfig } from "./settings.ts";

/** What is known when training begins. */
export interface TrainingBegin {
  /** The whole configuration. */
  readonly config: TrainingConfig;
  /** Training images. */
  readonly trainingImages: number;
  /** Validation images. */
  readonly validationImages: number;
  /** The validation images themselves, as far as `overfitBatches` and `fastDevRun` leave them. */
  readonly validation: FerDataset;
  /** Batches an epoch. */
  readonly batches: number;
  /** The epoch that comes first, from 1: above 1 in a run that is resumed. */
  readonly epoch: number;
  /** Batches trained on before, in a run that is resumed. */
  readonly step: number;
}

/** Where training stands. */
export interface TrainingProgress {
  /** From 1. */
  readonly epoch: number;
  /** Epochs at most. */
  readonly epochs: number;
  /** Batches of this epoch trained on. */
  readonly batch: number;
  /** Batches an epoch. */
  readonly batches: number;
  /** Batches trained on since the run's beginning. */
  readonly step: number;
  /** Mean loss of this epoch so far. */
  readonly loss: number;
  /** Share of this epoch's images classified right so far, as they were trained on. */
  readonly accuracy: number;
  /** Learning rate. */
  readonly lr: number;
  /** Images a second, since the last report. */
  readonly imagesPerSecond: number;
  /** Seconds of training since the run's beginning, over all its starts. */
  readonly seconds: number;
}

/** What a validation found. */
export interface ValidationResult {
  /** Every score and the confusion matrix. */
  readonly evaluation: Evaluation;
  /** What the network predicts on the validation images, in their order, `[n, classes]`. */
  readonly probabilities: Float32Array;
  /**
   * What the second output does, where the network has one: scores on the images on whose class most
   * voters agree, and probabilities of all, `[n, 8]`.
   */
  readonly ferPlus?: { readonly evaluation: Evaluation; readonly probabilities: Float32Array };
}

/** Why a training ended. */
export type StopReason = "epochs" | "earlyStopping" | "maxSteps" | "maxMinutes" | "aborted";

/** What a training came to. */
export interface TrainingResult {
  /** Why it ended. */
  readonly stopped: StopReason;
  /** One line a validation, over all starts of the run. */
  readonly history: readonly EpochLine[];
  /** The line of the best checkpoint; `null` when training was aborted before any validation. */
  readonly best: EpochLine | null;
  /** Batches trained on. */
  readonly steps: number;
  /** Seconds of training, over all starts of the run. */
  readonly seconds: number;
  /**
   * What the best checkpoint predicts on the validation images, `[n, classes]`; `null` when it was
   * found in an earlier start of the run.
   */
  readonly probabilities: Float32Array | null;
}

/**
 * Functions that a training calls, in the manner of Keras's callbacks. It waits for those that
 * return a promise; an error in one ends the training.
 */
export interface TrainingCallback {
  /** Before the first step. */
  onTrainBegin?(begin: TrainingBegin): void | Promise<void>;
  /** Some times a second at most, when results have come back from the GPU. */
  onProgress?(progress: TrainingProgress): void | Promise<void>;
  /** While the network is validated: images done, images in all. */
  onValidation?(done: number, total: number): void;
  /** After each validation: the line of `metrics.jsonl`, and what it was made from. */
  onEpochEnd?(line: EpochLine, validation: ValidationResult): void | Promise<void>;
  /** When all is saved. */
  onTrainEnd?(result: TrainingResult): void | Promise<void>;
}
