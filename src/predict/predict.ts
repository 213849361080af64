/**
 * From images to probabilities.
 *
 * @module
 */
import type { FerDataset } from "../data/dataset.ts";
import { describeModel, type FerModel } from "../model/description.ts";
import type { LoadedModel } from "../model/model_file.ts";
import { greySquare, type ImageBatchTensor, type ImageInput, readImages } from "./image_input.ts";
import { answersOf, predictHeads } from "./answers.ts";
import { networkOf, ranked } from "./network.ts";
import { readAnswers, readingOf } from "../model/reading.ts";
import type { ClassProbability, PredictDatasetOptions, PredictOptions } from "./options.ts";

/**
 * Recognizes the expression in a face: made grey, resized and normalized as the model's file says.
 *
 * Works on tfjs's `webgpu`, `wasm` and `cpu` backends.
 *
 * @param model A model, or what `loadModel()` gave.
 * @param image A face that fills the image.
 * @param options Views, batch size.
 * @returns The classes with their probabilities, the likeliest first.
 * @throws {TypeError} When the image is none, or has a strange number of channels.
 * @throws {RangeError} When a tensor's values are not from 0 to 255, or the model gives no numbers.
 *
 * @example
 * ```ts
 * import { buildFerCnn, predict } from "@fer/core";
 * import { assert } from "@std/assert";
 *
 * const model = buildFerCnn({ filters: [4, 4, 4], hidden: 8 });
 * const grey = { data: new Uint8Array(48 * 48).fill(128), width: 48, height: 48 };
 * const [best, second] = await predict(model, grey);
 * assert(best.probability >= second.probability);
 * ```
 */
export function predict(
  model: FerModel | LoadedModel,
  image: ImageInput,
  options?: PredictOptions,
): Promise<ClassProbability[]>;
/**
 * Recognizes the expression in each of several faces.
 *
 * @param model A model, or what `loadModel()` gave.
 * @param images Faces of any sizes, or a tensor `[batch, height, width, channels]`.
 * @param options Views, batch size.
 * @returns For each image its classes with their probabilities, the likeliest first.
 * @throws {TypeError} When one is no image, or has a strange number of channels.
 * @throws {RangeError} When a tensor's values are not from 0 to 255, or the model gives no numbers.
 */
export function predict(
  model: FerModel | LoadedModel,
  images: readonly ImageInput[] | ImageBatchTensor,
  options?: PredictOptions,
): Promise<ClassProbability[][]>;
export async function predict(
  model: FerModel | LoadedModel,
  input: ImageInput | readonly ImageInput[] | ImageBatchTensor,
  options: PredictOptions = {},
): Promise<ClassProbability[] | ClassProbability[][]> {
  const network = networkOf(model);
  const { preprocessing: { size } } = describeModel(network);
  const reading = readingOf(network, options);
  const [images, isBatch] = await readImages(input);
  const grey = images.map((image) => greySquare(image, size).data);
  const area = size * size;
  const pixels = new Uint8Array(grey.length * area);
  grey.forEach((each, i) => pixels.set(each, i * area));
  const answers = await answersOf(
    network,
    grey.length,
    (from, to) => pixels.subarray(from * area, to * area),
    options,
  );
  const values = readAnswers(answers, reading);
  const { classes } = reading;
  const results = grey.map((_, i) => {
    const row = values.subarray(i * classes.length, (i + 1) * classes.length);
    if (!row.every(Number.isFinite)) {
      throw new RangeError(
        `Cannot predict image ${i + 1} of ${grey.length}: the model gives ${
          row[0]
        }, not a number ` +
          "from 0 to 1. Its weights are damaged, or its training diverged",
      );
    }
    return ranked(classes, row);
  });
  return isBatch ? results : results[0];
}

/**
 * Runs every image of a data set through a model, in batches that fit the adapter. Images of
 * another size than the model's are resized.
 *
 * @param model A model, or what `loadModel()` gave.
 * @param dataset The images; their labels are not looked at.
 * @param options Batch size, views, progress.
 * @returns Probabilities `[n, classes]`, in the order of the data set; not numbers where the model's
 * weights are none.
 * @throws {RangeError} When the batch size is not a positive integer, the adapter too small for one
 * image, or the model takes no crops that `tta` asks for.
 * @throws {TypeError} When the model has no output for `labels`, or no shares for `priors`.
 */
export async function predictDataset(
  model: FerModel | LoadedModel,
  dataset: FerDataset,
  options: PredictDatasetOptions = {},
): Promise<Float32Array> {
  const reading = readingOf(networkOf(model), options);
  return readAnswers(await predictHeads(model, dataset, options), reading);
}
