/**
 * Encoded images to pixels.
 *
 * @module
 */
import type { Image } from "../transforms/transform.ts";
import { decodeJpeg } from "./decode_jpeg.ts";
import { decodePng } from "./decode_png.ts";
import { fileKind, KIND_BYTES } from "../file_kind.ts";
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
 * Decodes a JPEG or PNG file to the bytes that Pillow gives, turned the right way up if a JPEG has
 * an EXIF orientation. The decoders are loaded on first use.
 *
 * @param bytes The file's bytes.
 * @param options Its name and limit.
 * @returns Its pixels: one channel if the file is grey, else RGB or RGBA.
 * @throws {TypeError} When it is neither JPEG nor PNG, or damaged.
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
  if (!header) throw new TypeError(`Cannot decode ${name}: ${headerProblem(bytes)}`);
  const { format, width, height, channels } = header;
  if (format === "JPEG" && channels === 4) {
    throw new TypeError(
      `Cannot decode ${name}: it is CMYK, which cannot be read: save it as RGB`,
    );
  }
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
    const image = await decodeJpeg(bytes);
    return channels === 1 ? { ...image, data: firstOfFour(image.data) } : image;
  } catch (cause) {
    // libjpeg's messages are made for people; those of PNG tell of chunks and filters.
    const reason = format === "JPEG" && cause instanceof Error
      ? cause.message
      : "its PNG data is damaged or cut off";
    throw new TypeError(`Cannot decode ${name}: ${reason}`, { cause });
  }
}

function headerProblem(bytes: Uint8Array): string {
  if (bytes.length === 0) return "the file is empty";
  const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0"));
  if (/^(?:ffd8|89504e47)/.test(start.join(""))) return "its header is damaged or cut off";
  const kind = fileKind(bytes.subarray(0, KIND_BYTES));
  return kind
    ? `it is ${kind.name}, expected JPEG or PNG`
    : `expected JPEG or PNG, got bytes ${start.join(" ")}…`;
}

/** The first of every four samples: what is grey in RGBA. */
function firstOfFour(data: Uint8Array | Uint8ClampedArray): Uint8Array {
  const first = new Uint8Array(data.length / 4);
  for (let i = 0; i < first.length; i++) first[i] = data[4 * i];
  return first;
}
