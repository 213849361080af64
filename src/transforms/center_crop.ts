/**
 * Crop the middle of an image.
 *
 * @module
 */
import type { Generator } from "../random.ts";
import { checkSize, isPositional, type Size } from "./arguments.ts";
import { centerCrop } from "./crop.ts";
import type { Image, Transform, TransformConfig } from "./transform.ts";

/** Options of {@linkcode CenterCrop}. */
export interface CenterCropOptions {
  /** Pixels that come out: `[height, width]`, or one number for a square. */
  readonly size: Size;
}

/**
 * Cuts the middle out of an image, as `torchvision.transforms.CenterCrop`: an image that is smaller
 * is padded with black.
 *
 * @example
 * ```ts
 * import { Generator } from "@fer/core";
 * import { CenterCrop } from "@fer/core/transforms";
 *
 * const image = { data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), width: 3, height: 3 };
 * console.assert(new CenterCrop(1).apply(image, new Generator(42)).data[0] === 5);
 * ```
 */
export class CenterCrop implements Transform {
  /** Pixels that come out, `[height, width]`. */
  readonly size: readonly [height: number, width: number];

  /**
   * Makes the transform and checks its options.
   *
   * @param options The size, or options by name.
   * @throws {RangeError} When the size is not of whole numbers from 1.
   */
  constructor(options: Size | CenterCropOptions) {
    this.size = checkSize("CenterCrop", isPositional<Size>(options) ? options : options.size);
  }

  /**
   * Crops the image.
   *
   * @param image The image; not changed.
   * @param _generator Not used.
   * @throws {TypeError} When it is not an image of bytes.
   */
  apply(image: Image, _generator?: Generator): Image {
    return centerCrop(image, this.size[0], this.size[1]);
  }

  /** The transform as data. */
  toJSON(): TransformConfig {
    return { name: "CenterCrop", size: this.size };
  }
}
