/**
 * Erase a random rectangle of an image.
 *
 * @module
 */
import type { Generator } from "../random.ts";
import {
  checkInterval,
  checkProbability,
  type Interval,
  isPositional,
  perChannel,
  roundHalfEven,
  show,
} from "./arguments.ts";
import type { FloatImage } from "./to_tensor.ts";
import { channelsOf, type Image, type Transform, type TransformConfig } from "./transform.ts";

/** Options of {@linkcode RandomErasing}. */
export interface RandomErasingOptions {
  /**
   * Probability of erasing, 0 to 1.
   *
   * @default {0.5}
   */
  readonly p?: number;
  /**
   * Range of the rectangle's area as a share of the image's, within 0 to 1.
   *
   * @default {[0.02, 0.33]}
   */
  readonly scale?: Interval;
  /**
   * Range of the rectangle's height divided by its width, above 0.
   *
   * @default {[0.3, 3.3]}
   */
  readonly ratio?: Interval;
  /**
   * What the rectangle is filled with: one value for all channels, one a channel, or `random`.
   *
   * @default {0}
   */
  readonly value?: number | readonly number[] | "random";
}

/**
 * Erases a rectangle of random area, shape and place, as `torchvision.transforms.RandomErasing`
 * (Zhong et al., "Random Erasing Data Augmentation", 2017).
 *
 * torchvision's works on tensors alone. This one also takes images of bytes: there `value` is a grey
 * level from 0 to 255, and `random` draws each sample evenly from 0 to 255, as the paper does. On
 * images of floats `random` draws from the standard normal distribution, as torchvision does.
 *
 * @typeParam T What goes in and comes out: an image of bytes or of floats.
 *
 * @example
 * ```ts
 * import { Generator } from "@fer/core";
 * import { RandomErasing } from "@fer/core/transforms";
 *
 * const image = { data: new Uint8Array(48 * 48).fill(9), width: 48, height: 48 };
 * const erased = new RandomErasing(1).apply(image, new Generator(42));
 * console.assert(erased.data.includes(0));
 * ```
 */
export class RandomErasing<T extends Image | FloatImage = Image> implements Transform<T, T> {
  /** Probability of erasing. */
  readonly p: number;
  /** Range of the rectangle's area as a share of the image's. */
  readonly scale: Interval;
  /** Range of the rectangle's height divided by its width. */
  readonly ratio: Interval;
  /** What the rectangle is filled with. */
  readonly value: number | readonly number[] | "random";

  /**
   * Makes the transform and checks its options.
   *
   * @param p The probability, or all options by name.
   * @param options The options besides the probability.
   * @throws {RangeError} When an option is out of range.
   */
  constructor(
    p: number | RandomErasingOptions = {},
    options: Omit<RandomErasingOptions, "p"> = {},
  ) {
    const all: RandomErasingOptions = isPositional<number>(p) ? { ...options, p } : p;
    const name = "RandomErasing";
    this.p = checkProbability(name, all.p ?? 0.5);
    this.scale = checkInterval(name, "scale", all.scale ?? [0.02, 0.33], 0, 1);
    this.ratio = checkInterval(name, "ratio", all.ratio ?? [0.3, 3.3], Number.MIN_VALUE);
    this.value = all.value ?? 0;
    const values = typeof this.value === "object" ? this.value : [this.value];
    if (values.some((each) => each !== "random" && !Number.isFinite(each))) {
      throw new RangeError(
        `Cannot make ${name} of value ${show(this.value)}: expected a number, one a channel, ` +
          'or "random"',
      );
    }
  }

  /**
   * Draws a rectangle smaller than the image.
   *
   * @param image The image.
   * @param generator Draws area and ratio until the rectangle fits, at most ten times, then its
   *   place.
   * @returns Its upper row, left pixel, height and width; undefined when none of ten fits.
   */
  getParams(
    image: { readonly width: number; readonly height: number },
    generator: Generator,
  ): [top: number, left: number, height: number, width: number] | undefined {
    const { width, height } = image;
    const low = Math.log(this.ratio[0]);
    const high = Math.log(this.ratio[1]);
    for (let attempt = 0; attempt < 10; attempt++) {
      const area = width * height * generator.uniform(this.scale[0], this.scale[1]);
      const ratio = Math.exp(generator.uniform(low, high));
      const h = roundHalfEven(Math.sqrt(area * ratio));
      const w = roundHalfEven(Math.sqrt(area / ratio));
      if (h < height && w < width) {
        return [generator.integer(height - h + 1), generator.integer(width - w + 1), h, w];
      }
    }
  }

  /**
   * Erases a rectangle, or gives the image back as it is.
   *
   * @param image The image; not changed.
   * @param generator Draws whether, then the rectangle, then its samples if they are random.
   * @throws {RangeError} When an image of bytes is to be filled with what is no byte.
   * @throws {TypeError} When it is not an image, or has other channels than there are values for.
   */
  apply(image: T, generator: Generator): T {
    if (!(generator.random() < this.p)) return image;
    const area = this.getParams(image, generator);
    if (area === undefined) return image;
    if (image.data instanceof Float32Array) {
      const channels = image.data.length / (image.width * image.height);
      const data = new Float32Array(image.data);
      this.#fill(data, image.width, channels, true, area, generator);
      return { ...image, data };
    }
    const channels = channelsOf({ ...image, data: image.data });
    const data = new Uint8Array(image.data);
    this.#fill(data, image.width, channels, false, area, generator);
    return { ...image, data };
  }

  #fill(
    data: Float32Array | Uint8Array,
    stride: number,
    channels: number,
    planes: boolean,
    [top, left, height, width]: readonly [number, number, number, number],
    generator: Generator,
  ): void {
    const random = this.value === "random";
    const values = perChannel("RandomErasing", random ? 0 : this.value, channels);
    const wrong = planes ? undefined : values.find((value) => !(value >= 0 && value <= 255));
    if (wrong !== undefined) {
      throw new RangeError(
        `Cannot apply RandomErasing of value ${wrong} to an image of bytes: expected 0 to 255`,
      );
    }
    const plane = planes ? data.length / channels : 1;
    const step = planes ? 1 : channels;
    for (let c = 0; c < channels; c++) {
      for (let y = top; y < top + height; y++) {
        for (let x = left; x < left + width; x++) {
          data[c * plane + (y * stride + x) * step] = !random
            ? values[c]
            : planes
            ? generator.normal()
            : generator.integer(256);
        }
      }
    }
  }

  /** The transform as data. */
  toJSON(): TransformConfig {
    const { p, scale, ratio, value } = this;
    return { name: "RandomErasing", p, scale, ratio, value };
  }
}
