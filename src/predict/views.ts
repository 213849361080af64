/**
 * Test-time augmentation: the views of an image whose probabilities are averaged.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { describeModel, type FerModel } from "../model/description.ts";
import { takesAnySize, takesSize } from "../model/layer_shapes.ts";

/**
 * Which views of an image are averaged: `flip`, the image and its mirror image; `fiveCrop`, its
 * corners and its middle and their mirror images, each of five sixths of its edges (40 of 48 pixels).
 */
export type TestTimeAugmentation = "flip" | "fiveCrop";

/** Makes the views of a batch of images. */
export type Views = (images: tf.Tensor4D) => tf.Tensor4D[];

const itself: Views = (images) => [images];
const flipped: Views = (images) => [images, tf.reverse(images, 2)];

function fiveCrops(size: number, crop: number): Views {
  const far = size - crop;
  const middle = Math.floor(far / 2);
  const corners = [[0, 0], [0, far], [far, 0], [far, far], [middle, middle]];
  return (images) =>
    corners.flatMap(([top, left]) =>
      flipped(tf.slice(images, [0, top, left, 0], [-1, crop, crop, -1]))
    );
}

/**
 * The views that a model averages.
 *
 * @param model The model.
 * @param tta Which; `true` for `fiveCrop` where the model takes images of any size, else `flip`.
 * @throws {RangeError} When there is no such augmentation, or the model does not take crops.
 */
export function viewsOf(model: FerModel, tta: boolean | TestTimeAugmentation): Views {
  if (tta === false) return itself;
  if (tta === "flip") return flipped;
  if (tta !== true && tta !== "fiveCrop") {
    throw new RangeError(`Cannot predict with tta ${tta}: expected true, flip or fiveCrop`);
  }
  const { size } = describeModel(model).preprocessing;
  const crop = Math.round(size * 5 / 6);
  if (takesAnySize(model) && takesSize(model, crop)) return fiveCrops(size, crop);
  if (tta === true) return flipped;
  throw new RangeError(
    `Cannot predict with tta fiveCrop: model ${model.name} takes no crops of ${crop}x${crop}`,
  );
}
