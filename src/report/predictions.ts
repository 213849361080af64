/**
 * A network's probabilities and the images that they are of.
 *
 * @module
 */
import type { FerDataset } from "../data/dataset.ts";

/** A network's probabilities and the images that they are of. */
export interface Predictions {
  /** One probability a class, each row summing to 1, `[n, classes]`. */
  readonly probabilities: ArrayLike<number>;
  /** The `n` labelled images. */
  readonly dataset: FerDataset;
}
