/**
 * FER-2013 from its CSV file.
 *
 * @module
 */
import { EMOTIONS, IMAGE_SIZE } from "../emotions.ts";
import { type CsvSource, quoted, readCsvRows, sourceName } from "./csv_rows.ts";
import { FerDataset, type Usage, USAGES } from "./dataset.ts";
import { parsePixels, pixelError } from "./pixel_text.ts";

/** How {@linkcode loadFerCsv} reads. */
export interface LoadFerCsvOptions {
  /**
   * Height and width of the images, in pixels.
   * @default {48}
   */
  readonly size?: number;
  /**
   * The split of a file without a `Usage` column.
   * @default {"Training"} with an `emotion` column, `PrivateTest` without
   */
  readonly usage?: Usage;
  /**
   * What to call the file in messages and reports.
   * @default The path or address
   */
  readonly name?: string;
}

const COLUMNS = ["emotion", "pixels", "usage"] as const;
const BLOCK_ROWS = 1024;

/**
 * Loads FER-2013 from its CSV file: plain or gzipped, as UTF-8 or UTF-16, with or without a byte
 * order mark, with LF, CRLF or CR, the columns in any order. It reads every layout in circulation:
 * `fer2013.csv` (`emotion,pixels,Usage`), `icml_face_data.csv` (header names with leading spaces),
 * the challenge's `train.csv` (no `Usage`) and `test.csv` (no `emotion`: the labels are -1), and a
 * pixel a column (`pixel0`, `pixel1` and so on, row by row).
 *
 * Columns of other names are passed over where all three are there. Where one is missing, another
 * name may well be its own, and the file is refused; only row numbers (`id`, `index`, no name) may
 * stand beside.
 *
 * The text is streamed, never held.
 *
 * @param source A path, a `file:` or `https:` URL, or the file's bytes.
 * @param options How to read it.
 * @returns The images in the file's order, with the seven {@linkcode EMOTIONS} as classes.
 * @throws {SyntaxError} When the text is malformed: empty, HTML, an archive, a column missing or
 * unknown, a value that is not a whole number, gzip that is cut off. Messages name file, row (from 1)
 * and value.
 * @throws {RangeError} When a label, pixel, number of pixels or `Usage` is out of range.
 * @throws {Error} When the file cannot be opened.
 *
 * @example
 * ```ts
 * import { loadFerCsv } from "@fer/core/data";
 *
 * const row = `3,${Array(48 * 48).fill(128).join(" ")},Training\n`;
 * const dataset = await loadFerCsv(new Blob([`emotion,pixels,Usage\n${row}`]).stream());
 * console.assert(dataset.length === 1 && dataset.labels[0] === 3);
 * ```
 */
export async function loadFerCsv(
  source: CsvSource,
  options: LoadFerCsvOptions = {},
): Promise<FerDataset> {
  const { size = IMAGE_SIZE, name = sourceName(source) } = options;
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`Cannot read ${name}: size is ${size}, expected a whole number from 1`);
  }
  const area = size * size;
  const scratch = new Uint8Array(area * 4);
  const blocks: Uint8Array[] = [];
  const labels: number[] = [];
  const usages: number[] = [];
  let header: Header | undefined;
  for await (const row of readCsvRows(source, name)) {
    if (!header) {
      header = readHeader(row, area, name);
      continue;
    }
    const index = labels.length;
    const where = (): string => `Cannot read row ${(index + 1).toLocaleString("en-US")} of ${name}`;
    if (row.length !== header.fields) {
      throw new SyntaxError(`${where()}: expected ${header.fields} fields, got ${row.length}`);
    }
    labels.push(header.emotion < 0 ? -1 : parseLabel(row[header.emotion], where));
    usages.push(
      header.usage < 0
        ? USAGES.indexOf(options.usage ?? (header.emotion < 0 ? "PrivateTest" : "Training"))
        : parseUsage(row[header.usage], where),
    );
    const place = index % BLOCK_ROWS;
    if (place === 0) blocks.push(new Uint8Array(BLOCK_ROWS * area));
    const { pixels, lastPixel } = header;
    const text = pixels === lastPixel
      ? row[pixels].trim()
      : row.slice(pixels, lastPixel + 1).map((field) => field.trim()).join(" ");
    const into = blocks[blocks.length - 1].subarray(place * area, (place + 1) * area);
    if (!parsePixels(text, scratch, into)) {
      throw pixelError(text, size, where());
    }
  }
  if (labels.length === 0) {
    const what = header ? "a header but no rows" : "no rows";
    throw new SyntaxError(`Cannot read ${name}: it has ${what}`);
  }
  const pixels = new Uint8Array(labels.length * area);
  blocks.forEach((block, i) => {
    const at = i * BLOCK_ROWS * area;
    pixels.set(block.subarray(0, pixels.length - at), at);
  });
  return new FerDataset({
    pixels,
    labels: Int8Array.from(labels),
    usages: Uint8Array.from(usages),
    classes: EMOTIONS,
    size,
    source: name,
  });
}

/** Where each column is, -1 where there is none; the pixels' last one; and the number of fields. */
interface Header {
  readonly emotion: number;
  readonly pixels: number;
  readonly lastPixel: number;
  readonly usage: number;
  readonly fields: number;
}

/** What the columns are called in files that are not FER-2013's own. */
const OTHER_NAMES: Readonly<Record<"emotion" | "pixels" | "Usage", RegExp>> = {
  emotion: /emo|label|class|target|expression|categor|^y$/i,
  pixels: /pix|image|img|face|data/i,
  Usage: /usage|set|split|subset|partition|part|fold|phase|mode/i,
};

/** Row numbers, as pandas and spreadsheets put them in front. */
const ROW_NUMBERS = /^(?:|unnamed: ?\d+|index|id|#)$/;

/** A pixel a column: the same word, if any, and numbers without a gap. */
const ONE_PIXEL = /^((?:pixels?|px|p|x)?[ _.-]?)(\d+)$/;

function readHeader(row: readonly string[], area: number, name: string): Header {
  const found = row.map((field) => field.trim().toLowerCase());
  const [emotion, one, usage] = COLUMNS.map((column) => found.indexOf(column));
  const line = quoted(row.join(","));
  const twice = COLUMNS.find((column) => found.indexOf(column) !== found.lastIndexOf(column));
  if (twice) {
    throw new SyntaxError(`Cannot read ${name}: two columns "${twice}" in its first line ${line}`);
  }
  const wide = one < 0 ? pixelColumns(found, area) : undefined;
  const [pixels, lastPixel] = wide ?? [one, one];
  const unknown = row.map((field) => field.trim()).filter((field, i) =>
    i !== emotion && i !== usage && !(i >= pixels && i <= lastPixel) &&
    !ROW_NUMBERS.test(field.toLowerCase())
  );
  // The challenge's test.csv has neither emotion nor Usage; Usage alone is a file gone wrong.
  const missing = pixels < 0
    ? "pixels"
    : emotion < 0 && (usage >= 0 || unknown.length > 0)
    ? "emotion"
    : usage < 0 && unknown.length > 0
    ? "Usage"
    : undefined;
  if (missing) {
    throw new SyntaxError(
      `Cannot read ${name}: no column "${missing}" in its first line ${line}` +
        hintOf(missing, unknown, row),
    );
  }
  return { emotion, pixels, lastPixel, usage, fields: row.length };
}

/** The first and the last column of an image that has a column a pixel. */
function pixelColumns(found: readonly string[], area: number): [number, number] | undefined {
  const first = found.findIndex((field) => ONE_PIXEL.test(field));
  if (first < 0 || first + area > found.length) return undefined;
  const [, word, number] = ONE_PIXEL.exec(found[first]) ?? [];
  const isPixel = (i: number): boolean => {
    const [, itsWord, itsNumber] = ONE_PIXEL.exec(found[first + i] ?? "") ?? [];
    return itsWord === word && Number(itsNumber) === Number(number) + i;
  };
  const isWide = Number(number) <= 1 && !isPixel(area) &&
    Array.from({ length: area }, (_, i) => i).every(isPixel);
  return isWide ? [first, first + area - 1] : undefined;
}

/** What may be wrong with a header that lacks a column. */
function hintOf(
  missing: "emotion" | "pixels" | "Usage",
  unknown: readonly string[],
  row: readonly string[],
): string {
  const separator = [";", "\t", "|"].find((each) => row.join(",").split(each).length > 2);
  if (missing === "pixels" && separator) {
    const words: Readonly<Record<string, string>> = { ";": "semicolons", "\t": "tabs" };
    return `: its columns are separated by ${words[separator] ?? "bars"}, expected commas`;
  }
  const likely = unknown.find((field) => OTHER_NAMES[missing].test(field));
  if (likely !== undefined) return `: if ${quoted(likely)} is that, call it "${missing}"`;
  if (missing === "pixels" || unknown.length === 0) return "";
  return `, and ${quoted(unknown[0])} is none that is known: expected emotion, pixels, Usage`;
}

function parseLabel(field: string, where: () => string): number {
  const text = field.trim();
  const last = EMOTIONS.length - 1;
  if (!/^-?\d+$/.test(text)) {
    throw new SyntaxError(
      `${where()}: label is ${quoted(text)}, expected a whole number from 0 to ${last}`,
    );
  }
  const label = Number(text);
  if (label < 0 || label > last) {
    throw new RangeError(`${where()}: label is ${text}, expected 0 to ${last}`);
  }
  return label;
}

const USAGE_CODES: ReadonlyMap<string, number> = new Map(
  USAGES.map((usage, code) => [usage.toLowerCase(), code]),
);

function parseUsage(field: string, where: () => string): number {
  const code = USAGE_CODES.get(field.trim().toLowerCase());
  if (code !== undefined) return code;
  throw new RangeError(
    `${where()}: Usage is ${quoted(field.trim())}, expected ${USAGES.join(", ")}`,
  );
}
