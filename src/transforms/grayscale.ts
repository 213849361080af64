/**
 * Turn colour into grey.
 *
 * @module
 */
import type { Generator } from "../random.ts";
import { isPositional, show } from "./arguments.ts";
import { channelsOf, type Image, type Transform, type TransformConfig } from "./transform.ts";

/** Options of {@linkcode Grayscale}. */
export interface GrayscaleOptions {
  /**
   * Channels that come out: 1, or 3 with the same level in each.
   *
   * @default {1}
   */
  readonly numOutputChannels?: 1 | 3;
}

/**
 * Turns a colour image into a grey one, as `torchvision.transforms.Grayscale` on a PIL image: the
 * luma of ITU-R BT.601, `(299 R + 587 G + 114 B) / 1000`, in Pillow's fixed-point arithmetic.
 * Opacity is ignored.
 *
 * @example
 * ```ts
 * import { Generator } from "@fer/core";
 * import { Grayscale } from "@fer/core/transforms";
 *
 * const red = { data: Uint8Array.of(255, 0, 0), width: 1, height: 1 };
 * console.assert(new Grayscale().apply(red, new Generator(42)).data[0] === 76);
 * ```
 */
export class Grayscale implements Transform {
  /** Channels that come out. */
  readonly numOutputChannels: 1 | 3;

  /**
   * Makes the transform and checks its options.
   *
   * @param options The number of channels that come out, or options by name.
   * @throws {RangeError} When it is neither 1 nor 3.
   */
  constructor(options: 1 | 3 | GrayscaleOptions = {}) {
    const channels = isPositional<1 | 3>(options) ? options : options.numOutputChannels ?? 1;
    if (channels !== 1 && channels !== 3) {
      throw new RangeError(
        `Cannot make Grayscale of numOutputChannels ${show(channels)}: expected 1 or 3`,
      );
    }
    this.numOutputChannels = channels;
  }

  /**
   * Turns the image grey.
   *
   * @param image The image; not changed.
   * @param _generator Not used.
   * @throws {TypeError} When it is not an image of bytes.
   */
  apply(image: Image, _generator?: Generator): Image {
    const channels = channelsOf(image);
    const outputs = this.numOutputChannels;
    const { data: source, width, height } = image;
    const data = new Uint8Array(width * height * outputs);
    for (let i = 0, o = 0; i < source.length; i += channels) {
      const level = channels === 1
        ? source[i]
        : (19595 * source[i] + 38470 * source[i + 1] + 7471 * source[i + 2] + 32768) >> 16;
      for (let c = 0; c < outputs; c++) data[o++] = level;
    }
    return { data, width, height };
  }

  /** The transform as data. */
  toJSON(): TransformConfig {
    return { name: "Grayscale", numOutputChannels: this.numOutputChannels };
  }
}
