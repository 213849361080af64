/**
 * Images as PNG files inside the page.
 *
 * @module
 */
import { encodePng } from "../data/encode_png.ts";
import type { Image } from "../transforms/transform.ts";

/**
 * Encodes an image as a PNG data URI.
 *
 * @param image Grey, RGB or RGBA.
 * @returns `data:image/png;base64,...`
 */
export async function pngUri(image: Image): Promise<string> {
  const bytes = await encodePng(image);
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return `data:image/png;base64,${btoa(text)}`;
}
