/**
 * Resize an image.
 *
 * @module
 */
import type { Generator } from "../random.ts";
import {
  checkInterpolation,
  checkSize,
  type Interpolation,
  isPositional,
  show,
  type Size,
} from "./arguments.ts";
import { crop } from "./crop.ts";
import { resampleBilinear, resampleNearest } from "./resample.ts";
import { channelsOf, type Image, type Transform, type TransformConfig } from "./transform.ts";

/**
 * Resizes an image to exactly the given size, as Pillow's `Image.resize`.
 *
 * Bilinear is antialiased: when the image shrinks, every pixel of it counts.
 *
 * @param image The image; not changed.
 * @param height Rows that come out.
 * @param width Pixels a row that come out.
 * @param interpolation How values between pixels are found. `bilinear` by default.
 * @returns A new image.
 * @throws {RangeError} When the size is not of whole numbers from 1.
 * @throws {TypeError} When it is not an image of bytes.
 *
 * @example
 * ```ts
 * import { resize } from "@fer/core/transforms";
 *
 * const half = resize({ data: Uint8Array.of(0, 0, 100, 100), width: 4, height: 1 }, 1, 2);
 * console.assert(half.data.join() === "14,86");
 * ```
 */
export function resize(
  image: Image,
  height: number,
  width: number,
  interpolation: Interpolation = "bilinear",
): Image {
  return resizedCrop(image, 0, 0, image.height, image.width, [height, width], interpolation);
}

/**
 * Cuts a rectangle out of an image and resizes it, as
 * `torchvision.transforms.functional.resized_crop` on a PIL image.
 *
 * @param image The image; not changed.
 * @param top Row of the rectangle's upper edge.
 * @param left Pixel of its left edge.
 * @param height Its rows.
 * @param width Its pixels a row.
 * @param size Pixels that come out: `[height, width]`, or one number for a square.
 * @param interpolation How values between pixels are found. `bilinear` by default.
 * @returns A new image.
 * @throws {RangeError} When the rectangle does not lie inside the image, or the size is not of whole
 *   numbers from 1.
 * @throws {TypeError} When it is not an image of bytes.
 */
export function resizedCrop(
  image: Image,
  top: number,
  left: number,
  height: number,
  width: number,
  size: Size,
  interpolation: Interpolation = "bilinear",
): Image {
  const channels = channelsOf(image);
  const [outHeight, outWidth] = checkSize("an image", size);
  if (
    !Number.isInteger(top) || !Number.isInteger(left) ||
    !Number.isInteger(height) || !Number.isInteger(width) || top < 0 || left < 0 ||
    height < 1 || width < 1 || top + height > image.height || left + width > image.width
  ) {
    throw new RangeError(
      `Cannot crop ${width}x${height} at row ${top}, pixel ${left}: ` +
        `the image has ${image.width}x${image.height}`,
    );
  }
  if (outHeight === height && outWidth === width) return crop(image, top, left, height, width);
  const resample = interpolation === "nearest" ? resampleNearest : resampleBilinear;
  return resample(image, channels, top, left, height, width, outHeight, outWidth);
}

/** Options of {@linkcode Resize}. */
export interface ResizeOptions {
  /**
   * Pixels that come out: `[height, width]`; one number is the shorter edge, and the longer follows
   * in proportion.
   */
  readonly size: Size;
  /**
   * How values between pixels are found. Bilinear is antialiased, as on PIL images.
   *
   * @default {"bilinear"}
   */
  readonly interpolation?: Interpolation;
  /** The most that the longer edge may have, where `size` is one number; no limit by default. */
  readonly maxSize?: number;
}

/**
 * Resizes an image, as `torchvision.transforms.Resize` on a PIL image.
 *
 * @example
 * ```ts
 * import { Generator } from "@fer/core";
 * import { Resize } from "@fer/core/transforms";
 *
 * const image = { data: new Uint8Array(200 * 100), width: 200, height: 100 };
 * const resized = new Resize(48).apply(image, new Generator(42));
 * console.assert(resized.width === 96 && resized.height === 48);
 * ```
 */
export class Resize implements Transform {
  /** Pixels that come out, or the shorter edge. */
  readonly size: Size;
  /** How values between pixels are found. */
  readonly interpolation: Interpolation;
  /** The most that the longer edge may have. */
  readonly maxSize?: number;

  /**
   * Makes the transform and checks its options.
   *
   * @param size The size, or all options by name.
   * @param options The options besides the size.
   * @throws {RangeError} When an option is out of range.
   */
  constructor(size: Size | ResizeOptions, options: Omit<ResizeOptions, "size"> = {}) {
    const all = isPositional<Size>(size) ? { ...options, size } : size;
    checkSize("Resize", all.size);
    this.size = all.size;
    this.interpolation = checkInterpolation("Resize", all.interpolation ?? "bilinear");
    this.maxSize = all.maxSize;
    if (all.maxSize !== undefined) {
      if (typeof all.size !== "number" || !(all.maxSize > all.size)) {
        throw new RangeError(
          `Cannot make Resize of maxSize ${show(all.maxSize)} with size ${show(all.size)}: ` +
            "expected one number as size and a larger maxSize",
        );
      }
      checkSize("Resize", all.maxSize);
    }
  }

  /**
   * Resizes the image.
   *
   * @param image The image; not changed.
   * @param _generator Not used.
   * @throws {RangeError} When the longer edge would have more than 32,767 pixels.
   * @throws {TypeError} When it is not an image of bytes.
   */
  apply(image: Image, _generator?: Generator): Image {
    channelsOf(image);
    const [height, width] = this.#sizeFor(image);
    return resize(image, height, width, this.interpolation);
  }

  #sizeFor(image: Image): readonly [height: number, width: number] {
    if (typeof this.size !== "number") return this.size;
    const { width, height } = image;
    let short = this.size;
    let long = Math.trunc(short * Math.max(width, height) / Math.min(width, height));
    if (this.maxSize !== undefined && long > this.maxSize) {
      short = Math.max(1, Math.trunc(this.maxSize * short / long));
      long = this.maxSize;
    }
    return width <= height ? [long, short] : [short, long];
  }

  /** The transform as data. */
  toJSON(): TransformConfig {
    const { size, interpolation, maxSize } = this;
    return { name: "Resize", size, interpolation, maxSize };
  }
}
