/**
 * Transform the images of one batch, on whatever thread.
 *
 * @module
 */
import { Generator } from "../random.ts";
import { channelsOf, type Image, type Transform } from "../transforms/transform.ts";

/** The images of a batch before they are transformed. */
export interface BatchTask {
  /** Seed of the loader. */
  readonly seed: number;
  /** The epoch, from 0. */
  readonly epoch: number;
  /** Place in the epoch's order of the first image. */
  readonly start: number;
  /** Each image's place in the data set, `[batch]`. */
  readonly indices: Uint32Array;
  /** Grey samples, `[batch, size, size]`. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** Height and width of an image. */
  readonly size: number;
}

/** The images of a batch after they were transformed. */
export interface TransformedImages {
  /** Grey samples, `[batch, height, width]`. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** Rows of an image. */
  readonly height: number;
  /** Pixels in a row. */
  readonly width: number;
}

/** An image could not be transformed; `cause` says why. */
export class ImageTransformError extends Error {
  /** The image's place in the data set. */
  readonly index: number;

  constructor(index: number, cause: unknown) {
    super(`Cannot transform image ${index.toLocaleString("en-US")}`, { cause });
    this.name = "ImageTransformError";
    this.index = index;
  }
}

/**
 * Transforms every image of a batch.
 *
 * What is drawn for an image depends on seed, epoch, image and its place in the epoch alone: not on
 * the batch it is in, nor on who transforms it. (The place tells draws of one image apart where an
 * epoch holds it more than once.)
 *
 * @param transform From bytes to bytes.
 * @param task The images.
 * @throws {ImageTransformError} When the transform throws, gives no grey image of bytes, or gives
 *   images of different sizes.
 */
export function transformBatch(transform: Transform, task: BatchTask): TransformedImages {
  const { seed, epoch, start, indices, pixels, size } = task;
  const area = size * size;
  let out: Uint8Array<ArrayBuffer> | undefined;
  let width = 0;
  let height = 0;
  for (let i = 0; i < indices.length; i++) {
    try {
      const generator = new Generator(seed, epoch, indices[i], start + i);
      const data = pixels.subarray(i * area, (i + 1) * area);
      const image: Image = transform.apply({ data, width: size, height: size }, generator);
      if (Array.isArray(image)) {
        throw new TypeError(`expected one image of the transform, got ${image.length}`);
      }
      if (channelsOf(image) !== 1) {
        throw new TypeError(`expected one channel of the transform, got ${channelsOf(image)}`);
      }
      if (out === undefined) {
        ({ width, height } = image);
        out = new Uint8Array(indices.length * width * height);
      } else if (image.width !== width || image.height !== height) {
        throw new TypeError(
          `expected ${width}x${height} as the batch's first image, ` +
            `got ${image.width}x${image.height}`,
        );
      }
      out.set(image.data, i * width * height);
    } catch (cause) {
      throw new ImageTransformError(indices[i], cause);
    }
  }
  return { pixels: out ?? new Uint8Array(0), width, height };
}
