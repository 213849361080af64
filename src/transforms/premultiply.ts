/**
 * Colours multiplied by their opacity, so that transparent pixels lend none of theirs when pixels
 * are mixed. Bytes are those of Pillow's `RGBa` mode.
 *
 * @module
 */

/**
 * Multiplies the colours of RGBA samples by their alpha.
 *
 * @param data Samples from 0 to 255, four a pixel; not changed.
 * @returns New samples.
 */
export function premultiply(data: Uint8Array | Uint8ClampedArray): Uint8Array {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3];
    for (let c = 0; c < 3; c++) {
      const product = data[i + c] * alpha + 128;
      out[i + c] = ((product >> 8) + product) >> 8;
    }
    out[i + 3] = alpha;
  }
  return out;
}

/**
 * Divides the colours of premultiplied RGBA samples by their alpha, in place.
 *
 * @param data Samples from 0 to 255, four a pixel.
 */
export function unpremultiply(data: Uint8Array): void {
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3];
    if (alpha === 0 || alpha === 255) continue;
    for (let c = 0; c < 3; c++) {
      data[i + c] = Math.min(255, Math.floor(255 * data[i + c] / alpha));
    }
  }
}
