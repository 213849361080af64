/**
 * Test-time augmentation: the views of an image whose probabilities are averaged.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { describeModel, type FerModel } from "../model/description.ts";
import { takesSize } from "../model/layer_shapes.ts";

/**
 * Which views of an image are averaged: `flip`, the image and its mirror image; `multiScale`, the
 * same two, and both at 11 and at 13 twelfths of their edges (44 and 52 for 48 pixels); `fiveCrop`,
 * its corners and its middle and their mirror images, each of five sixths of its edges (40 of 48
 * pixels).
 */
export type TestTimeAugmentation = "flip" | "multiScale" | "fiveCrop";

/** Makes the views of a batch of images. */
type Cut = (images: tf.Tensor4D) => tf.Tensor4D[];

/** The views of an image. */
export interface Views {
  /** Makes those of a batch. */
  readonly of: Cut;
  /** Height and width of the largest, in pixels; none where they are the model's own. */
  readonly edge?: number;
}

const flipped: Cut = (images) => [images, tf.reverse(images, 2)];

function fiveCrop([crop]: readonly number[], size: number): Cut {
  const far = size - crop;
  const middle = Math.floor(far / 2);
  const corners = [[0, 0], [0, far], [far, 0], [far, far], [middle, middle]];
  return (images) =>
    corners.flatMap(([top, left]) =>
      flipped(tf.slice(images, [0, top, left, 0], [-1, crop, crop, -1]))
    );
}

// Bilinear between pixels' middles, as PyTorch's interpolate() without align_corners.
function multiScale(sizes: readonly number[]): Cut {
  return (images) => [
    ...flipped(images),
    ...sizes.flatMap((size) => flipped(tf.image.resizeBilinear(images, [size, size], false, true))),
  ];
}

/** The augmentations that need a model of any size: the edges of their views, and how they are cut. */
const RESIZED = {
  multiScale: {
    edges: (size: number) => [Math.round(size * 11 / 12), Math.round(size * 13 / 12)],
    cut: multiScale,
  },
  fiveCrop: { edges: (size: number) => [Math.round(size * 5 / 6)], cut: fiveCrop },
} as const;

/**
 * The views that a model averages.
 *
 * @param model The model.
 * @param tta Which; `true` for `multiScale` where the model takes its views, else `flip`.
 * @throws {RangeError} When there is no such augmentation, or the model does not take its views.
 */
export function viewsOf(model: FerModel, tta: boolean | TestTimeAugmentation): Views {
  if (tta === false) return { of: (images) => [images] };
  if (tta === "flip") return { of: flipped };
  const name = tta === true ? "multiScale" : tta;
  if (!Object.hasOwn(RESIZED, name)) {
    throw new RangeError(
      `Cannot predict with tta ${tta}: expected true, flip, multiScale or fiveCrop`,
    );
  }
  const { size } = describeModel(model).preprocessing;
  const { edges, cut } = RESIZED[name];
  const resized = edges(size);
  const refused = resized.find((edge) => !takesSize(model, edge));
  if (refused === undefined) return { of: cut(resized, size), edge: Math.max(size, ...resized) };
  if (tta === true) return { of: flipped };
  throw new RangeError(
    `Cannot predict with tta ${name}: model ${model.name} takes no images of ${refused}x${refused}`,
  );
}
