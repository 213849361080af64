/**
 * Encoded images to pixels.
 *
 * @module
 */
import type { Image } from "../transforms/transform.ts";
import { decodeCmyk } from "./decode_cmyk.ts";
import { decodeJpeg } from "./decode_jpeg.ts";
import { decodePng } from "./decode_png.ts";
import { decodeWebp } from "./decode_webp.ts";
import { whatElse } from "./file_kind.ts";
import { readImageHeader } from "./image_header.ts";

/** How {@linkcode decodeImage} decodes. */
export interface DecodeImageOptions {
  /**
   * What to call the image in messages.
   * @default {"the image"}
   */
  readonly name?: string;
  /**
   * The most it may have, in millions of pixels; known from its first bytes, before it takes any
   * memory.
   * @default {50}
   */
  readonly maxMegapixels?: number;
}

/**
 * Decodes a JPEG, PNG or WebP file to the bytes that Pillow gives, turned the right way up if it has
 * an EXIF orientation. JPEG may be grey, RGB, CMYK or YCCK; of an animation the first picture is
 * taken; colour profiles are left aside. The decoders are loaded on first use.
 *
 * @param bytes The file's bytes.
 * @param options Its name and limit.
 * @returns Its pixels: one channel if the file is grey, else RGB or RGBA.
 * @throws {TypeError} When it is none of them, or damaged; the message calls other kinds by their
 * names.
 * @throws {RangeError} When it has no pixels, or more than the limit.
 *
 * @example
 * ```ts
 * import { decodeImage } from "@fer/core/data";
 *
 * const png = Uint8Array.fromBase64(
 *   "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==",
 * );
 * const { width, height, data } = await decodeImage(png);
 * console.assert(width === 1 && height === 1 && data[0] === 128);
 * ```
 */
export async function decodeImage(
  bytes: Uint8Array,
  options: DecodeImageOptions = {},
): Promise<Image> {
  const { name = "the image", maxMegapixels = 50 } = options;
  const header = readImageHeader(bytes);
  if (!header) throw new TypeError(`Cannot decode ${name}: ${whatElse(bytes)}`);
  const { format, width, height, channels } = header;
  if (width * height === 0) {
    throw new RangeError(`Cannot decode ${name}: it has no pixels (${width}x${height})`);
  }
  if (!(width * height <= maxMegapixels * 1e6)) {
    const megapixels = (width * height / 1e6).toLocaleString("en-US", { maximumFractionDigits: 1 });
    throw new RangeError(
      `Cannot decode ${name}: it has ${megapixels} megapixels (${width}x${height}), ` +
        `the limit is ${maxMegapixels}`,
    );
  }
  try {
    if (format === "PNG") return await decodePng(bytes);
    if (format === "WebP") return await decodeWebp(bytes, header);
    const image = await (channels === 4 ? decodeCmyk(bytes) : decodeJpeg(bytes));
    return channels === 1 ? { ...image, data: firstOfFour(image.data) } : image;
  } catch (cause) {
    // libjpeg's messages are made for people; those about PNG tell of filters and colour types.
    const reason = format !== "PNG" && cause instanceof Error
      ? cause.message
      : "its PNG data is damaged or cut off";
    throw new TypeError(`Cannot decode ${name}: ${reason}`, { cause });
  }
}

/** The first of every four samples: what is grey in RGBA. */
function firstOfFour(data: Uint8Array | Uint8ClampedArray): Uint8Array {
  const first = new Uint8Array(data.length / 4);
  for (let i = 0; i < first.length; i++) first[i] = data[4 * i];
  return first;
}
