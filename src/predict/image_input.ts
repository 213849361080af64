/**
 * What a model may be given as a face, read into memory.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { Grayscale } from "../transforms/grayscale.ts";
import { resize } from "../transforms/resize.ts";
import type { Image } from "../transforms/transform.ts";

/** A grey image as a tensor: `[height, width]`, values from 0 to 255. */
export type GreyTensor = tf.Tensor2D;

/**
 * An image as a tensor: `[height, width, channels]` with 1, 3 or 4 channels, values from 0 to 255,
 * as `tf.browser.fromPixels()` gives them.
 */
export type ImageTensor = tf.Tensor3D;

/** Images of one size as a tensor: `[batch, height, width, channels]`, values from 0 to 255. */
export type ImageBatchTensor = tf.Tensor4D;

/** An image of any size and colour: in memory, as the bytes of a JPEG, PNG or WebP file, as a tensor. */
export type ImageInput = Image | Uint8Array | GreyTensor | ImageTensor;

/**
 * An image as a model takes it: grey, square, resized without regard to its proportions.
 *
 * @param image Any image.
 * @param size Height and width of what comes out, in pixels.
 * @returns Grey samples from 0 to 255, `[size, size]`.
 * @throws {TypeError} When the image is none, or has a strange number of channels.
 */
export function greySquare(image: Image, size: number): Image {
  const grey = new Grayscale().apply(image);
  return grey.width === size && grey.height === size ? grey : resize(grey, size, size);
}

/**
 * Reads what a model is given into memory.
 *
 * @param input An image, several, or a tensor of several.
 * @returns The images, and whether the input was several.
 * @throws {TypeError} When one is no image.
 * @throws {RangeError} When a tensor's values are not from 0 to 255.
 */
export async function readImages(
  input: ImageInput | readonly ImageInput[] | ImageBatchTensor,
): Promise<[images: Image[], isBatch: boolean]> {
  if (input instanceof tf.Tensor && input.rank === 4) {
    const [batch, height, width, channels] = (input as ImageBatchTensor).shape;
    const samples = await readSamples(input);
    const length = height * width * channels;
    const images = Array.from({ length: batch }, (_, i) => ({
      data: samples.subarray(i * length, (i + 1) * length),
      width,
      height,
    }));
    return [images, true];
  }
  // Array.isArray() does not narrow a readonly array.
  if (Array.isArray(input)) {
    return [await Promise.all((input as readonly ImageInput[]).map(readImage)), true];
  }
  return [[await readImage(input as ImageInput)], false];
}

async function readImage(input: ImageInput): Promise<Image> {
  if (input instanceof tf.Tensor) {
    if (input.rank !== 2 && input.rank !== 3) {
      throw new TypeError(
        `Cannot predict a tensor of shape [${input.shape}]: expected [height, width] or ` +
          "[height, width, channels]",
      );
    }
    return { data: await readSamples(input), width: input.shape[1], height: input.shape[0] };
  }
  if (input instanceof Uint8Array) {
    const { decodeImage } = await import("../data/decode.ts");
    return await decodeImage(input);
  }
  const isImage = input?.data instanceof Uint8Array || input?.data instanceof Uint8ClampedArray;
  if (!isImage) {
    throw new TypeError(
      "Cannot predict: expected {data, width, height} with bytes, the bytes of a JPEG, PNG or WebP " +
        "file, or a tensor",
    );
  }
  return input;
}

/** A tensor's values as bytes. */
async function readSamples(tensor: tf.Tensor): Promise<Uint8Array> {
  const values = await tensor.data<"float32">();
  const wrong = values.findIndex((value) => !(value >= 0 && value <= 255));
  if (wrong >= 0) {
    throw new RangeError(
      `Cannot predict a tensor of shape [${tensor.shape}]: element ${wrong} is ${values[wrong]}, ` +
        "expected 0 to 255",
    );
  }
  // Scaled samples would pass as a black image.
  const isScaled = values.every((value) => value <= 1) && values.some((value) => value % 1 !== 0);
  if (isScaled) {
    throw new RangeError(
      `Cannot predict a tensor of shape [${tensor.shape}]: its values seem scaled to 0 to 1, ` +
        "expected 0 to 255",
    );
  }
  return Uint8Array.from(values, Math.round);
}
