/**
 * Crop the four corners and the middle of an image.
 *
 * @module
 */
import type { Generator } from "../random.ts";
import { checkSize, isPositional, type Size } from "./arguments.ts";
import { centerCrop, crop } from "./crop.ts";
import { channelsOf, type Image, type Transform, type TransformConfig } from "./transform.ts";

/** Options of {@linkcode FiveCrop}. */
export interface FiveCropOptions {
  /** Pixels of each crop: `[height, width]`, or one number for a square. */
  readonly size: Size;
}

/**
 * Cuts out the four corners and the middle, as `torchvision.transforms.FiveCrop`: top left, top
 * right, bottom left, bottom right, center.
 *
 * @example
 * ```ts
 * import { Generator } from "@fer/core";
 * import { FiveCrop } from "@fer/core/transforms";
 *
 * const image = { data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), width: 3, height: 3 };
 * const crops = new FiveCrop(1).apply(image, new Generator(42));
 * console.assert(crops.map((each) => each.data[0]).join() === "1,3,7,9,5");
 * ```
 */
export class FiveCrop implements Transform<Image[]> {
  /** Pixels of each crop, `[height, width]`. */
  readonly size: readonly [height: number, width: number];

  /**
   * Makes the transform and checks its options.
   *
   * @param options The size, or options by name.
   * @throws {RangeError} When the size is not of whole numbers from 1.
   */
  constructor(options: Size | FiveCropOptions) {
    this.size = checkSize("FiveCrop", isPositional<Size>(options) ? options : options.size);
  }

  /**
   * Crops the image.
   *
   * @param image The image; not changed.
   * @param _generator Not used.
   * @returns Five images.
   * @throws {RangeError} When the image is smaller than the crop.
   * @throws {TypeError} When it is not an image of bytes.
   */
  apply(image: Image, _generator?: Generator): Image[] {
    return fiveCrop("FiveCrop", image, this.size);
  }

  /** The transform as data. */
  toJSON(): TransformConfig {
    return { name: "FiveCrop", size: this.size };
  }
}

/** The five crops, for the transform called `name`. */
export function fiveCrop(
  name: string,
  image: Image,
  [height, width]: readonly [height: number, width: number],
): Image[] {
  channelsOf(image);
  const right = image.width - width;
  const bottom = image.height - height;
  if (right < 0 || bottom < 0) {
    throw new RangeError(
      `Cannot apply ${name} of ${width}x${height} to an image of ${image.width}x${image.height}: ` +
        "it is smaller",
    );
  }
  return [
    crop(image, 0, 0, height, width),
    crop(image, 0, right, height, width),
    crop(image, bottom, 0, height, width),
    crop(image, bottom, right, height, width),
    centerCrop(image, height, width),
  ];
}
