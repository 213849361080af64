/**
 * Everything there is to say about a network's probabilities, in one object.
 *
 * @module
 */
import { Generator } from "../random.ts";
import { accuracyScore, balancedAccuracyScore, topKAccuracyScore } from "./accuracy.ts";
import { expectedCalibrationError } from "./calibration.ts";
import { averageScore, classScores, f1Score } from "./class_scores.ts";
import { confusionMatrix } from "./confusion_matrix.ts";
import { bootstrapInterval, type ConfidenceInterval, wilsonInterval } from "./interval.ts";
import { logLoss } from "./log_loss.ts";
import { predictedLabels } from "./probabilities.ts";

/** How well one class is told from the others, as fractions from 0 to 1. */
export interface ClassEvaluation {
  /** Of the images taken for the class, the fraction that is of it. */
  readonly precision: number;
  /** Of the images of the class, the fraction that was taken for it. */
  readonly recall: number;
  /** The harmonic mean of precision and recall. */
  readonly f1: number;
  /** The number of images of the class. */
  readonly support: number;
}

/** How well a network does on the images whose pixels are not in the training split. */
export interface LeakFreeEvaluation {
  /** The number of such images. */
  readonly n: number;
  /** The fraction that is right. */
  readonly accuracy: number;
  /** The mean F1 of all classes. */
  readonly macroF1: number;
}

/** How well a network does on a data set. All scores are fractions from 0 to 1; JSON holds it. */
export interface Evaluation {
  /** The number of images. */
  readonly n: number;
  /** The fraction that is right. */
  readonly accuracy: number;
  /** The 95 % score interval of the accuracy (Wilson, 1927). */
  readonly accuracyInterval: ConfidenceInterval;
  /** The mean F1 of all classes. */
  readonly macroF1: number;
  /** The 95 % percentile interval of `macroF1` over bootstrap resamples. */
  readonly macroF1Interval: ConfidenceInterval;
  /** The mean F1 of all classes, weighted by their images. */
  readonly weightedF1: number;
  /** The mean recall of the classes that occur. */
  readonly balancedAccuracy: number;
  /** The fraction whose class is among the two likeliest. */
  readonly top2: number;
  /** The expected calibration error over 15 bins. */
  readonly ece: number;
  /** The mean cross-entropy, in nats. */
  readonly loss: number;
  /** The scores of each class by its name, in label order. */
  readonly perClass: Readonly<Record<string, ClassEvaluation>>;
  /** Counts `[classes][classes]`: the row is the true class, the column the predicted one. */
  readonly confusion: ReadonlyArray<readonly number[]>;
  /**
   * The same on the images whose pixels are not in the training split; null when the training
   * split is not known or no image is left.
   */
  readonly leakFree: LeakFreeEvaluation | null;
}

/** What {@linkcode evaluateProbabilities} needs to know beside the probabilities. */
export interface EvaluateProbabilitiesOptions {
  /** The class names in label order. */
  readonly classes: readonly string[];
  /** The images whose pixels are not in the training split, as indices; unknown when left out. */
  readonly leakFree?: ArrayLike<number>;
  /**
   * The seed of the bootstrap.
   *
   * @default 0
   */
  readonly seed?: number;
  /**
   * The number of bootstrap resamples.
   *
   * @default 1000
   */
  readonly resamples?: number;
}

function evaluateLeakFree(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  indices: ArrayLike<number>,
  classes: number,
): LeakFreeEvaluation | null {
  const n = indices.length;
  if (n === 0) return null;
  const pick = (labels: ArrayLike<number>): number[] =>
    Array.from({ length: n }, (_, i) => {
      if (indices[i] in labels) return labels[indices[i]];
      throw new RangeError(`Cannot evaluate image ${indices[i]}: there are ${labels.length}`);
    });
  const own = pick(truth);
  const guess = pick(predicted);
  return { n, accuracy: accuracyScore(own, guess), macroF1: f1Score(own, guess, { classes }) };
}

/**
 * Evaluates probabilities against the true labels.
 *
 * @param probabilities One probability a class, each row summing to 1, `[n, classes]`.
 * @param labels The true label of each image, `[n]`.
 * @param options The class names, the leak-free images, the bootstrap's seed.
 * @returns Every score, interval and count.
 * @throws {TypeError} When the lengths disagree, there are no images, or two classes share a name.
 * @throws {RangeError} When a label is not one of the classes or a row is no distribution.
 *
 * @example
 * ```ts
 * import { evaluateProbabilities } from "@fer/core/metrics";
 * import { assertEquals } from "@std/assert";
 *
 * const probabilities = Float32Array.of(0.75, 0.25, 0.25, 0.75, 0.5, 0.5);
 * const evaluation = evaluateProbabilities(probabilities, [0, 1, 0], { classes: ["sad", "happy"] });
 * assertEquals(evaluation.accuracy, 1);
 * assertEquals(evaluation.perClass.happy.support, 1);
 * ```
 */
export function evaluateProbabilities(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: EvaluateProbabilitiesOptions,
): Evaluation {
  const { classes: names, leakFree, seed = 0, resamples } = options;
  const classes = names.length;
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new TypeError(`Cannot evaluate two classes named ${twice}`);
  // Float32's smallest normal number: a confident mistake costs what the network's own loss says.
  const loss = logLoss(labels, probabilities, { classes, eps: 2 ** -126 });
  const predicted = predictedLabels(probabilities, classes);
  const confusion = confusionMatrix(labels, predicted, { classes });
  const scores = classScores(confusion);
  const n = labels.length;
  const hits = confusion.reduce((sum, row, k) => sum + row[k], 0);

  const resampled = confusion.map((row) => new Float64Array(row.length));
  const macroF1Interval = bootstrapInterval(n, (indices) => {
    for (const row of resampled) row.fill(0);
    for (let i = 0; i < n; i++) resampled[labels[indices[i]]][predicted[indices[i]]]++;
    return averageScore(classScores(resampled).f1);
  }, { generator: new Generator(seed), resamples });

  return {
    n,
    accuracy: hits / n,
    accuracyInterval: wilsonInterval(hits, n),
    macroF1: averageScore(scores.f1),
    macroF1Interval,
    weightedF1: averageScore(scores.f1, scores.support),
    balancedAccuracy: balancedAccuracyScore(labels, predicted),
    top2: topKAccuracyScore(labels, probabilities, { classes }),
    ece: expectedCalibrationError(labels, probabilities, { classes }),
    loss,
    perClass: Object.fromEntries(names.map((name, k) => [name, {
      precision: scores.precision[k],
      recall: scores.recall[k],
      f1: scores.f1[k],
      support: scores.support[k],
    }])),
    confusion,
    leakFree: leakFree ? evaluateLeakFree(labels, predicted, leakFree, classes) : null,
  };
}
