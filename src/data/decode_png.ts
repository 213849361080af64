/**
 * PNG to pixels.
 *
 * The decoder is `fast-png`, of image-js: maintained, plain JavaScript, every bit depth and
 * interlacing. PNG is exact, so all that is left here is what Pillow's `convert("RGB")` does.
 *
 * @module
 */
import type { Image } from "../transforms/transform.ts";

/**
 * Decodes a PNG file.
 *
 * @param bytes The file.
 * @returns Its pixels, `[height, width, 1, 3 or 4]`; grey stays grey, and of grey with opacity and
 * of 16 bits only the grey and the high byte are left.
 * @throws {Error} When the file is damaged or cut off.
 */
export async function decodePng(bytes: Uint8Array): Promise<Image> {
  const { convertIndexedToRgb, decode } = await import("fast-png");
  const png = decode(bytes, { checkCrc: true });
  const { width, height, depth, channels } = png;
  if (png.palette) return { data: convertIndexedToRgb(png), width, height };
  if (depth < 8) {
    // Grey of 1, 2 or 4 bits: a palette of one sample a colour.
    const last = 2 ** depth - 1;
    const palette = Array.from(
      { length: last + 1 },
      (_, level) => [Math.round(level * 255 / last)],
    );
    return { data: convertIndexedToRgb({ ...png, palette }), width, height };
  }
  let data = png.data instanceof Uint16Array
    ? Uint8Array.from(png.data, (sample) => sample >> 8)
    : png.data;
  if (channels === 2) data = data.filter((_, i) => i % 2 === 0);
  return { data, width, height };
}
