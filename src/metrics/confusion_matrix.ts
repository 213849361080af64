/**
 * Which class was taken for which.
 *
 * @module
 */
import { checkLabels } from "./labels.ts";

/** How many classes there are. */
export interface ClassCount {
  /** The number of classes: labels are integers from 0 to `classes - 1`, whether they occur or not. */
  readonly classes: number;
}

/**
 * Counts which class was taken for which, as `sklearn.metrics.confusion_matrix` does.
 *
 * @param truth The true label of each sample, `[n]`.
 * @param predicted The predicted label of each sample, `[n]`.
 * @param options The number of classes.
 * @returns Counts `[classes][classes]`: the row is the true class, the column the predicted one.
 * @throws {TypeError} When the two differ in length or there are no samples.
 * @throws {RangeError} When a label is not one of the classes.
 *
 * @example
 * ```ts
 * import { confusionMatrix } from "@fer/core/metrics";
 * import { assertEquals } from "@std/assert";
 *
 * const confusion = confusionMatrix([0, 0, 1, 2], [0, 1, 1, 1], { classes: 3 });
 * assertEquals(confusion, [[1, 1, 0], [0, 1, 0], [0, 1, 0]]);
 * ```
 */
export function confusionMatrix(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  options: ClassCount,
): number[][] {
  const { classes } = options;
  checkLabels(truth, predicted, classes);
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < truth.length; i++) confusion[truth[i]][predicted[i]]++;
  return confusion;
}
