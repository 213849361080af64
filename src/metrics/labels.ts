/**
 * The checks on labels before anything is counted.
 *
 * @module
 */

/**
 * Refuses labels that cannot be scored.
 *
 * @param truth The true label of each sample, `[n]`.
 * @param predicted The predicted label of each sample, `[n]`.
 * @param classes The number of classes, if it is known: labels go from 0 to `classes - 1`.
 * @throws {TypeError} When the two differ in length or there are no samples.
 * @throws {RangeError} When the number of classes or a label is out of range.
 */
export function checkLabels(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number = Infinity,
): void {
  if (truth.length !== predicted.length) {
    throw new TypeError(
      `Cannot score ${predicted.length} predictions: there are ${truth.length} true labels`,
    );
  }
  if (truth.length === 0) throw new TypeError("Cannot score predictions: there are none");
  if (classes !== Infinity && !(Number.isInteger(classes) && classes > 0)) {
    throw new RangeError(`Cannot score ${classes} classes: expected an integer of 1 or more`);
  }
  for (const [name, labels] of [["true", truth], ["predicted", predicted]] as const) {
    for (let i = 0; i < labels.length; i++) {
      if (Number.isInteger(labels[i]) && labels[i] >= 0 && labels[i] < classes) continue;
      const range = classes === Infinity ? "of 0 or more" : `from 0 to ${classes - 1}`;
      throw new RangeError(
        `Cannot score sample ${i}: its ${name} label is ${labels[i]}, expected an integer ${range}`,
      );
    }
  }
}
