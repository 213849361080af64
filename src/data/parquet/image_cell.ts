/**
 * The image in a cell of a Parquet file.
 *
 * @module
 */
import type { Image } from "../../transforms/transform.ts";
import { quoted } from "../csv_rows.ts";
import { decodeImage } from "../decode.ts";
import { parsePixels, pixelError } from "../pixel_text.ts";

/** What a cell holds. */
export interface ImageCell {
  /** The pixels. */
  readonly image: Image;
  /** Whether it is an encoded picture, of which the face may be a part. */
  readonly isPicture: boolean;
  /** What it is called, where the cell says so. */
  readonly name?: string;
}

/** How a cell is read. */
export interface ImageCellOptions {
  /** What to call the cell in messages, for instance `row 5 of train.parquet`. */
  readonly where: string;
  /** Height and width of images that are a text of grey values, in pixels. */
  readonly size: number;
  /** The most that a picture may have, in millions of pixels. */
  readonly maxMegapixels?: number;
}

const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** A value for a message. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (typeof value === "string") return quoted(value);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (isList(value)) return `a list of ${value.length}`;
  return typeof value === "object" ? quoted(JSON.stringify(value, replaceBig)) : String(value);
}

const replaceBig = (_: string, value: unknown): unknown =>
  typeof value === "bigint" ? String(value) : value;

/** A list of rows of grey values, or of pixels of 1, 3 or 4 channels. */
function fromRows(rows: ArrayLike<unknown>, where: string): Image {
  const height = rows.length;
  const first = rows[0];
  if (!isList(first)) throw new TypeError(`Cannot read ${where}: its image is a list without rows`);
  const width = first.length;
  const channels = isList(first[0]) ? first[0].length : 1;
  if (width === 0 || ![1, 3, 4].includes(channels)) {
    throw new RangeError(
      `Cannot read ${where}: its image has ${height} rows of ${width} pixels of ${channels} channels`,
    );
  }
  const data = new Uint8Array(height * width * channels);
  let at = 0;
  for (let y = 0; y < height; y++) {
    const row = rows[y];
    if (!isList(row) || row.length !== width) {
      throw new RangeError(
        `Cannot read ${where}: row ${y + 1} of its image is ${
          isList(row) ? `of ${row.length} pixels` : shown(row)
        }, expected ${width}`,
      );
    }
    for (let x = 0; x < width; x++) {
      const pixel = row[x];
      const samples = isList(pixel) ? pixel : [pixel];
      for (let c = 0; c < channels; c++) {
        const value = typeof samples[c] === "bigint" ? Number(samples[c]) : samples[c];
        const isSample = typeof value === "number" && Number.isInteger(value) && value >= 0 &&
          value <= 255 && samples.length === channels;
        if (!isSample) {
          throw new RangeError(
            `Cannot read ${where}: pixel ${x + 1} of row ${y + 1} of its image is ${
              shown(isList(pixel) && samples.length !== channels ? pixel : value)
            }, expected a whole number from 0 to 255`,
          );
        }
        data[at++] = value;
      }
    }
  }
  return { data, width, height };
}

/** Grey values with spaces between them, as FER-2013's file has them. */
function fromText(text: string, { where, size }: ImageCellOptions): Image {
  const data = new Uint8Array(size * size);
  const values = text.trim();
  if (!parsePixels(values, new Uint8Array(4 * size * size), data)) {
    throw pixelError(values, size, `Cannot read ${where}`);
  }
  return { data, width: size, height: size };
}

/**
 * Reads an image: the bytes of a picture, an object of its `bytes` and `path`, a list of rows, a flat
 * list of grey values or a text of them.
 *
 * @param cell The cell.
 * @param options How to read it.
 * @returns The image.
 * @throws {TypeError} When there is no image in it, or a damaged one.
 * @throws {RangeError} When a sample is none from 0 to 255, or there are too many or too few.
 * @throws {SyntaxError} When a text is malformed.
 */
export async function readImageCell(cell: unknown, options: ImageCellOptions): Promise<ImageCell> {
  const { where, size, maxMegapixels } = options;
  if (cell instanceof Uint8Array) {
    const image = await decodeImage(cell, { name: where, maxMegapixels });
    return { image, isPicture: true };
  }
  if (typeof cell === "string") return { image: fromText(cell, options), isPicture: false };
  if (isList(cell)) {
    if (cell.length === size * size && !isList(cell[0])) {
      const rows = Array.from(
        { length: size },
        (_, y) => Array.prototype.slice.call(cell, y * size, (y + 1) * size),
      );
      return { image: fromRows(rows, where), isPicture: false };
    }
    return { image: fromRows(cell, where), isPicture: false };
  }
  if (isObject(cell) && "bytes" in cell) {
    const { bytes, path } = cell;
    const name = typeof path === "string" && path !== "" ? path : undefined;
    if (bytes instanceof Uint8Array) return { ...await readImageCell(bytes, options), name };
    const what = name === undefined
      ? "empty"
      : `only a path, ${quoted(name)}; the file has to hold the pictures themselves`;
    throw new TypeError(`Cannot read ${where}: its image is ${what}`);
  }
  throw new TypeError(
    `Cannot read ${where}: its image is ${
      shown(cell)
    }, expected a picture's bytes or a list of rows`,
  );
}
