/**
 * Augmentations that training offers by name.
 *
 * @module
 */
import { IMAGE_SIZE } from "../emotions.ts";
import type { Size } from "./arguments.ts";
import { Compose } from "./compose.ts";
import { RandomAffine } from "./random_affine.ts";
import { RandomErasing } from "./random_erasing.ts";
import { RandomHorizontalFlip } from "./random_horizontal_flip.ts";
import { RandomResizedCrop } from "./random_resized_crop.ts";
import { RandomRotation } from "./random_rotation.ts";
import { RandomWarp } from "./random_warp.ts";
import type { Image } from "./transform.ts";

/**
 * The recipe's augmentation, bytes to bytes: flip, rotation within 10 degrees, a crop of 90 to 100 %
 * of the area.
 *
 * @param size Pixels that come out.
 *
 * @example
 * ```ts
 * import { Generator } from "@fer/core";
 * import { standardAugmentation } from "@fer/core/transforms";
 *
 * const image = { data: new Uint8Array(48 * 48).fill(255), width: 48, height: 48 };
 * console.assert(standardAugmentation().apply(image, new Generator(42)).width === 48);
 * ```
 */
export function standardAugmentation(size: Size = IMAGE_SIZE): Compose {
  return new Compose<Image, Image>([
    new RandomHorizontalFlip(),
    new RandomRotation(10),
    new RandomResizedCrop(size, { scale: [0.9, 1] }),
  ]);
}

/**
 * A stronger augmentation for long runs, bytes to bytes: flip, one bilinear map (rotation within 15
 * degrees, shift within 8 %, scale 0.85 to 1.15), a crop of 80 to 100 % of the area, and a rectangle
 * of up to 20 % erased from a quarter of the images.
 *
 * @param size Pixels that come out.
 */
export function strongAugmentation(size: Size = IMAGE_SIZE): Compose {
  return new Compose<Image, Image>([
    new RandomHorizontalFlip(),
    new RandomAffine(15, {
      translate: [0.08, 0.08],
      scale: [0.85, 1.15],
      interpolation: "bilinear",
    }),
    new RandomResizedCrop(size, { scale: [0.8, 1] }),
    new RandomErasing(0.25, { scale: [0.02, 0.2], value: "random" }),
  ]);
}

/**
 * An augmentation for training on crops, bytes to bytes, in one bilinear map: flip, rotation within
 * 12 degrees, pixels enlarged to 1.25 or shrunk to 0.9 of their area and stretched by up to 7 %, and
 * a crop from anywhere within the image and 8 % of half its width beyond. Beyond lie copies of the
 * edge.
 *
 * @param size Pixels that come out; 40 of 48 is what {@linkcode RandomWarp}'s defaults are made for.
 *
 * @example
 * ```ts
 * import { Generator } from "@fer/core";
 * import { warpAugmentation } from "@fer/core/transforms";
 *
 * const image = { data: new Uint8Array(48 * 48).fill(255), width: 48, height: 48 };
 * console.assert(warpAugmentation(40).apply(image, new Generator(42)).width === 40);
 * ```
 */
export function warpAugmentation(size: Size = IMAGE_SIZE): Compose {
  return new Compose<Image, Image>([new RandomWarp(size)]);
}

/**
 * {@linkcode warpAugmentation} for long runs and for faces from anywhere: rotation within 20 degrees,
 * shear within 6, pixels enlarged to 1.4 or shrunk to 0.87 of their area, crops that reach further
 * over the edges, brightness and contrast changed by up to a fifth, and every fifth image as if a
 * smaller one had been enlarged.
 *
 * @param size Pixels that come out.
 */
export function strongWarpAugmentation(size: Size = IMAGE_SIZE): Compose {
  return new Compose<Image, Image>([
    new RandomWarp(size, {
      degrees: 20,
      shear: 6,
      scale: [0.7, 1.15],
      shift: 0.12,
      brightness: 0.2,
      contrast: 0.2,
      downscale: 0.2,
    }),
  ]);
}
