/**
 * How good a network is on a data set.
 *
 * @module
 */
import type { FerDataset } from "./data/dataset.ts";
import { checkEvaluable } from "./evaluate/evaluable.ts";
import { evaluateProbabilities, type Evaluation } from "./metrics/evaluation.ts";
import { describeModel, type FerModel } from "./model/description.ts";
import type { LoadedModel } from "./model/model_file.ts";
import type { PredictDatasetOptions } from "./predict.ts";

/** How {@linkcode evaluate} goes about it. */
export interface EvaluateOptions extends PredictDatasetOptions {
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
 * @param model The network, or what `loadModel()` gave.
 * @param dataset The images, all of them labelled: pick a split with `dataset.split()`.
 * @param options Batch size, views, progress, the training split.
 * @returns Every score, interval and count; JSON can hold it.
 * @throws {TypeError} When the data set is empty or its classes are not the network's.
 * @throws {RangeError} When an image has no label, the batch size is not a positive integer, or the
 * network gives no numbers.
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
  model: FerModel | LoadedModel,
  dataset: FerDataset,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { training, seed, ...predictOptions } = options;
  const { classes } = "model" in model ? model.metadata : describeModel(model);
  checkEvaluable(dataset, classes);
  const { predictDataset } = await import("./predict.ts");
  const probabilities = await predictDataset(model, dataset, predictOptions);
  let leakFree: ArrayLike<number> | undefined;
  if (training) {
    const { leakFreeIndices } = await import("./data/audit.ts");
    leakFree = leakFreeIndices(dataset, training);
  }
  return evaluateProbabilities(probabilities, dataset.labels, { classes, leakFree, seed });
}
