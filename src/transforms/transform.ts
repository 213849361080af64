/**
 * What an image and a transform are.
 *
 * @module
 */
import type { Generator } from "../random.ts";

/**
 * An image in memory: rows from top to bottom, pixels from left to right, channels interleaved.
 *
 * The number of channels is `data.length / (width * height)`: 1 is grey, 3 is RGB, 4 is RGBA. The
 * browser's `ImageData` is one.
 */
export interface Image {
  /** Samples from 0 to 255, `[height, width, channels]`. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/** A transform written as JSON: its name in `torchvision.transforms` and its options. */
export interface TransformConfig {
  /** The class's name, for instance `RandomRotation`. */
  readonly name: string;
  /** Its options, as its constructor takes them. */
  readonly [option: string]: unknown;
}

/**
 * One step from an image to another, in the manner of `torchvision.transforms`.
 *
 * @typeParam Out What comes out: an image, several images, a tensor's values.
 * @typeParam In What goes in.
 */
export interface Transform<Out = Image, In = Image> {
  /**
   * Applies the transform. The input is never changed.
   *
   * @param input What to transform.
   * @param generator Where random transforms draw from; fixed ones ignore it.
   */
  apply(input: In, generator: Generator): Out;
  /** The transform as data, from which `transformFromJSON()` makes it again, also in a worker. */
  toJSON(): TransformConfig;
}

/**
 * The number of channels of an image, checked.
 *
 * @param image The image.
 * @returns 1, 3 or 4.
 * @throws {TypeError} When the data is not bytes or its length is not width x height x 1, 3 or 4.
 */
export function channelsOf(image: Image): 1 | 3 | 4 {
  const { data } = image;
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new TypeError(
      `Cannot read an image of ${image.width}x${image.height}: expected bytes, got ` +
        Object.prototype.toString.call(data).slice(8, -1),
    );
  }
  const channels = data.length / (image.width * image.height);
  if (channels === 1 || channels === 3 || channels === 4) return channels;
  throw new TypeError(
    `Cannot read an image of ${image.width}x${image.height} with ${data.length} samples: ` +
      "expected 1, 3 or 4 a pixel",
  );
}
