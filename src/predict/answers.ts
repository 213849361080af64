/**
 * What a model's outputs say of grey images, batch by batch.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { FerDataset } from "../data/dataset.ts";
import { withMemoryAdvice } from "../gpu/errors.ts";
import { inOneSubmit } from "../kernels/one_submit.ts";
import { refusalBehind } from "../kernels/program.ts";
import { describeModel, type FerModel, type Head, headsOf } from "../model/description.ts";
import { applyInference } from "../model/fused_layers.ts";
import { pixelsToInput } from "../model/input.ts";
import { largestBatch } from "../model/largest_batch.ts";
import type { LoadedModel } from "../model/model_file.ts";
import type { HeadAnswers } from "../model/reading.ts";
import type { PredictDatasetOptions } from "./options.ts";
import { greySquare } from "./image_input.ts";
import { logitsToProbabilities, networkOf } from "./network.ts";
import { viewsOf } from "./views.ts";

/** Images at once where nobody says how many. */
const DEFAULT_BATCH = 64;

/** The longest binding that tfjs's current backend can make. */
function bindingLimit(): number {
  const { device } = tf.backend() as unknown as { readonly device?: GPUDevice };
  return device?.limits.maxStorageBufferBindingSize ?? Infinity;
}

/**
 * How many images go through together: a whole batch, of fewer 1, 2, 3, 4, 6, 8, 12, 16, 24... tfjs
 * keeps the buffers that it frees for ever, by their sizes: were every number taken, they would
 * fill the GPU.
 */
function imagesAtOnce(left: number, most: number): number {
  if (left >= most) return most;
  const power = 2 ** Math.floor(Math.log2(left));
  return left >= 1.5 * power && power > 1 ? 1.5 * power : power;
}

/** Each output's probabilities, one row after the other: `[batch, all classes]`. */
function headProbabilities(logits: tf.Tensor2D, heads: readonly Head[]): tf.Tensor2D {
  if (heads.length === 1) return logitsToProbabilities(logits, heads[0].temperature);
  return tf.concat(
    heads.map(({ start, classes, temperature }) =>
      logitsToProbabilities(tf.slice(logits, [0, start], [-1, classes.length]), temperature)
    ),
    1,
  );
}

/**
 * What each output says of grey images of the model's size.
 *
 * @param model The model.
 * @param count How many images.
 * @param pixelsOf Gives the samples of some of them, `[to - from, size, size]`.
 * @param options Batch size, views, progress.
 * @returns For each output its probabilities `[count, classes]`.
 * @throws {GpuError} When the GPU refuses a program, or has too little memory.
 * @throws {RangeError} When the batch size is not a positive integer, the adapter too small for one
 * image, or the model takes no crops that `tta` asks for.
 */
export async function answersOf(
  model: FerModel,
  count: number,
  pixelsOf: (from: number, to: number) => Uint8Array,
  options: PredictDatasetOptions,
): Promise<HeadAnswers> {
  try {
    return await batchByBatch(model, count, pixelsOf, options);
  } catch (error) {
    const { batchSize = DEFAULT_BATCH } = options;
    const fewer = Math.max(1, batchSize >> 1);
    throw withMemoryAdvice(
      await refusalBehind(error),
      `Cannot predict ${Math.min(batchSize, count).toLocaleString("en")} images at once`,
      `Give predict() a batchSize of ${fewer}, or fewer images`,
    );
  }
}

async function batchByBatch(
  model: FerModel,
  count: number,
  pixelsOf: (from: number, to: number) => Uint8Array,
  { batchSize = DEFAULT_BATCH, tta = false, onProgress }: PredictDatasetOptions,
): Promise<HeadAnswers> {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new RangeError(
      `Cannot predict with a batch size of ${batchSize}: expected an integer from 1 on`,
    );
  }
  const description = describeModel(model);
  const { preprocessing, preprocessing: { size } } = description;
  const heads = headsOf(description);
  const width = heads.reduce((sum, { classes }) => sum + classes.length, 0);
  const views = viewsOf(model, tta);
  const step = Math.min(batchSize, largestBatch(model, bindingLimit(), views.edge));
  if (step < 1) {
    throw new RangeError(
      `Cannot predict with model ${model.name}: a single image exceeds the adapter's binding limit ` +
        `of ${bindingLimit().toLocaleString("en")} bytes`,
    );
  }
  const out = new Float32Array(count * width);
  const read = async (probabilities: tf.Tensor, from: number): Promise<void> => {
    try {
      out.set(await probabilities.data<"float32">(), from * width);
    } finally {
      probabilities.dispose();
    }
  };
  // While one batch is read back, the next is already on the device's queue.
  let before: { readonly read: Promise<void>; readonly done: number } | undefined;
  const finish = async (): Promise<void> => {
    await before?.read;
    if (before) onProgress?.(before.done, count);
  };
  for (let from = 0, to = 0; from < count; from = to) {
    to = from + imagesAtOnce(count - from, step);
    const pixels = pixelsOf(from, to);
    const shape = [to - from, size, size, 1] as const;
    const pass = () => {
      const x = pixelsToInput(pixels, shape, preprocessing);
      const each = views.of(x as tf.Tensor4D).map((view) =>
        headProbabilities(applyInference(model, view) as tf.Tensor2D, heads)
      );
      return each.length === 1 ? each[0] : tf.div(tf.addN(each), each.length);
    };
    const probabilities = tf.tidy(() => inOneSubmit(pass));
    const next = { read: read(probabilities, from), done: to };
    // Whoever awaits it later hears of a failure; until then it is no unhandled one.
    next.read.catch(() => {});
    await finish();
    before = next;
  }
  await finish();
  return heads.map(({ start, classes: { length } }) => {
    if (length === width) return out;
    const answers = new Float32Array(count * length);
    for (let i = 0; i < count; i++) {
      const at = i * width + start;
      answers.set(out.subarray(at, at + length), i * length);
    }
    return answers;
  });
}

/**
 * Runs every image of a data set through a model and gives what each output says.
 *
 * @param model A model, or what `loadModel()` gave.
 * @param dataset The images; their labels are not looked at.
 * @param options Batch size, views, progress.
 * @returns For each output its probabilities `[n, classes]`, in the order of the data set.
 * @throws {RangeError} As {@linkcode answersOf}.
 */
export async function predictHeads(
  model: FerModel | LoadedModel,
  dataset: FerDataset,
  options: PredictDatasetOptions = {},
): Promise<HeadAnswers> {
  const network = networkOf(model);
  const { size } = describeModel(network).preprocessing;
  const area = size * size;
  const pixelsOf = (from: number, to: number): Uint8Array => {
    if (dataset.size === size) return dataset.pixels.subarray(from * area, to * area);
    const pixels = new Uint8Array((to - from) * area);
    for (let i = from; i < to; i++) {
      pixels.set(greySquare(dataset.image(i), size).data, (i - from) * area);
    }
    return pixels;
  };
  return await answersOf(network, dataset.length, pixelsOf, options);
}
