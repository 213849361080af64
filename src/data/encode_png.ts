/**
 * Pixels to PNG.
 *
 * @module
 */
import { channelsOf, type Image } from "../transforms/transform.ts";

/**
 * Encodes an image as a PNG file. The encoder is loaded on first use.
 *
 * @param image Grey, RGB or RGBA.
 * @returns The file's bytes.
 * @throws {TypeError} When it is not an image of bytes.
 *
 * @example
 * ```ts
 * import { decodeImage, encodePng } from "@fer/core/data";
 *
 * const png = await encodePng({ data: Uint8Array.of(0, 128), width: 2, height: 1 });
 * console.assert((await decodeImage(png)).data[1] === 128);
 * ```
 */
export async function encodePng(image: Image): Promise<Uint8Array> {
  const channels = channelsOf(image);
  const { encode } = await import("fast-png");
  const { data, width, height } = image;
  return encode({ data, width, height, channels, depth: 8 });
}
