/**
 * A part of a picture, shrunk or grown to fit a square without being distorted.
 *
 * @module
 */
import { channelsOf, type Image } from "../transforms/transform.ts";
import type { Box } from "./face.ts";

/** How places in a square relate to places in the picture: picture = square * scale + offset. */
export interface Letterbox {
  /** Pixels of the picture a unit of the square, whose side is 1. */
  readonly side: number;
  /** The square's left edge in the picture. */
  readonly left: number;
  /** The square's upper edge in the picture. */
  readonly top: number;
}

/** Which samples of a row each output is the mean of, and how much the outermost two count. */
interface Reach {
  readonly first: Int32Array;
  readonly last: Int32Array;
  readonly firstShare: Float64Array;
  readonly lastShare: Float64Array;
}

/**
 * Each output is the mean over a stretch of the row, at least one sample long: an area average when
 * it shrinks, and in between two samples, as they are a sample apart, linear interpolation.
 */
function reachOf(from: number, length: number, outputs: number, limit: number): Reach {
  const step = length / outputs;
  const width = Math.max(step, 1);
  const reach = {
    first: new Int32Array(outputs),
    last: new Int32Array(outputs),
    firstShare: new Float64Array(outputs),
    lastShare: new Float64Array(outputs),
  };
  for (let i = 0; i < outputs; i++) {
    const middle = from + (i + 0.5) * step;
    const start = Math.min(Math.max(middle - width / 2, 0), limit - 1e-9);
    const end = Math.min(Math.max(middle + width / 2, start + 1e-9), limit);
    const first = Math.floor(start);
    const last = Math.min(Math.ceil(end) - 1, limit - 1);
    const total = end - start;
    reach.first[i] = first;
    reach.last[i] = last;
    reach.firstShare[i] = (Math.min(end, first + 1) - start) / total;
    reach.lastShare[i] = last > first ? (end - last) / total : 0;
  }
  return reach;
}

/** Where a part of a picture goes: RGBA pixels of a larger drawing. */
export interface Canvas {
  /** The drawing's pixels. */
  readonly out: Uint8Array;
  /** Pixels of its rows. */
  readonly row: number;
  /** Where the part's left edge comes to lie. */
  readonly left: number;
  /** Where its upper edge comes to lie. */
  readonly top: number;
  /** How wide it becomes. */
  readonly width: number;
  /** How high it becomes. */
  readonly height: number;
}

/**
 * Draws a part of a picture, smaller or larger.
 *
 * @param image The picture: grey, RGB or RGBA; opacity is ignored.
 * @param part Which part of it, inside of it.
 * @param canvas Where it goes.
 */
export function draw(image: Image, part: Box, canvas: Canvas): void {
  const channels = channelsOf(image);
  const { out, width, height } = canvas;
  const across = reachOf(part.x, part.width, width, image.width);
  const down = reachOf(part.y, part.height, height, image.height);
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
  const { data } = image;
  const columns = across.last[width - 1] - across.first[0] + 1;
  const start = across.first[0];
  // Rows are summed before columns: each sample is looked at once or twice.
  const sums = new Float64Array(columns * channels);
  for (let y = 0; y < height; y++) {
    const [first, last] = [down.first[y], down.last[y]];
    const inner = last > first
      ? (1 - down.firstShare[y] - down.lastShare[y]) / (last - first - 1)
      : 0;
    const [above, below] = [down.firstShare[y], down.lastShare[y]];
    const stride = image.width * channels;
    const at = first * stride + start * channels;
    // Most pictures shrink by less than a half: the two or three rows of an output in one go.
    if (last === first) {
      for (let i = 0; i < sums.length; i++) sums[i] = above * data[at + i];
    } else if (last === first + 1) {
      const second = at + stride;
      for (let i = 0; i < sums.length; i++) {
        sums[i] = above * data[at + i] + below * data[second + i];
      }
    } else if (last === first + 2) {
      const [second, third] = [at + stride, at + 2 * stride];
      for (let i = 0; i < sums.length; i++) {
        sums[i] = above * data[at + i] + inner * data[second + i] + below * data[third + i];
      }
    } else {
      for (let i = 0; i < sums.length; i++) sums[i] = above * data[at + i];
      for (let row = first + 1, next = at + stride; row <= last; row++, next += stride) {
        const share = row === last ? below : inner;
        for (let i = 0; i < sums.length; i++) sums[i] += share * data[next + i];
      }
    }
    let to = ((canvas.top + y) * canvas.row + canvas.left) * 4;
    for (let x = 0; x < width; x++, to += 4) {
      const [first, last] = [across.first[x] - start, across.last[x] - start];
      const [one, two] = [across.firstShare[x], across.lastShare[x]];
      const share = last - first > 1 ? (1 - one - two) / (last - first - 1) : 0;
      let from = first * channels;
      let r = one * sums[from], g = one * sums[from + green], b = one * sums[from + blue];
      for (let i = first + 1; i < last; i++) {
        from = i * channels;
        r += share * sums[from];
        g += share * sums[from + green];
        b += share * sums[from + blue];
      }
      if (last > first) {
        from = last * channels;
        r += two * sums[from];
        g += two * sums[from + green];
        b += two * sums[from + blue];
      }
      out[to] = r + 0.5;
      out[to + 1] = g + 0.5;
      out[to + 2] = b + 0.5;
      out[to + 3] = 255;
    }
  }
}

/**
 * Draws a part of a picture into the middle of a black square.
 *
 * @param image The picture: grey, RGB or RGBA; opacity is ignored.
 * @param part Which part of it, inside of it.
 * @param size Height and width of the square, in pixels.
 * @param out Where the square goes, RGBA, `[size, size, 4]`; all zeros before.
 * @returns How places in the square relate to places in the picture.
 */
export function letterbox(image: Image, part: Box, size: number, out: Uint8Array): Letterbox {
  const side = Math.max(part.width, part.height);
  const width = Math.max(1, Math.round(size * part.width / side));
  const height = Math.max(1, Math.round(size * part.height / side));
  const [left, top] = [Math.floor((size - width) / 2), Math.floor((size - height) / 2)];
  draw(image, part, { out, row: size, left, top, width, height });
  const scale = side / size;
  return { side, left: part.x - left * scale, top: part.y - top * scale };
}
