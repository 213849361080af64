/**
 * Which data sets a network can be measured on.
 *
 * @module
 */
import type { FerDataset } from "../data/dataset.ts";

/**
 * Refuses a data set that a network cannot be measured on.
 *
 * @param dataset The images.
 * @param classes The network's class names.
 * @throws {TypeError} When the data set is empty or its classes are others.
 * @throws {RangeError} When an image has no label.
 */
export function checkEvaluable(dataset: FerDataset, classes: readonly string[]): void {
  const { source } = dataset;
  if (dataset.length === 0) throw new TypeError(`Cannot evaluate on ${source}: it has no images`);
  if (JSON.stringify(dataset.classes) !== JSON.stringify(classes)) {
    throw new TypeError(
      `Cannot evaluate on ${source}: its classes are ${dataset.classes.join(", ")}, ` +
        `the model's are ${classes.join(", ")}`,
    );
  }
  const unlabelled = dataset.labels.indexOf(-1);
  if (unlabelled >= 0) {
    throw new RangeError(
      `Cannot evaluate on ${source}: image ${
        (unlabelled + 1).toLocaleString("en-US")
      } has no label`,
    );
  }
}
