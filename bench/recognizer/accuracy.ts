/**
 * How often a network is right on images made from a data set's.
 *
 * @module
 */
import { FerDataset } from "../../src/data.ts";
import type { LoadedModel } from "../../src/model.ts";
import { predictDataset } from "../../src/predict.ts";

/**
 * The network's accuracy.
 *
 * @param model The network.
 * @param split Where the labels come from.
 * @param indices For each image the one of the split that it was made from.
 * @param images Grey samples, each as large as those of the split.
 * @returns From 0 to 1.
 */
export async function accuracyOf(
  model: LoadedModel,
  split: FerDataset,
  indices: readonly number[],
  images: readonly Uint8Array[],
): Promise<number> {
  const { size, classes } = split;
  const pixels = new Uint8Array(images.length * size * size);
  images.forEach((image, i) => pixels.set(image, i * size * size));
  const labels = Int8Array.from(indices, (index) => split.labels[index]);
  const usages = new Uint8Array(labels.length);
  const dataset = new FerDataset({ pixels, labels, usages, classes, size, source: "crops" });
  const rows = await predictDataset(model, dataset);
  const right = labels.reduce((sum, label, i) => {
    const row = rows.subarray(i * classes.length, (i + 1) * classes.length);
    return sum + Number(row.indexOf(Math.max(...row)) === label);
  }, 0);
  return right / labels.length;
}
