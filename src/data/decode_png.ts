/**
 * PNG to pixels.
 *
 * PNG is exact and its decompression comes with every runtime, so that little is left: rows' filters,
 * interlacing, depths of 1 to 16 bits, and what Pillow's `convert("RGB")` does. It is done here for
 * the sake of what packages do not: interlaced pictures of less than 8 bits, and memory that is
 * bounded by the header's size, whatever the file would grow to.
 *
 * @module
 */
import type { Image } from "../transforms/transform.ts";
import { applyOrientation, readOrientation } from "./exif_orientation.ts";
import { inflate } from "./inflate.ts";
import { pngChunks } from "./png_chunks.ts";

/** How pixels are written. */
interface Layout {
  readonly width: number;
  readonly height: number;
  /** Bits a sample. */
  readonly depth: number;
  /** Samples a pixel in the file. */
  readonly samples: number;
  /** The colour type: 0 grey, 2 RGB, 3 palette, 4 grey and opacity, 6 RGBA. */
  readonly type: number;
}

/** The pixels of one round over the picture. */
interface Pass {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly down: number;
}

/** Samples a pixel and depths, by the colour type (PNG 1.2, section 4.1.1). */
const TYPES: ReadonlyMap<number, readonly [samples: number, depths: readonly number[]]> = new Map([
  [0, [1, [1, 2, 4, 8, 16]]],
  [2, [3, [8, 16]]],
  [3, [1, [1, 2, 4, 8]]],
  [4, [2, [8, 16]]],
  [6, [4, [8, 16]]],
]);

const WHOLE: readonly Pass[] = [{ left: 0, top: 0, right: 1, down: 1 }];

/** Adam7 (PNG 1.2, section 2.6). */
const ADAM7: readonly Pass[] = [
  { left: 0, top: 0, right: 8, down: 8 },
  { left: 4, top: 0, right: 8, down: 8 },
  { left: 0, top: 4, right: 4, down: 8 },
  { left: 2, top: 0, right: 4, down: 4 },
  { left: 0, top: 2, right: 2, down: 4 },
  { left: 1, top: 0, right: 2, down: 2 },
  { left: 0, top: 1, right: 1, down: 2 },
];

/**
 * Decodes a PNG file and turns it the right way up, as its EXIF orientation says.
 *
 * @param bytes The file.
 * @returns Its pixels, `[height, width, 1, 3 or 4]`; grey stays grey, and of grey with opacity and
 * of 16 bits only the grey and the high byte are left.
 * @throws {TypeError} When the file is damaged or cut off.
 */
export async function decodePng(bytes: Uint8Array): Promise<Image> {
  const parts: Uint8Array[] = [];
  let [header, palette, orientation] = [new Uint8Array(), new Uint8Array(), 1];
  for (const { type, data } of pngChunks(bytes)) {
    if (type === "IHDR") header = data as typeof header;
    else if (type === "PLTE") palette = data as typeof palette;
    else if (type === "IDAT") parts.push(data);
    else if (type === "eXIf") orientation = readOrientation(data);
  }
  if (header.length !== 13) throw new TypeError("its header is damaged");
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const [depth, type, compression, filter, interlace] = header.subarray(8);
  const [samples, depths] = TYPES.get(type) ?? [0, []];
  if (!depths.includes(depth) || compression !== 0 || filter !== 0 || interlace > 1) {
    throw new TypeError(`its header is damaged: there is no colour type ${type} of ${depth} bits`);
  }
  if (type === 3 && palette.length === 0) throw new TypeError("it has no palette");
  const layout = { width: view.getUint32(0), height: view.getUint32(4), depth, samples, type };
  const passes = interlace === 0 ? WHOLE : ADAM7;
  const length = passes.reduce((sum, pass) => {
    const { rows, rowBytes } = sizeOf(layout, pass);
    return sum + rows * (1 + rowBytes);
  }, 0);
  const image = place(layout, passes, await inflate(parts, length), palette);
  return applyOrientation(image, orientation);
}

/** How many pixels a pass has in a row, rows, and bytes in a row. */
function sizeOf(
  { width, height, depth, samples }: Layout,
  { left, top, right, down }: Pass,
): { columns: number; rows: number; rowBytes: number } {
  const columns = Math.ceil(Math.max(width - left, 0) / right);
  const rows = columns > 0 ? Math.ceil(Math.max(height - top, 0) / down) : 0;
  return { columns, rows, rowBytes: Math.ceil(columns * samples * depth / 8) };
}

/** Undoes the filters and puts each sample where it belongs. */
function place(
  layout: Layout,
  passes: readonly Pass[],
  data: Uint8Array,
  palette: Uint8Array,
): Image {
  const { width, height, depth, samples, type } = layout;
  const channels = type === 3 ? 3 : samples === 2 ? 1 : samples;
  const out = new Uint8Array(width * height * channels);
  const step = Math.max(1, samples * depth / 8);
  const [mask, scale] = [2 ** depth - 1, 255 / (2 ** depth - 1)];
  const bytesOf = Math.max(1, depth / 8);
  let at = 0;
  for (const pass of passes) {
    const { columns, rows, rowBytes } = sizeOf(layout, pass);
    let above = new Uint8Array(rowBytes);
    for (let row = 0; row < rows; row++) {
      const line = data.subarray(at + 1, at + 1 + rowBytes) as typeof above;
      unfilter(data[at], line, above, step);
      at += 1 + rowBytes;
      above = line;
      let to = ((pass.top + row * pass.down) * width + pass.left) * channels;
      for (let column = 0; column < columns; column++, to += pass.right * channels) {
        if (depth >= 8) {
          const from = column * samples * bytesOf;
          if (type !== 3) {
            for (let c = 0; c < channels; c++) out[to + c] = line[from + c * bytesOf];
          } else {
            for (let c = 0; c < 3; c++) out[to + c] = palette[3 * line[from] + c] ?? 0;
          }
        } else {
          // The first pixel is in the highest bits.
          const bit = column * depth;
          const sample = (line[bit >> 3] >> (8 - depth - (bit & 7))) & mask;
          if (type !== 3) out[to] = sample * scale;
          else for (let c = 0; c < 3; c++) out[to + c] = palette[3 * sample + c] ?? 0;
        }
      }
    }
  }
  return { data: out, width, height };
}

/** Undoes a row's filter in place (PNG 1.2, section 6). */
function unfilter(filter: number, line: Uint8Array, above: Uint8Array, step: number): void {
  const { length } = line;
  if (filter === 1) {
    for (let i = step; i < length; i++) line[i] += line[i - step];
  } else if (filter === 2) {
    for (let i = 0; i < length; i++) line[i] += above[i];
  } else if (filter === 3) {
    for (let i = 0; i < length; i++) {
      line[i] += ((i < step ? 0 : line[i - step]) + above[i]) >> 1;
    }
  } else if (filter === 4) {
    for (let i = 0; i < length; i++) {
      line[i] += i < step ? above[i] : paeth(line[i - step], above[i], above[i - step]);
    }
  } else if (filter !== 0) {
    throw new TypeError(`it has a row with filter ${filter}, and there is none`);
  }
}

/** Which of the neighbours is nearest to left + above - corner. */
function paeth(left: number, above: number, corner: number): number {
  const estimate = left + above - corner;
  const [toLeft, toAbove] = [Math.abs(estimate - left), Math.abs(estimate - above)];
  const toCorner = Math.abs(estimate - corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
