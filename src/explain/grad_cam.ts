/**
 * Gradient-weighted class activation maps.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { describeModel, type FerModel } from "../model/description.ts";
import { pixelsToInput } from "../model/input.ts";
import { greySquare } from "../predict/image_input.ts";
import { logitsToProbabilities } from "../predict/network.ts";
import type { Image } from "../transforms/transform.ts";
import { splitAtFeatures } from "./feature_map.ts";
import { resizeMap } from "./scalar_map.ts";

/** What a network says of an image, and which places speak for a class. */
export interface ClassActivation {
  /** One a class, in the order of the logits. */
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
 * @returns For each image its probabilities and map.
 * @throws {TypeError} When the model is no chain of layers with a convolution.
 * @throws {RangeError} When the model gives no numbers.
 */
export async function gradCam(
  model: FerModel,
  images: readonly Image[],
  labels?: readonly number[],
): Promise<ClassActivation[]> {
  const { classes, preprocessing, temperature } = describeModel(model);
  const { size } = preprocessing;
  const { features, head } = splitAtFeatures(model);
  const out: ClassActivation[] = [];
  for (let from = 0; from < images.length; from += BATCH) {
    const batch = images.slice(from, from + BATCH);
    const pixels = new Uint8Array(batch.length * size * size);
    batch.forEach((image, i) => pixels.set(greySquare(image, size).data, i * size * size));
    const results = tf.tidy(() => {
      const x = pixelsToInput(pixels, [batch.length, size, size, 1], preprocessing);
      const map = through(features, x);
      const logits = through(head, map);
      const chosen = labels
        ? tf.tensor1d(labels.slice(from, from + BATCH), "int32")
        : tf.argMax(logits, 1) as tf.Tensor1D;
      // Not tf.oneHot(): wasm's writes integers into a tensor of floats.
      const oneHot = tf.gather(tf.eye(classes.length), chosen);
      // Images do not meet outside of training: one gradient holds those of all.
      const gradient = tf.grad((y) => through(head, y))(map, oneHot);
      const weights = tf.mean(gradient, [1, 2], true);
      const activation = tf.relu(tf.sum(tf.mul(map, weights), 3));
      return [logitsToProbabilities(logits as tf.Tensor2D, temperature), chosen, activation];
    });
    try {
      const [probabilities, chosen, activations] = await Promise.all(
        results.map((each) => each.data()),
      );
      const [, height, width] = results[2].shape;
      batch.forEach((_, i) => {
        const row = (values: ArrayLike<number>, length: number): Float32Array =>
          Float32Array.from({ length }, (_, k) => values[i * length + k]);
        const activation = row(activations, height * width);
        const shares = row(probabilities, classes.length);
        const wrong = [...shares, ...activation].find((value) => !Number.isFinite(value));
        if (wrong !== undefined) {
          throw new RangeError(
            `Cannot explain image ${from + i + 1} of ${images.length}: the model gives ${wrong}. ` +
              "Its weights are damaged, or its training diverged",
          );
        }
        const map = resizeMap(activation, height, width, size, size);
        const most = map.reduce((a, b) => Math.max(a, b), 0);
        if (most > 0) map.forEach((value, place) => map[place] = value / most);
        out.push({ probabilities: shares, label: chosen[i], map, size });
      });
    } finally {
      tf.dispose(results);
    }
  }
  return out;
}
