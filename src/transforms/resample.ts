/**
 * Resizing as Pillow's `Image.resize`: `Resample.c` for bilinear, `Geometry.c` for nearest.
 *
 * Bilinear takes two passes, rows first, each rounded to bytes. Its weights are fixed-point
 * numbers of 22 bits; when an image shrinks, a pixel is the weighted mean of all that it covers.
 *
 * @module
 */
import type { Image } from "./transform.ts";
import { premultiply, unpremultiply } from "./premultiply.ts";

/** Fraction bits of the weights, Pillow's PRECISION_BITS. */
const BITS = 22;
const HALF = 1 << (BITS - 1);

/** The weights that turn one row of `input` samples into one of `output`. */
interface Weights {
  /** Weights a sample: 2 when nothing shrinks. */
  readonly taps: number;
  /** The first input sample that each output sample takes, `[output]`. */
  readonly starts: Int32Array;
  /** Fixed-point weights, `[output, taps]`; those that reach past the row are 0. */
  readonly values: Int32Array;
}

/** Weights by input and output length: a crop of random size asks for few different ones. */
const cache = new Map<number, Weights>();
const CACHED = 512;

function weightsOf(input: number, output: number): Weights {
  const key = input * 65_536 + output;
  let weights = cache.get(key);
  if (weights === undefined) {
    weights = computeWeights(input, output);
    if (cache.size >= CACHED) cache.clear();
    cache.set(key, weights);
  }
  return weights;
}

function computeWeights(input: number, output: number): Weights {
  const scale = input / output;
  const support = Math.max(scale, 1);
  const inverse = 1 / support;
  const rows: number[][] = [];
  const first: number[] = [];
  for (let at = 0; at < output; at++) {
    const center = (at + 0.5) * scale;
    const start = Math.max(Math.trunc(center - support + 0.5), 0);
    const end = Math.min(Math.trunc(center + support + 0.5), input);
    const row: number[] = [];
    let sum = 0;
    for (let x = start; x < end; x++) {
      const weight = Math.max(1 - Math.abs((x - center + 0.5) * inverse), 0);
      row.push(weight);
      sum += weight;
    }
    rows.push(row.map((weight) => Math.trunc(0.5 + weight / sum * (1 << BITS))));
    first.push(start);
  }
  // Rows are of one length, and of two at least, so that the loops below need no bounds: at the
  // right end a row starts earlier, with weights of 0 in front.
  const taps = Math.min(Math.max(2, ...rows.map((row) => row.length)), input);
  const starts = new Int32Array(output);
  const values = new Int32Array(output * taps);
  for (let at = 0; at < output; at++) {
    const start = Math.min(first[at], input - taps);
    starts[at] = start;
    values.set(rows[at], at * taps + first[at] - start);
  }
  return { taps, starts, values };
}

/** What the first pass writes and the second reads; kept to spare an allocation an image. */
let scratch = new Uint8Array(0);

/**
 * Crops a rectangle that lies inside an image and resizes it to another size.
 *
 * @param image The image; not changed.
 * @param channels Its channels.
 * @param top Rows above the rectangle.
 * @param left Pixels left of it.
 * @param height Its rows.
 * @param width Its pixels a row.
 * @param outHeight Rows that come out.
 * @param outWidth Pixels a row that come out.
 * @returns A new image.
 */
export function resampleBilinear(
  image: Image,
  channels: number,
  top: number,
  left: number,
  height: number,
  width: number,
  outHeight: number,
  outWidth: number,
): Image {
  const source = channels === 4 ? premultiply(image.data) : image.data;
  const data = new Uint8Array(outHeight * outWidth * channels);
  const stride = image.width * channels;
  const offset = top * stride + left * channels;
  const rowLength = outWidth * channels;
  const across = outWidth !== width;
  const down = outHeight !== height;
  if (across && down) {
    if (scratch.length < height * rowLength) scratch = new Uint8Array(height * rowLength);
    horizontal(source, offset, stride, scratch, height, channels, weightsOf(width, outWidth));
    vertical(scratch, 0, rowLength, data, rowLength, weightsOf(height, outHeight));
  } else if (across) {
    horizontal(source, offset, stride, data, height, channels, weightsOf(width, outWidth));
  } else {
    vertical(source, offset, stride, data, rowLength, weightsOf(height, outHeight));
  }
  if (channels === 4) unpremultiply(data);
  return { data, width: outWidth, height: outHeight };
}

/** Resizes each row. */
function horizontal(
  source: Uint8Array | Uint8ClampedArray,
  offset: number,
  stride: number,
  out: Uint8Array,
  rows: number,
  channels: number,
  weights: Weights,
): void {
  const { taps, starts, values } = weights;
  const width = starts.length;
  let o = 0;
  if (channels === 1 && taps === 2) {
    for (let y = 0; y < rows; y++) {
      const row = offset + y * stride;
      for (let x = 0, k = 0; x < width; x++, k += 2) {
        const i = row + starts[x];
        out[o++] = (HALF + Math.imul(source[i], values[k]) +
          Math.imul(source[i + 1], values[k + 1])) >> BITS;
      }
    }
    return;
  }
  for (let y = 0; y < rows; y++) {
    const row = offset + y * stride;
    for (let x = 0; x < width; x++) {
      const start = row + starts[x] * channels;
      for (let c = 0; c < channels; c++) {
        let sum = HALF;
        for (let t = 0, i = start + c, k = x * taps; t < taps; t++, i += channels, k++) {
          sum += Math.imul(source[i], values[k]);
        }
        sum >>= BITS;
        out[o++] = sum > 255 ? 255 : sum;
      }
    }
  }
}

/** Resizes each column; channels make no difference here. */
function vertical(
  source: Uint8Array | Uint8ClampedArray,
  offset: number,
  stride: number,
  out: Uint8Array,
  rowLength: number,
  weights: Weights,
): void {
  const { taps, starts, values } = weights;
  const rows = starts.length;
  let o = 0;
  for (let y = 0; y < rows; y++) {
    const row = offset + starts[y] * stride;
    if (taps === 2) {
      const upper = values[2 * y];
      const lower = values[2 * y + 1];
      for (let i = row, end = row + rowLength; i < end; i++) {
        out[o++] = (HALF + Math.imul(source[i], upper) + Math.imul(source[i + stride], lower)) >>
          BITS;
      }
      continue;
    }
    for (let x = 0; x < rowLength; x++) {
      let sum = HALF;
      for (let t = 0, i = row + x, k = y * taps; t < taps; t++, i += stride, k++) {
        sum += Math.imul(source[i], values[k]);
      }
      sum >>= BITS;
      out[o++] = sum > 255 ? 255 : sum;
    }
  }
}

/**
 * Crops a rectangle that lies inside an image and resizes it by taking the nearest pixels.
 *
 * @param image The image; not changed.
 * @param channels Its channels.
 * @param top Rows above the rectangle.
 * @param left Pixels left of it.
 * @param height Its rows.
 * @param width Its pixels a row.
 * @param outHeight Rows that come out.
 * @param outWidth Pixels a row that come out.
 * @returns A new image.
 */
export function resampleNearest(
  image: Image,
  channels: number,
  top: number,
  left: number,
  height: number,
  width: number,
  outHeight: number,
  outWidth: number,
): Image {
  const source = image.data;
  const data = new Uint8Array(outHeight * outWidth * channels);
  const columns = nearestPlaces(width, outWidth);
  const rows = nearestPlaces(height, outHeight);
  let o = 0;
  for (let y = 0; y < outHeight; y++) {
    const row = (top + rows[y]) * image.width + left;
    for (let x = 0; x < outWidth; x++) {
      const i = (row + columns[x]) * channels;
      for (let c = 0; c < channels; c++) data[o++] = source[i + c];
    }
  }
  return { data, width: outWidth, height: outHeight };
}

/** The input place of each output place, added up step by step: Pillow's sums round alike. */
function nearestPlaces(input: number, output: number): Int32Array {
  const places = new Int32Array(output);
  const step = input / output;
  let at = step * 0.5;
  for (let i = 0; i < output; i++) {
    places[i] = Math.min(Math.trunc(at), input - 1);
    at += step;
  }
  return places;
}
