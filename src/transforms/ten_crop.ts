/**
 * Crop the four corners and the middle of an image and of its mirror image.
 *
 * @module
 */
import type { Generator } from "../random.ts";
import { checkSize, isPositional, type Size } from "./arguments.ts";
import { fiveCrop } from "./five_crop.ts";
import { hflip, vflip } from "./flip.ts";
import type { Image, Transform, TransformConfig } from "./transform.ts";

/** Options of {@linkcode TenCrop}. */
export interface TenCropOptions {
  /** Pixels of each crop: `[height, width]`, or one number for a square. */
  readonly size: Size;
  /**
   * Mirror top to bottom instead of left to right.
   *
   * @default {false}
   */
  readonly verticalFlip?: boolean;
}

/**
 * Cuts out the four corners and the middle of an image, then of its mirror image, as
 * `torchvision.transforms.TenCrop`.
 *
 * @example
 * ```ts
 * import { Generator } from "@fer/core";
 * import { TenCrop } from "@fer/core/transforms";
 *
 * const image = { data: new Uint8Array(48 * 48), width: 48, height: 48 };
 * console.assert(new TenCrop(40).apply(image, new Generator(42)).length === 10);
 * ```
 */
export class TenCrop implements Transform<Image[]> {
  /** Pixels of each crop, `[height, width]`. */
  readonly size: readonly [height: number, width: number];
  /** Whether the mirror image is top to bottom. */
  readonly verticalFlip: boolean;

  /**
   * Makes the transform and checks its options.
   *
   * @param size The size, or all options by name.
   * @param options The options besides the size.
   * @throws {RangeError} When the size is not of whole numbers from 1.
   */
  constructor(size: Size | TenCropOptions, options: Omit<TenCropOptions, "size"> = {}) {
    const all = isPositional<Size>(size) ? { ...options, size } : size;
    this.size = checkSize("TenCrop", all.size);
    this.verticalFlip = all.verticalFlip ?? false;
  }

  /**
   * Crops the image.
   *
   * @param image The image; not changed.
   * @param _generator Not used.
   * @returns Ten images.
   * @throws {RangeError} When the image is smaller than the crop.
   * @throws {TypeError} When it is not an image of bytes.
   */
  apply(image: Image, _generator?: Generator): Image[] {
    const mirrored = this.verticalFlip ? vflip(image) : hflip(image);
    return [...fiveCrop("TenCrop", image, this.size), ...fiveCrop("TenCrop", mirrored, this.size)];
  }

  /** The transform as data. */
  toJSON(): TransformConfig {
    return { name: "TenCrop", size: this.size, verticalFlip: this.verticalFlip };
  }
}
