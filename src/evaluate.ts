/**
 * How good a network is on a data set.
 *
 * @module
 */
import type { FerDataset } from "./data/dataset.ts";
import { evaluateProbabilities, type Evaluation } from "./metrics/evaluation.ts";
import { describeModel, type FerModel } from "./model/description.ts";

/** How {@linkcode evaluate} goes about it. */
export interface EvaluateOptions {
  /** Images a forward pass; by default what suits the network and the adapter. */
  readonly batchSize?: number;
  /**
   * Whether to average the probabilities of an image and its mirror image.
   *
   * @default false
   */
  readonly tta?: boolean;
  /**
   * The split that the network was trained on. With it `leakFree` gives the scores of the images
   * whose pixels are not in it.
   */
  readonly training?: FerDataset;
  /**
   * The seed of the bootstrap.
   *
   * @default 0
   */
  readonly seed?: number;
}

/**
 * Evaluates a network on labelled images, on whatever backend tfjs computes on.
 *
 * @param model The network, for instance of `loadModel()`.
 * @param dataset The images, all of them labelled: pick a split with `dataset.split()`.
 * @param options Batch size, mirror images, the training split.
 * @returns Every score, interval and count; JSON can hold it.
 * @throws {TypeError} When the data set is empty or its classes are not the network's.
 * @throws {RangeError} When an image has no label or is not of the network's size.
 *
 * @example
 * ```ts
 * import { buildFerCnn, drawnFaces, evaluate } from "@fer/core";
 *
 * const model = buildFerCnn({ filters: [4, 4, 4], hidden: 8, seed: 1 });
 * const { accuracy, accuracyInterval } = await evaluate(model, drawnFaces(14, 1));
 * console.assert(accuracy >= accuracyInterval[0] && accuracy <= accuracyInterval[1]);
 * ```
 */
export async function evaluate(
  model: FerModel,
  dataset: FerDataset,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { batchSize, tta, training, seed } = options;
  const { classes } = describeModel(model);
  checkEvaluable(dataset, classes);
  const { predictDataset } = await import("./predict.ts");
  const probabilities = await predictDataset(model, dataset, { batchSize, tta });
  let leakFree: ArrayLike<number> | undefined;
  if (training) {
    const { leakFreeIndices } = await import("./data/audit.ts");
    leakFree = leakFreeIndices(dataset, training);
  }
  return evaluateProbabilities(probabilities, dataset.labels, { classes, leakFree, seed });
}

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
