/**
 * Mirror images, as `torchvision.transforms.functional.hflip` and `vflip`.
 *
 * @module
 */
import { channelsOf, type Image } from "./transform.ts";

/**
 * Mirrors an image left to right.
 *
 * @param image The image; not changed.
 * @returns A new image.
 * @throws {TypeError} When it is not an image of bytes.
 *
 * @example
 * ```ts
 * import { hflip } from "@fer/core/transforms";
 *
 * const mirrored = hflip({ data: Uint8Array.of(1, 2, 3), width: 3, height: 1 });
 * console.assert(mirrored.data.join() === "3,2,1");
 * ```
 */
export function hflip(image: Image): Image {
  const channels = channelsOf(image);
  const { data: source, width, height } = image;
  const data = new Uint8Array(source.length);
  if (channels === 1) {
    for (let y = 0, o = 0; y < height; y++) {
      for (let i = (y + 1) * width - 1, start = y * width; i >= start; i--) data[o++] = source[i];
    }
  } else {
    for (let y = 0, o = 0; y < height; y++) {
      for (let x = width - 1; x >= 0; x--) {
        const i = (y * width + x) * channels;
        for (let c = 0; c < channels; c++) data[o++] = source[i + c];
      }
    }
  }
  return { data, width, height };
}

/**
 * Mirrors an image top to bottom.
 *
 * @param image The image; not changed.
 * @returns A new image.
 * @throws {TypeError} When it is not an image of bytes.
 */
export function vflip(image: Image): Image {
  const length = image.width * channelsOf(image);
  const { data: source, width, height } = image;
  const data = new Uint8Array(source.length);
  for (let y = 0; y < height; y++) {
    data.set(source.subarray(y * length, (y + 1) * length), (height - 1 - y) * length);
  }
  return { data, width, height };
}
