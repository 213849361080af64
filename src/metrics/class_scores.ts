/**
 * Precision, recall, F1 and support of each class.
 *
 * @module
 */
import { type ClassCount, confusionMatrix } from "./confusion_matrix.ts";

/** The scores of each class, in label order. A ratio of nothing to nothing is 0. */
export interface ClassScores {
  /** Of the samples taken for the class, the fraction that is of it, `[classes]`. */
  readonly precision: readonly number[];
  /** Of the samples of the class, the fraction that was taken for it, `[classes]`. */
  readonly recall: readonly number[];
  /** The harmonic mean of precision and recall, `[classes]`. */
  readonly f1: readonly number[];
  /** The number of samples of the class, `[classes]`. */
  readonly support: readonly number[];
}

/** How {@linkcode f1Score} joins the classes to one number. */
export interface F1Options extends ClassCount {
  /**
   * `macro` gives each class the same weight, `weighted` gives each its support.
   *
   * @default "macro"
   */
  readonly average?: "macro" | "weighted";
}

/**
 * The F1 of a precision and a recall, with the roundings of scikit-learn: tables agree to the last
 * digit.
 *
 * @param precision A fraction from 0 to 1.
 * @param recall A fraction from 0 to 1.
 * @returns Their harmonic mean; 0 when both are 0.
 */
export function harmonicMean(precision: number, recall: number): number {
  return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
}

/**
 * Scores each class of a confusion matrix.
 *
 * @param confusion Counts `[classes][classes]`: rows are true classes, columns predicted ones.
 * @returns Precision, recall, F1 and support of each class.
 * @throws {TypeError} When the matrix is not square.
 */
export function classScores(confusion: ReadonlyArray<ArrayLike<number>>): ClassScores {
  const classes = confusion.length;
  const precision: number[] = [];
  const recall: number[] = [];
  const f1: number[] = [];
  const support: number[] = [];
  for (let k = 0; k < classes; k++) {
    if (confusion[k].length !== classes) {
      throw new TypeError(
        `Cannot score a confusion matrix of ${classes} rows: row ${k} has ${
          confusion[k].length
        } columns`,
      );
    }
    const hits = confusion[k][k];
    let actual = 0;
    let claimed = 0;
    for (let j = 0; j < classes; j++) {
      actual += confusion[k][j];
      claimed += confusion[j][k];
    }
    precision.push(claimed > 0 ? hits / claimed : 0);
    recall.push(actual > 0 ? hits / actual : 0);
    f1.push(harmonicMean(precision[k], recall[k]));
    support.push(actual);
  }
  return { precision, recall, f1, support };
}

/**
 * Scores each class, as `sklearn.metrics.precision_recall_fscore_support` does with
 * `labels=range(classes), zero_division=0`.
 *
 * @param truth The true label of each sample, `[n]`.
 * @param predicted The predicted label of each sample, `[n]`.
 * @param options The number of classes.
 * @returns Precision, recall, F1 and support of each class.
 * @throws {TypeError} When the two differ in length or there are no samples.
 * @throws {RangeError} When a label is not one of the classes.
 *
 * @example
 * ```ts
 * import { precisionRecallFscoreSupport } from "@fer/core/metrics";
 * import { assertEquals } from "@std/assert";
 *
 * const scores = precisionRecallFscoreSupport([0, 0, 1], [0, 1, 1], { classes: 2 });
 * assertEquals(scores.precision, [1, 0.5]);
 * assertEquals(scores.recall, [0.5, 1]);
 * assertEquals(scores.support, [2, 1]);
 * ```
 */
export function precisionRecallFscoreSupport(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  options: ClassCount,
): ClassScores {
  return classScores(confusionMatrix(truth, predicted, options));
}

/**
 * Joins one score a class to one number.
 *
 * @param scores One score a class.
 * @param weights One weight a class; all the same when left out.
 * @returns The weighted mean; 0 when every weight is 0.
 */
export function averageScore(scores: readonly number[], weights?: readonly number[]): number {
  let sum = 0;
  let total = 0;
  for (let k = 0; k < scores.length; k++) {
    const weight = weights?.[k] ?? 1;
    sum += scores[k] * weight;
    total += weight;
  }
  return total > 0 ? sum / total : 0;
}

/**
 * The F1 of all classes together, as `sklearn.metrics.f1_score` gives it with
 * `labels=range(classes), zero_division=0`: a class that occurs nowhere counts as 0 in the macro
 * average.
 *
 * @param truth The true label of each sample, `[n]`.
 * @param predicted The predicted label of each sample, `[n]`.
 * @param options The number of classes and the kind of average.
 * @returns A fraction from 0 to 1.
 * @throws {TypeError} When the two differ in length or there are no samples.
 * @throws {RangeError} When a label is not one of the classes, or the average is of no known kind.
 *
 * @example
 * ```ts
 * import { f1Score } from "@fer/core/metrics";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const truth = [0, 1, 2, 0, 1, 2];
 * const predicted = [0, 2, 1, 0, 0, 1];
 * assertAlmostEquals(f1Score(truth, predicted, { classes: 3 }), 0.8 / 3);
 * ```
 */
export function f1Score(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  options: F1Options,
): number {
  const { average = "macro" } = options;
  if (average !== "macro" && average !== "weighted") {
    throw new RangeError(`Cannot average F1 by ${average}: expected macro or weighted`);
  }
  const { f1, support } = precisionRecallFscoreSupport(truth, predicted, options);
  return averageScore(f1, average === "weighted" ? support : undefined);
}
