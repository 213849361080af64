/**
 * A training that never was, for tests.
 *
 * @module
 */
import { drawnFaces } from "../../src/data.ts";
import { evaluateProbabilities } from "../../src/metrics.ts";
import {
  DEFAULT_TRAINING_CONFIG,
  type EpochLine,
  type TrainingBegin,
  type TrainingProgress,
  type ValidationResult,
} from "../../src/train.ts";

/** Its validation images: three of each of the seven classes. */
export const VALIDATION = drawnFaces(21, 5);

/** Its beginning: 10 batches of 8, the last of 4. */
export const BEGIN: TrainingBegin = {
  config: { ...DEFAULT_TRAINING_CONFIG, epochs: 4, batchSize: 8 },
  trainingImages: 76,
  validationImages: 21,
  validation: VALIDATION,
  batches: 10,
  epoch: 1,
  step: 0,
};

/**
 * A report.
 *
 * @param step From 1.
 * @param changes What differs.
 */
export function progressAt(
  step: number,
  changes: Partial<TrainingProgress> = {},
): TrainingProgress {
  return {
    epoch: Math.ceil(step / 10),
    epochs: 4,
    batch: (step - 1) % 10 + 1,
    batches: 10,
    step,
    loss: 1.5,
    accuracy: 0.25,
    lr: 1e-3,
    imagesPerSecond: 80,
    seconds: step / 10,
    ...changes,
  };
}

/**
 * The line after an epoch.
 *
 * @param epoch From 1.
 */
export function epochLine(epoch: number): EpochLine {
  return {
    type: "epoch",
    epoch,
    step: 10 * epoch,
    trainLoss: 2 - epoch / 10,
    trainAccuracy: epoch / 10,
    valLoss: 1.9 - epoch / 10,
    valAccuracy: 0.1 + epoch / 10,
    valMacroF1: epoch / 10,
    lr: 1e-3,
    imagesPerSecond: 80,
    seconds: epoch,
    best: true,
    partial: false,
  };
}

/** A validation in which every image was taken for `angry`, with a probability of 0.4. */
export function allAngry(): ValidationResult {
  const { labels, classes } = VALIDATION;
  const row = [0.4, ...new Array(6).fill(0.1)];
  const probabilities = Float32Array.from(Array.from(labels, () => row).flat());
  return { probabilities, evaluation: evaluateProbabilities(probabilities, labels, { classes }) };
}
