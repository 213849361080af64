/**
 * Turn bytes into floating-point values.
 *
 * @module
 */
import type { Generator } from "../random.ts";
import { channelsOf, type Image, type Transform, type TransformConfig } from "./transform.ts";

/** An image of floating-point values, laid out as PyTorch's: one plane a channel. */
export interface FloatImage {
  /** Values, `[channels, height, width]`. */
  readonly data: Float32Array;
  /** Values in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Planes: 1, 3 or 4. */
  readonly channels: number;
}

/** A byte divided by 255 in single precision, for every byte. */
const FLOATS = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/**
 * Turns an image of bytes into values from 0 to 1, `[channels, height, width]`, as
 * `torchvision.transforms.ToTensor`.
 *
 * @example
 * ```ts
 * import { Generator } from "@fer/core";
 * import { ToTensor } from "@fer/core/transforms";
 *
 * const image = { data: Uint8Array.of(0, 255), width: 2, height: 1 };
 * console.assert(new ToTensor().apply(image, new Generator(42)).data[1] === 1);
 * ```
 */
export class ToTensor implements Transform<FloatImage> {
  /**
   * Turns bytes into floats.
   *
   * @param image The image; not changed.
   * @param _generator Not used.
   * @throws {TypeError} When it is not an image of bytes.
   */
  apply(image: Image, _generator?: Generator): FloatImage {
    const channels = channelsOf(image);
    const { data: source, width, height } = image;
    const data = new Float32Array(source.length);
    if (channels === 1) {
      for (let i = 0; i < source.length; i++) data[i] = FLOATS[source[i]];
    } else {
      const area = width * height;
      for (let c = 0; c < channels; c++) {
        for (let i = 0; i < area; i++) data[c * area + i] = FLOATS[source[i * channels + c]];
      }
    }
    return { data, width, height, channels };
  }

  /** The transform as data. */
  toJSON(): TransformConfig {
    return { name: "ToTensor" };
  }
}
