/**
 * What `predict()` takes and gives.
 *
 * @module
 */
import type { Reading } from "../model/description.ts";
import type { TestTimeAugmentation } from "./views.ts";

/** A class and how sure the model is of it. */
export interface ClassProbability {
  /** The class's name. */
  readonly label: string;
  /** From 0 to 1; those of an image sum to 1. */
  readonly probability: number;
}

/** How images go through the model. */
export interface PredictOptions extends Reading {
  /**
   * The most images that are on the device at once; fewer where the adapter's limits demand it.
   *
   * @default 64
   */
  readonly batchSize?: number;
  /**
   * Test-time augmentation: the mean of the probabilities of several views of an image. `flip`: the
   * image and its mirror image. For models that take images of any size, `multiScale`: the same two,
   * and both at 11 and at 13 twelfths (44x44 and 52x52 for 48x48); `fiveCrop`: its corners, its
   * middle and their mirror images. `true`: `multiScale` where the model takes it, else `flip`.
   *
   * @default false
   */
  readonly tta?: boolean | TestTimeAugmentation;
}

/** How a data set goes through the model. */
export interface PredictDatasetOptions extends PredictOptions {
  /**
   * Called after each batch.
   *
   * @param done Images so far.
   * @param total Images in all.
   */
  readonly onProgress?: (done: number, total: number) => void;
}
