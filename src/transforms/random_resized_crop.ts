/**
 * Crop a random part of an image and resize it.
 *
 * @module
 */
import type { Generator } from "../random.ts";
import {
  checkInterpolation,
  checkInterval,
  checkSize,
  type Interpolation,
  type Interval,
  isPositional,
  roundHalfEven,
  type Size,
} from "./arguments.ts";
import { resizedCrop } from "./resize.ts";
import { channelsOf, type Image, type Transform, type TransformConfig } from "./transform.ts";

/** Options of {@linkcode RandomResizedCrop}. */
export interface RandomResizedCropOptions {
  /** Pixels that come out: `[height, width]`, or one number for a square. */
  readonly size: Size;
  /**
   * Range of the crop's area as a share of the image's.
   *
   * @default {[0.08, 1]}
   */
  readonly scale?: Interval;
  /**
   * Range of the crop's width divided by its height, above 0.
   *
   * @default {[3 / 4, 4 / 3]}
   */
  readonly ratio?: Interval;
  /**
   * How values between pixels are found. Bilinear is antialiased, as on PIL images.
   *
   * @default {"bilinear"}
   */
  readonly interpolation?: Interpolation;
}

/**
 * Crops a part of random area, shape and place and resizes it, as
 * `torchvision.transforms.RandomResizedCrop` on a PIL image.
 *
 * @example
 * ```ts
 * import { Generator } from "@fer/core";
 * import { RandomResizedCrop } from "@fer/core/transforms";
 *
 * const image = { data: new Uint8Array(64 * 64).fill(7), width: 64, height: 64 };
 * const transform = new RandomResizedCrop(48, { scale: [0.9, 1] });
 * console.assert(transform.apply(image, new Generator(42)).data.length === 48 * 48);
 * ```
 */
export class RandomResizedCrop implements Transform {
  /** Pixels that come out, `[height, width]`. */
  readonly size: readonly [height: number, width: number];
  /** Range of the crop's area as a share of the image's. */
  readonly scale: Interval;
  /** Range of the crop's width divided by its height. */
  readonly ratio: Interval;
  /** How values between pixels are found. */
  readonly interpolation: Interpolation;

  /**
   * Makes the transform and checks its options.
   *
   * @param size The size, or all options by name.
   * @param options The options besides the size.
   * @throws {RangeError} When an option is out of range.
   */
  constructor(
    size: Size | RandomResizedCropOptions,
    options: Omit<RandomResizedCropOptions, "size"> = {},
  ) {
    const all = isPositional<Size>(size) ? { ...options, size } : size;
    const name = "RandomResizedCrop";
    this.size = checkSize(name, all.size);
    this.scale = checkInterval(name, "scale", all.scale ?? [0.08, 1], 0);
    this.ratio = checkInterval(name, "ratio", all.ratio ?? [3 / 4, 4 / 3], Number.MIN_VALUE);
    this.interpolation = checkInterpolation(name, all.interpolation ?? "bilinear");
  }

  /**
   * Draws a rectangle inside an image.
   *
   * @param image The image.
   * @param generator Draws area and ratio until the rectangle fits, at most ten times, then its
   *   place.
   * @returns Its upper row, left pixel, height and width; the middle of the image when none of ten
   *   fits.
   */
  getParams(
    image: Image,
    generator: Generator,
  ): [top: number, left: number, height: number, width: number] {
    const { width, height } = image;
    const [lowest, highest] = this.ratio;
    const low = Math.log(lowest);
    const high = Math.log(highest);
    for (let attempt = 0; attempt < 10; attempt++) {
      const area = width * height * generator.uniform(this.scale[0], this.scale[1]);
      const ratio = Math.exp(generator.uniform(low, high));
      const w = roundHalfEven(Math.sqrt(area * ratio));
      const h = roundHalfEven(Math.sqrt(area / ratio));
      if (w > 0 && w <= width && h > 0 && h <= height) {
        return [generator.integer(height - h + 1), generator.integer(width - w + 1), h, w];
      }
    }
    const ratio = width / height;
    const h = ratio < lowest ? Math.max(1, roundHalfEven(width / lowest)) : height;
    const w = ratio > highest ? Math.max(1, roundHalfEven(height * highest)) : width;
    return [Math.floor((height - h) / 2), Math.floor((width - w) / 2), h, w];
  }

  /**
   * Crops and resizes the image.
   *
   * @param image The image; not changed.
   * @param generator Draws the rectangle.
   * @throws {TypeError} When it is not an image of bytes.
   */
  apply(image: Image, generator: Generator): Image {
    channelsOf(image);
    const [top, left, height, width] = this.getParams(image, generator);
    return resizedCrop(image, top, left, height, width, this.size, this.interpolation);
  }

  /** The transform as data. */
  toJSON(): TransformConfig {
    const { size, scale, ratio, interpolation } = this;
    return { name: "RandomResizedCrop", size, scale, ratio, interpolation };
  }
}
