/**
 * Pictures and frames, read into memory.
 *
 * @module
 */
import { type ImageInput, readImages } from "../predict/image_input.ts";
import { channelsOf, type Image } from "../transforms/transform.ts";

/**
 * A picture: in memory (`{data, width, height}`, as `ImageData` is), as the bytes of a JPEG, PNG
 * or WebP file, as a tensor, or as an `ImageBitmap`.
 */
export type FrameInput = ImageInput | ImageBitmap;

const isBitmap = (input: unknown): input is ImageBitmap =>
  typeof ImageBitmap !== "undefined" && input instanceof ImageBitmap;

/** A canvas of a bitmap's size, where there is such a thing. */
function canvasFor({ width, height }: ImageBitmap): OffscreenCanvas {
  if (width * height === 0) {
    throw new TypeError(`Cannot read an ImageBitmap of ${width}x${height}: it is closed`);
  }
  if (typeof OffscreenCanvas === "undefined") {
    throw new TypeError(
      `Cannot read an ImageBitmap of ${width}x${height}: there is no OffscreenCanvas here. ` +
        "Give {data, width, height} or the file's bytes instead",
    );
  }
  return new OffscreenCanvas(width, height);
}

/** The part of a 2D context that is used; Deno's types know of none. */
interface Drawing {
  drawImage(bitmap: ImageBitmap, x: number, y: number): void;
  getImageData(x: number, y: number, width: number, height: number): Image;
}

/** A canvas's 2D context; null in Deno. */
function drawing(canvas: OffscreenCanvas): Drawing | null {
  const { getContext } = canvas as unknown as {
    getContext(kind: "2d", options: { willReadFrequently: boolean }): Drawing | null;
  };
  return getContext.call(canvas, "2d", { willReadFrequently: true });
}

async function readBitmap(bitmap: ImageBitmap): Promise<Image> {
  const { width, height } = bitmap;
  const context = drawing(canvasFor(bitmap));
  if (context) {
    context.drawImage(bitmap, 0, 0);
    return context.getImageData(0, 0, width, height);
  }
  // Deno's canvas cannot draw, but it can write a file. It takes the bitmap that it is given.
  const canvas = canvasFor(bitmap);
  const renderer = canvas.getContext("bitmaprenderer");
  if (!renderer) {
    throw new TypeError(`Cannot read an ImageBitmap of ${width}x${height}: no canvas can show it`);
  }
  renderer.transferFromImageBitmap(await createImageBitmap(bitmap));
  const { decodeImage } = await import("../data/decode.ts");
  const png = await (await canvas.convertToBlob()).arrayBuffer();
  return await decodeImage(new Uint8Array(png), { name: "the ImageBitmap" });
}

/**
 * Reads a picture into memory.
 *
 * @param input The picture.
 * @returns Its pixels.
 * @throws {TypeError} When it is none, or an `ImageBitmap` that cannot be read here.
 * @throws {RangeError} When it has no pixels, or a tensor's values are not from 0 to 255.
 */
export async function readFrame(input: FrameInput): Promise<Image> {
  const image = isBitmap(input) ? await readBitmap(input) : (await readImages(input))[0][0];
  const { width, height } = image;
  if (!(width >= 1 && height >= 1)) {
    throw new RangeError(`Cannot look for faces in a picture of ${width}x${height}`);
  }
  channelsOf(image);
  return image;
}
