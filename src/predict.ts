/**
 * From images to probabilities.
 *
 * @example How sure an untrained network is of a drawn face
 * ```ts
 * import { drawnFaces } from "@fer/core/data";
 * import { buildFerNet } from "@fer/core/model";
 * import { predict } from "@fer/core/predict";
 *
 * const model = buildFerNet({ filters: [4, 8] });
 * const ranked = await predict(model, drawnFaces(1, 42).image(0));
 * console.assert(ranked.length === 7 && ranked[0].probability >= ranked[6].probability);
 * model.dispose();
 * ```
 *
 * @module
 */
import type { FerDataset } from "./data/dataset.ts";
import { describeModel, type FerModel, type Reading } from "./model/description.ts";
import type { LoadedModel } from "./model/model_file.ts";
import {
  greySquare,
  type ImageBatchTensor,
  type ImageInput,
  readImages,
} from "./predict/image_input.ts";
import { answersOf, predictHeads } from "./predict/answers.ts";
import { networkOf, ranked } from "./predict/network.ts";
import { readAnswers, readingOf } from "./model/reading.ts";
import type { TestTimeAugmentation } from "./predict/views.ts";

export type { Labels, Priors, Reading } from "./model/description.ts";
export type { TestTimeAugmentation } from "./predict/views.ts";
export type {
  GreyTensor,
  ImageBatchTensor,
  ImageInput,
  ImageTensor,
} from "./predict/image_input.ts";

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
