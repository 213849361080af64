/**
 * How good a network is on the validation images, each output's answers.
 *
 * @module
 */
import { leakFreeIndices } from "../data/audit.ts";
import type { FerDataset } from "../data/dataset.ts";
import { rowsAt } from "../data/rows.ts";
import { majorityLabels } from "../data/votes.ts";
import { FERPLUS_CLASSES } from "../emotions.ts";
import { evaluateProbabilities, fitTemperature } from "../metrics.ts";
import type { Evaluation } from "../metrics/evaluation.ts";
import type { FerModel } from "../model.ts";
import type { HeadAnswers } from "../model/reading.ts";
import { predictHeads } from "../predict/answers.ts";
import type { EpochLine, FerPlusScores } from "../runs/run_directory.ts";
import type { ValidationResult } from "./callbacks.ts";
import type { TrainingConfig } from "./settings.ts";

/** The images of a validation split on whose class most voters agree, as scores need them. */
interface MajoritySubset {
  /** Their places in the split. */
  readonly indices: readonly number[];
  /** Their classes. */
  readonly labels: readonly number[];
  /** Which of them are not in the training split either, as places among them. */
  readonly leakFree: readonly number[];
}

/** The images on whose class most voters agree; null where there are no votes. */
function majorityOf(
  { votes }: FerDataset,
  leakFree: ArrayLike<number>,
): MajoritySubset | null {
  if (!votes) return null;
  const labels = majorityLabels(votes);
  const indices = [...labels.keys()].filter((i) => labels[i] >= 0);
  const isLeakFree = new Set(Array.from(leakFree));
  return {
    indices,
    labels: indices.map((i) => labels[i]),
    leakFree: [...indices.keys()].filter((at) => isLeakFree.has(indices[at])),
  };
}

/** What a line of `metrics.jsonl` says of a validation. */
export type ValidationScores = FerPlusScores & Pick<EpochLine, "ferPlus">;

/**
 * What a line of `metrics.jsonl` says of a validation.
 *
 * @param result What was found.
 */
export function validationScores({ evaluation, ferPlus }: ValidationResult): ValidationScores {
  const scoresOf = ({ loss, accuracy, macroF1 }: Evaluation): FerPlusScores => ({
    valLoss: loss,
    valAccuracy: accuracy,
    valMacroF1: macroF1,
  });
  return {
    ...scoresOf(evaluation),
    ...(ferPlus && { ferPlus: scoresOf(ferPlus.evaluation) }),
  };
}

/**
 * Whether a validation is better than the best so far.
 *
 * @param scores What it found.
 * @param best The best so far, if any.
 * @param monitor What is better: a larger macro-F1 or a smaller loss.
 */
export function isBetter(
  scores: FerPlusScores,
  best: FerPlusScores | null,
  monitor: TrainingConfig["monitor"],
): boolean {
  return monitor === "f1"
    ? scores.valMacroF1 > (best?.valMacroF1 ?? -Infinity)
    : scores.valLoss < (best?.valLoss ?? Infinity);
}

/** The validation images of a run, and how answers to them are judged. */
export class Validation {
  /** The images. */
  readonly images: FerDataset;
  readonly #batchSize: number;
  readonly #leakFree: ArrayLike<number>;
  /** What the second output is measured on; null without such an output. */
  readonly #majority: MajoritySubset | null;

  /**
   * Finds out which images can be judged.
   *
   * @param images The validation images.
   * @param training The images that are trained on, for those that are in both.
   * @param config Whether there is a second output, and the batch size.
   */
  constructor(
    images: FerDataset,
    training: FerDataset,
    { batchSize, ferPlusWeight }: TrainingConfig,
  ) {
    this.images = images;
    this.#batchSize = batchSize;
    this.#leakFree = leakFreeIndices(images, training);
    this.#majority = ferPlusWeight > 0 ? majorityOf(images, this.#leakFree) : null;
  }

  /**
   * What a network answers to the images.
   *
   * @param model The network.
   * @param onProgress Told of images done and images in all; what it throws ends the work.
   * @returns Each output's probabilities, row by row.
   */
  async predict(
    model: FerModel,
    onProgress: (done: number, total: number) => void,
  ): Promise<HeadAnswers> {
    return await predictHeads(model, this.images, { batchSize: this.#batchSize, onProgress });
  }

  /**
   * How good answers are.
   *
   * @param answers Each output's probabilities.
   * @returns The scores of each output.
   */
  evaluate([probabilities, second]: HeadAnswers): ValidationResult {
    const { labels, classes } = this.images;
    const leakFree = this.#leakFree;
    const evaluation = evaluateProbabilities(probabilities, labels, { classes, leakFree });
    if (!this.#majority || !second) return { evaluation, probabilities };
    const { indices } = this.#majority;
    const ofMajority = evaluateProbabilities(
      rowsAt(second, FERPLUS_CLASSES.length, indices),
      this.#majority.labels,
      { classes: FERPLUS_CLASSES, leakFree: this.#majority.leakFree },
    );
    return {
      evaluation,
      probabilities,
      ferPlus: { evaluation: ofMajority, probabilities: second },
    };
  }

  /**
   * The temperature of each output at which answers are as sure as they are right.
   *
   * @param answers Each output's probabilities, at a temperature of 1.
   */
  temperatures([probabilities, second]: HeadAnswers): number[] {
    const { labels, classes } = this.images;
    const first = fitTemperature(labels, probabilities, { classes: classes.length });
    if (!second) return [first];
    const { indices = [], labels: ofMajority = [] } = this.#majority ?? {};
    const width = FERPLUS_CLASSES.length;
    return [
      first,
      fitTemperature(ofMajority, rowsAt(second, width, indices), { classes: width }),
    ];
  }
}
