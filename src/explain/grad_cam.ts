/**
 * Gradient-weighted class activation maps.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { describeModel, type FerModel, headsOf, type Reading } from "../model/description.ts";
import { pixelsToInput } from "../model/input.ts";
import { greySquare } from "../predict/image_input.ts";
import { logitsToProbabilities } from "../predict/network.ts";
import { readAnswers, readingOf } from "../model/reading.ts";
import type { Image } from "../transforms/transform.ts";
import { splitAtFeatures } from "./feature_map.ts";
import { resizeMap } from "./scalar_map.ts";

/** What a network says of an image, and which places speak for a class. */
export interface ClassActivation {
  /** One a class, in the order of the reading's classes. */
  readonly probabilities: Float32Array;
  /** The class that the map is of, by its place in that order. */
  readonly label: number;
  /** `[size, size]`, from 0 to 1. */
  readonly map: Float32Array;
  /** The model's height and width. */
  readonly size: number;
}

/** Images on the device at once: features and gradients of so few fit any adapter. */
const BATCH = 16;

const through = (layers: readonly tf.layers.Layer[], x: tf.Tensor): tf.Tensor =>
  layers.reduce((y, layer) => layer.apply(y) as tf.Tensor, x);

/**
 * Grad-CAM (Selvaraju et al. 2017) after the last convolution, its normalization and activation:
 * each channel weighs as much as the class's logit rises with it, averaged over all places; what
 * speaks against the class is cut off. Outside of training: dropout drops nothing, BatchNorm
 * computes by its running statistics, and neither learns of it.
 *
 * @param model The model.
 * @param images Faces of any size and colour.
 * @param labels For each image the class to explain, by its place; the likeliest when left out.
 * @param reading Whose labels the answers follow; where two outputs answer, the sum of their logits is
 * explained.
 * @returns For each image its probabilities and map.
 * @throws {TypeError} When the model is no chain of layers with a convolution.
 * @throws {RangeError} When the model gives no numbers.
 */
export async function gradCam(
  model: FerModel,
  images: readonly Image[],
  labels?: readonly number[],
  reading: Reading = {},
): Promise<ClassActivation[]> {
  const description = describeModel(model);
  const { preprocessing, preprocessing: { size } } = description;
  const heads = headsOf(description);
  const read = readingOf(model, reading);
  const classes = read.classes.length;
  const logitCount = heads.reduce((sum, each) => sum + each.classes.length, 0);
  const { features: looking, head: deciding } = splitAtFeatures(model);
  const out: ClassActivation[] = [];
  for (let from = 0; from < images.length; from += BATCH) {
    const batch = images.slice(from, from + BATCH);
    const pixels = new Uint8Array(batch.length * size * size);
    batch.forEach((image, i) => pixels.set(greySquare(image, size).data, i * size * size));
    const [features, logits] = tf.tidy(() => {
      const x = pixelsToInput(pixels, [batch.length, size, size, 1], preprocessing);
      const map = through(looking, x);
      return [map, through(deciding, map)];
    });
    try {
      const answers = await Promise.all(heads.map(({ start, classes, temperature }) => {
        const each = tf.tidy(() =>
          logitsToProbabilities(
            tf.slice(logits as tf.Tensor2D, [0, start], [-1, classes.length]),
            temperature,
          )
        );
        return each.data<"float32">().finally(() => each.dispose());
      }));
      const probabilities = readAnswers(answers, read);
      const rows = batch.map((_, i) => probabilities.slice(i * classes, (i + 1) * classes));
      const chosen = labels?.slice(from, from + BATCH) ??
        rows.map((row) => row.indexOf(row.reduce((a, b) => Math.max(a, b))));
      const wanted = new Float32Array(batch.length * logitCount);
      chosen.forEach((label, i) => {
        for (const { head, columns } of read.parts) {
          wanted[i * logitCount + heads[head].start + columns[label]] = 1;
        }
      });
      const activation = tf.tidy(() => {
        const oneHot = tf.tensor2d(wanted, [batch.length, logitCount]);
        // Images do not meet outside of training: one gradient holds those of all.
        const gradient = tf.grad((y) => through(deciding, y))(features, oneHot);
        const weights = tf.mean(gradient, [1, 2], true);
        return tf.relu(tf.sum(tf.mul(features, weights), 3));
      });
      const [, height, width] = activation.shape;
      const activations = await activation.data().finally(() => activation.dispose());
      rows.forEach((row, i) => {
        const own = Float32Array.from(
          { length: height * width },
          (_, place) => activations[i * height * width + place],
        );
        const wrong = [...row, ...own].find((value) => !Number.isFinite(value));
        if (wrong !== undefined) {
          throw new RangeError(
            `Cannot explain image ${from + i + 1} of ${images.length}: the model gives ${wrong}. ` +
              "Its weights are damaged, or its training diverged",
          );
        }
        const map = resizeMap(own, height, width, size, size);
        const most = map.reduce((a, b) => Math.max(a, b), 0);
        if (most > 0) map.forEach((value, place) => map[place] = value / most);
        out.push({ probabilities: row, label: chosen[i], map, size });
      });
    } finally {
      tf.dispose([features, logits]);
    }
  }
  return out;
}
