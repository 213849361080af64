/**
 * Affine maps of images as Pillow's `Image.transform`, after its `Geometry.c`.
 *
 * @module
 */
import type { Interpolation } from "./arguments.ts";
import { premultiply, unpremultiply } from "./premultiply.ts";
import type { Image } from "./transform.ts";

/**
 * Where the pixel `(x, y)` that comes out is taken from: `(a x + b y + c, d x + e y + f)`, both
 * measured at pixels' centres.
 */
export type AffineMatrix = readonly [
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
];

/**
 * Maps an image.
 *
 * @param image The image; not changed.
 * @param channels Its channels.
 * @param matrix From places in the result to places in the image.
 * @param outHeight Rows that come out.
 * @param outWidth Pixels a row that come out.
 * @param interpolation How values between pixels are found.
 * @param fill One level a channel, for what lies outside the image.
 * @returns A new image.
 */
export function mapAffine(
  image: Image,
  channels: number,
  matrix: AffineMatrix,
  outHeight: number,
  outWidth: number,
  interpolation: Interpolation,
  fill: readonly number[],
): Image {
  const data = new Uint8Array(outHeight * outWidth * channels);
  const blend = channels === 4 && interpolation === "bilinear";
  if (fill.every((level) => level === fill[0])) {
    if (fill[0] !== 0) data.fill(fill[0]);
  } else {
    for (let i = 0; i < data.length; i++) data[i] = fill[i % channels];
  }
  const result: Image = { data, width: outWidth, height: outHeight };
  if (blend) {
    const source = { data: premultiply(image.data), width: image.width, height: image.height };
    bilinear(source, channels, matrix, data, outHeight, outWidth);
    unpremultiply(data);
  } else if (interpolation === "bilinear") {
    bilinear(image, channels, matrix, data, outHeight, outWidth);
  } else if (isAxisAligned(matrix) || !fitsFixed(matrix, outHeight, outWidth)) {
    nearestFloat(image, channels, matrix, data, outHeight, outWidth);
  } else {
    nearestFixed(image, channels, matrix, data, outHeight, outWidth);
  }
  return result;
}

function isAxisAligned(matrix: AffineMatrix): boolean {
  return matrix[1] === 0 && matrix[3] === 0;
}

/** Whether every place fits a signed 16.16 fixed-point number. */
function fitsFixed([a, b, c, d, e, f]: AffineMatrix, height: number, width: number): boolean {
  for (const y of [0, height]) {
    for (const x of [0, width]) {
      if (Math.abs(x * a + y * b + c) >= 32768 || Math.abs(x * d + y * e + f) >= 32768) {
        return false;
      }
    }
  }
  return true;
}

/** Nearest pixels, by sums of 16.16 fixed-point numbers. */
function nearestFixed(
  image: Image,
  channels: number,
  [a, b, c, d, e, f]: AffineMatrix,
  out: Uint8Array,
  outHeight: number,
  outWidth: number,
): void {
  const source = image.data;
  const width = image.width;
  const height = image.height;
  const fix = (value: number) => Math.floor(value * 65536 + 0.5) | 0;
  const [stepX, stepY] = [fix(a), fix(d)];
  const [rowX, rowY] = [fix(b), fix(e)];
  let startX = fix(c + a * 0.5 + b * 0.5);
  let startY = fix(f + d * 0.5 + e * 0.5);
  let o = 0;
  for (let y = 0; y < outHeight; y++) {
    let atX = startX;
    let atY = startY;
    if (channels === 1) {
      for (let x = 0; x < outWidth; x++) {
        const inX = atX >> 16;
        const inY = atY >> 16;
        if (inX >= 0 && inX < width && inY >= 0 && inY < height) {
          out[o] = source[Math.imul(inY, width) + inX];
        }
        o++;
        atX = (atX + stepX) | 0;
        atY = (atY + stepY) | 0;
      }
    } else {
      for (let x = 0; x < outWidth; x++) {
        const inX = atX >> 16;
        const inY = atY >> 16;
        if (inX >= 0 && inX < width && inY >= 0 && inY < height) {
          const i = (inY * width + inX) * channels;
          for (let c = 0; c < channels; c++) out[o + c] = source[i + c];
        }
        o += channels;
        atX = (atX + stepX) | 0;
        atY = (atY + stepY) | 0;
      }
    }
    startX = (startX + rowX) | 0;
    startY = (startY + rowY) | 0;
  }
}

/** Nearest pixels, by sums of floating-point numbers: for scaling alone and for huge images. */
function nearestFloat(
  image: Image,
  channels: number,
  [a, b, c, d, e, f]: AffineMatrix,
  out: Uint8Array,
  outHeight: number,
  outWidth: number,
): void {
  let startX = c + b * 0.5 + a * 0.5;
  let startY = f + e * 0.5 + d * 0.5;
  let o = 0;
  for (let y = 0; y < outHeight; y++) {
    let atX = startX;
    let atY = startY;
    for (let x = 0; x < outWidth; x++) {
      if (atX >= 0 && atY >= 0 && atX < image.width && atY < image.height) {
        const i = (Math.trunc(atY) * image.width + Math.trunc(atX)) * channels;
        for (let c = 0; c < channels; c++) out[o + c] = image.data[i + c];
      }
      o += channels;
      atX += a;
      atY += d;
    }
    startX += b;
    startY += e;
  }
}

/** The four pixels around each place, mixed in double precision and cut to a byte. */
function bilinear(
  image: Image,
  channels: number,
  [a, b, c, d, e, f]: AffineMatrix,
  out: Uint8Array,
  outHeight: number,
  outWidth: number,
): void {
  const source = image.data;
  const width = image.width;
  const height = image.height;
  const stride = width * channels;
  let o = 0;
  for (let y = 0; y < outHeight; y++) {
    // Pillow adds in this order, and so rounds like this.
    const rowX = b * (y + 0.5);
    const rowY = e * (y + 0.5);
    for (let x = 0; x < outWidth; x++, o += channels) {
      const placeX = a * (x + 0.5) + rowX + c;
      const placeY = d * (x + 0.5) + rowY + f;
      if (!(placeX >= 0 && placeX < width && placeY >= 0 && placeY < height)) continue;
      const middleX = placeX - 0.5;
      const middleY = placeY - 0.5;
      const fromX = middleX < 0 ? -1 : middleX | 0;
      const fromY = middleY < 0 ? -1 : middleY | 0;
      const partX = middleX - fromX;
      const partY = middleY - fromY;
      const left = fromX < 0 ? 0 : fromX * channels;
      const right = fromX + 1 < width ? (fromX + 1) * channels : left;
      const upper = fromY < 0 ? 0 : fromY * stride;
      const lower = fromY + 1 < height ? (fromY + 1) * stride : upper;
      for (let c = 0; c < channels; c++) {
        const start = source[upper + left + c];
        const above = start + (source[upper + right + c] - start) * partX;
        const next = source[lower + left + c];
        const below = next + (source[lower + right + c] - next) * partX;
        out[o + c] = above + (below - above) * partY;
      }
    }
  }
}
