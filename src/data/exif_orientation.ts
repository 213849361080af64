/**
 * EXIF's orientation: which way up a picture was taken, and how to turn it.
 *
 * @module
 */
import { channelsOf, type Image } from "../transforms/transform.ts";

/** Of the tag, in the first directory of a TIFF structure (EXIF 2.32, section 4.6.4). */
const ORIENTATION = 0x0112;
const SHORT = 3;
const LONG = 4;

/**
 * Reads the orientation out of EXIF data, as the chunks `eXIf` of PNG and `EXIF` of WebP hold it.
 *
 * @param bytes A TIFF structure, with or without `Exif\0\0` before it.
 * @returns 1 to 8; 1 where it is not told, or damaged.
 */
export function readOrientation(bytes: Uint8Array): number {
  const start = String.fromCharCode(...bytes.subarray(0, 6)) === "Exif\0\0" ? 6 : 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, bytes.byteLength - start);
  if (view.byteLength < 8) return 1;
  const order = view.getUint16(0);
  const little = order === 0x4949;
  if ((!little && order !== 0x4d4d) || view.getUint16(2, little) !== 42) return 1;
  const directory = view.getUint32(4, little);
  if (directory + 2 > view.byteLength) return 1;
  const entries = view.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + 12 * i;
    if (at + 12 > view.byteLength) return 1;
    if (view.getUint16(at, little) !== ORIENTATION) continue;
    const type = view.getUint16(at + 2, little);
    const value = type === SHORT
      ? view.getUint16(at + 8, little)
      : type === LONG
      ? view.getUint32(at + 8, little)
      : 1;
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/**
 * Turns a picture the right way up.
 *
 * @param image The picture as it was taken.
 * @param orientation EXIF's orientation, 1 to 8.
 * @returns The picture as it is to be seen; the same one where nothing is to be done.
 */
export function applyOrientation(image: Image, orientation: number): Image {
  if (orientation === 1) return image;
  const channels = channelsOf(image);
  const { data } = image;
  const isTransposed = orientation >= 5;
  const [width, height] = isTransposed ? [image.height, image.width] : [image.width, image.height];
  // From which end the picture's columns and rows are read.
  const isFlipped = [2, 3, 7, 8].includes(orientation);
  const isUpsideDown = [3, 4, 6, 7].includes(orientation);
  const out = new Uint8Array(data.length);
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [column, row] = isTransposed ? [y, x] : [x, y];
      const fromX = isFlipped ? image.width - 1 - column : column;
      const fromY = isUpsideDown ? image.height - 1 - row : row;
      const from = (fromY * image.width + fromX) * channels;
      for (let c = 0; c < channels; c++) out[to++] = data[from + c];
    }
  }
  return { data: out, width, height };
}
