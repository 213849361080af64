/**
 * How good a network is on a data set.
 *
 * @module
 */
import { FerDataset } from "../data/dataset.ts";
import { majorityLabels } from "../data/votes.ts";
import { FERPLUS_CLASSES } from "../emotions.ts";
import { checkEvaluable } from "./evaluable.ts";
import { evaluateProbabilities, type Evaluation } from "../metrics/evaluation.ts";
import type { FerModel } from "../model/description.ts";
import type { LoadedModel } from "../model/model_file.ts";
import type { PredictDatasetOptions } from "../predict.ts";
import { readingOf } from "../model/reading.ts";

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
 * FER+ as a task of its own: the images on whose class most voters agree, that class as their label,
 * and FER+'s eight classes. After Barsoum et al. (2016): single votes are dropped, and the class with
 * more than half of the votes for classes that remain is the label; images that most could not tell
 * or took for no face, and those without such a class, are left out.
 *
 * @param dataset Images with votes.
 * @returns Its images with a majority, labelled by it.
 * @throws {TypeError} When the data set has no votes.
 *
 * @example
 * ```ts
 * import { drawnFaces, withMajorityLabels } from "@fer/core";
 *
 * const faces = withMajorityLabels(drawnFaces(14, 1));
 * console.assert(faces.length === 14 && faces.classes[7] === "contempt");
 * ```
 */
export function withMajorityLabels(dataset: FerDataset): FerDataset {
  const { votes, source } = dataset;
  if (!votes) {
    throw new TypeError(
      `Cannot label ${source} by its voters' majority: it has no votes; give it FER+'s with ` +
        "withFerPlus()",
    );
  }
  const labels = majorityLabels(votes);
  const kept = [...labels.keys()].filter((i) => labels[i] >= 0);
  const { pixels, usages, size, votes: left } = dataset.subset(kept);
  return new FerDataset({
    pixels,
    labels: Int8Array.from(kept, (i) => labels[i]),
    usages,
    classes: FERPLUS_CLASSES,
    size,
    source,
    votes: left,
  });
}

/**
 * Evaluates a network on labelled images, on whatever backend tfjs computes on.
 *
 * With `labels: "ferplus"` a data set with votes is measured as {@linkcode withMajorityLabels} has it.
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
  const network = "model" in model ? model.model : model;
  const { classes } = readingOf(network, predictOptions);
  const isVoted = predictOptions.labels === "ferplus" && dataset.votes !== undefined;
  const images = isVoted ? withMajorityLabels(dataset) : dataset;
  checkEvaluable(images, classes);
  const { predictDataset } = await import("../predict.ts");
  const probabilities = await predictDataset(network, images, predictOptions);
  let leakFree: ArrayLike<number> | undefined;
  if (training) {
    const { leakFreeIndices } = await import("../data/audit.ts");
    leakFree = leakFreeIndices(images, training);
  }
  return evaluateProbabilities(probabilities, images.labels, { classes, leakFree, seed });
}
