/**
 * FER-2013 from Parquet files.
 *
 * @module
 */
import { EMOTIONS, IMAGE_SIZE } from "../emotions.ts";
import { Grayscale } from "../transforms/grayscale.ts";
import { resize } from "../transforms/resize.ts";
import type { Image } from "../transforms/transform.ts";
import { alikeKey } from "./alike.ts";
import { classNameOf, orderClasses } from "./class_names.ts";
import { FerDataset, type Usage, USAGES } from "./dataset.ts";
import { classLabelNames } from "./parquet/class_label.ts";
import { findParquetFiles } from "./parquet/files.ts";
import { readImageCell, shown } from "./parquet/image_cell.ts";
import { openParquet } from "./parquet/open.ts";
import { toPath } from "./path.ts";
import { usageOf, usageOfPath } from "./split_names.ts";

/** How {@linkcode loadFerParquet} reads. */
export interface LoadFerParquetOptions {
  /**
   * Height and width that every image is resized to, in pixels.
   * @default {48}
   */
  readonly size?: number;
  /**
   * The split of files that neither a column nor their names tell one of.
   * @default {"Training"} with labels, `PrivateTest` without
   */
  readonly usage?: Usage;
  /**
   * The most that a picture may have, in millions of pixels.
   * @default {50}
   */
  readonly maxMegapixels?: number;
  /**
   * Makes of each picture what is then turned grey and resized, for instance with `frameFace()`. It is
   * asked for one picture at a time, in their order, and not for images that are lists or texts.
   *
   * @param image The picture.
   * @param name Its row and file.
   * @returns What to take in its place.
   * @default the picture itself
   */
  readonly frame?: (image: Image, name: string) => Image | Promise<Image>;
  /**
   * What to call the data set in messages and reports.
   * @default The path or address
   */
  readonly name?: string;
}

/** What the columns are called, the likeliest first. */
const COLUMNS = {
  image: ["image", "img", "img_bytes", "image_bytes", "pixels"],
  label: ["label", "labels", "emotion", "emotions", "class"],
  split: ["split", "usage"],
} as const;

/** Labels are held as signed bytes. */
const MAX_CLASSES = 127;
/** Classes of a data set in the order in which they were first heard of. */
class ClassTable {
  readonly #ids = new Map<string, number>();
  readonly #names: string[] = [];
  /** Whether a file has said what its labels are called. */
  isNamed = false;

  /** The place of a class, by any of its names. */
  idOf(name: string): number {
    const className = classNameOf(name);
    const key = alikeKey(className);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    this.#ids.set(key, this.#names.length);
    return this.#names.push(className) - 1;
  }

  /** The classes in the data set's order, and where each place is in it. */
  ordered(): { classes: readonly string[]; places: readonly number[] } {
    const isAll = this.#names.every((name) => (EMOTIONS as readonly string[]).includes(name));
    const classes = isAll || !this.isNamed ? orderClasses(this.#names) : this.#names;
    return { classes, places: this.#names.map((name) => classes.indexOf(name)) };
  }
}

/** The rows that were read so far. */
interface Rows {
  readonly pixels: Uint8Array[];
  readonly labels: number[];
  readonly usages: number[];
  readonly names: Array<string | undefined>;
  readonly classes: ClassTable;
}

/** A file to read. */
interface ParquetFile {
  readonly source: string | URL | Uint8Array;
  /** What to call it in messages. */
  readonly name: string;
  /** The split that its name tells. */
  readonly usage: Usage | undefined;
}

type Column = keyof typeof COLUMNS;

/** The columns of a file that are read, by what they are. */
function chooseColumns(
  found: readonly string[],
  name: string,
): Readonly<Partial<Record<Column, string>>> & { readonly image: string } {
  const choose = (column: Column): string | undefined => {
    for (const wanted of COLUMNS[column]) {
      const match = found.find((each) => each.trim().toLowerCase() === wanted);
      if (match !== undefined) return match;
    }
    return undefined;
  };
  const image = choose("image");
  if (image === undefined) {
    throw new SyntaxError(
      `Cannot read ${name}: no column "image" among its columns ${
        found.map((each) => JSON.stringify(each)).join(", ")
      }`,
    );
  }
  return { image, label: choose("label"), split: choose("split") };
}

/** Reads the labels of a file. */
function labelReader(
  names: readonly string[] | undefined,
  classes: ClassTable,
): (cell: unknown, where: string) => number {
  const all = names ?? EMOTIONS;
  const ids = names?.map((name) => classes.idOf(name));
  const ofNumber = (label: number, where: string): number => {
    if (label === -1) return -1;
    if (!(Number.isInteger(label) && label >= 0 && label < all.length)) {
      throw new RangeError(
        `Cannot read ${where}: its label is ${label}, expected 0 to ${all.length - 1}`,
      );
    }
    return ids ? ids[label] : classes.idOf(EMOTIONS[label]);
  };
  return (cell, where) => {
    const value = cell instanceof Uint8Array ? new TextDecoder().decode(cell) : cell;
    if (typeof value === "bigint" || typeof value === "number") {
      return ofNumber(Number(value), where);
    }
    if (typeof value === "string" && value.trim() !== "") {
      return /^\s*-?\d+\s*$/.test(value) ? ofNumber(Number(value), where) : classes.idOf(value);
    }
    throw new TypeError(
      `Cannot read ${where}: its label is ${shown(value)}, expected a class's number or name`,
    );
  };
}

function readUsage(cell: unknown, names: readonly string[] | undefined, where: string): Usage {
  const value = typeof cell === "bigint" || typeof cell === "number"
    ? names?.[Number(cell)] ?? cell
    : cell;
  const usage = typeof value === "string" ? usageOf(value) : undefined;
  if (usage !== undefined) return usage;
  throw new RangeError(
    `Cannot read ${where}: its split is ${shown(value)}, expected train, validation, test or ` +
      USAGES.join(", "),
  );
}

/** Reads a file, a group of rows at a time, and adds its rows. */
async function readFile(
  { source, name, usage: named }: ParquetFile,
  options: LoadFerParquetOptions & { readonly size: number },
  rows: Rows,
): Promise<void> {
  const { size, maxMegapixels, frame } = options;
  const [{ parquetMetadataAsync, parquetReadObjects, parquetSchema }, { compressors }] =
    await Promise.all([import("hyparquet"), import("hyparquet-compressors")]);
  const file = await openParquet(source, name);
  /** Runs what the library does, whose complaints are about bytes. */
  const parsed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message.split("\n", 1)[0] : String(cause);
      throw new SyntaxError(
        `Cannot read ${what}: it is damaged, or of a kind that is not read (${reason})`,
        { cause },
      );
    }
  };
  try {
    const metadata = await parsed(name, () => parquetMetadataAsync(file));
    const found = await parsed(
      name,
      () => Promise.resolve(parquetSchema(metadata).children.map(({ element }) => element.name)),
    );
    const columns = chooseColumns(found, name);
    const keys = metadata.key_value_metadata ?? [];
    const names = columns.label === undefined ? undefined : classLabelNames(keys, columns.label);
    const splitNames = columns.split === undefined
      ? undefined
      : classLabelNames(keys, columns.split);
    rows.classes.isNamed ||= names !== undefined;
    const labelOf = labelReader(names, rows.classes);
    const usual = named ?? options.usage ??
      (columns.label === undefined ? "PrivateTest" : "Training");
    const grayscale = new Grayscale();
    const wanted = Object.values(columns).filter((column) => column !== undefined);
    let from = 0;
    for (const group of metadata.row_groups) {
      const end = from + Number(group.num_rows);
      const span = `rows ${(from + 1).toLocaleString("en-US")} to ${end.toLocaleString("en-US")}`;
      const objects = await parsed(`${span} of ${name}`, () =>
        parquetReadObjects({
          ...{ file, metadata, compressors, columns: wanted },
          ...{ rowStart: from, rowEnd: end, utf8: false, useOffsetIndex: false },
        }));
      if (objects.length !== end - from) {
        throw new SyntaxError(
          `Cannot read ${span} of ${name}: there are ${objects.length.toLocaleString("en-US")}`,
        );
      }
      for (const [i, object] of objects.entries()) {
        const where = `row ${(from + i + 1).toLocaleString("en-US")} of ${name}`;
        const usage = columns.split === undefined
          ? usual
          : readUsage(object[columns.split], splitNames, where);
        const label = columns.label === undefined ? -1 : labelOf(object[columns.label], where);
        if (label < 0 && columns.label !== undefined && usage !== "PrivateTest") {
          throw new RangeError(`Cannot read ${where}: its label is -1, none, in ${usage}`);
        }
        const cell = await readImageCell(object[columns.image], { where, size, maxMegapixels });
        const image = frame && cell.isPicture ? await frame(cell.image, where) : cell.image;
        rows.pixels.push(resize(grayscale.apply(image), size, size).data as Uint8Array);
        rows.labels.push(label);
        rows.usages.push(USAGES.indexOf(usage));
        rows.names.push(cell.name);
      }
      from = end;
    }
  } finally {
    file.close();
  }
}

/** The files of a source, split by split. */
async function filesOf(source: string | URL | Uint8Array, name: string): Promise<ParquetFile[]> {
  if (source instanceof Uint8Array) return [{ source, name, usage: undefined }];
  if (/^https?:/i.test(`${source}`)) {
    const url = new URL(source);
    return [{ source: url, name, usage: usageOfPath(url.pathname.replace(/.*\//, "")) }];
  }
  const path = toPath(source).replace(/(?<=.)[/\\]+$/, "");
  const isFolder = await Deno.stat(path).then((info) => info.isDirectory, () => false);
  if (!isFolder) return [{ source: path, name, usage: usageOfPath(path.replace(/.*[/\\]/, "")) }];
  const found = await findParquetFiles(path);
  if (found.length === 0) {
    throw new TypeError(`Cannot load ${name}: there is no Parquet file in it`);
  }
  const files = found.map((below): ParquetFile => ({
    source: `${path}/${below}`,
    name: `${name}/${below}`,
    usage: usageOfPath(below),
  }));
  const place = ({ usage }: ParquetFile) => usage === undefined ? 0 : USAGES.indexOf(usage);
  return files.sort((a, b) => place(a) - place(b));
}

/**
 * Loads faces from Parquet files, as Hugging Face's data sets have FER-2013: a column `image` of
 * pictures (PNG, JPEG or WebP, as bytes or as `{bytes, path}`) or of lists of rows, and a column
 * `label`, `labels` or `emotion`. What pandas makes of `fer2013.csv` (`emotion`, `pixels`, `Usage`)
 * is read too.
 *
 * Labels are numbers or names. What numbers mean is what the file's own metadata says, else the seven
 * {@linkcode EMOTIONS} in their order. If all classes are among the seven, by whatever names
 * (`anger`, `happiness`), they are the seven; others keep the file's order.
 *
 * The split is that of the column `split` or `usage`, else the one in the file's name
 * (`train-00000-of-00001.parquet`) or in the names of the folders that it is in: `train` is
 * `Training`, `validation` is `PublicTest`, `test` is `PrivateTest`. In `PrivateTest`, a label may be
 * -1, none.
 *
 * One group of rows is in memory at a time. Snappy, gzip, zstd, Brotli and LZ4 are unpacked. Pictures
 * of any size and colour are turned grey and resized as Pillow does it (`convert("L")`, bilinear).
 *
 * @param source A file, or a folder with files in it or in its folders; a path, a `file:` or `https:`
 * URL, or the bytes of one file.
 * @param options How to read it.
 * @returns The images in their order, file by file, those of one split together.
 * @throws {SyntaxError} When a file is no Parquet, damaged, encrypted, or has no column of images or
 * no rows.
 * @throws {TypeError} When a cell holds no image or no label; messages name file, row (from 1) and
 * value.
 * @throws {RangeError} When a label, a split or a pixel is out of range, or a picture too large.
 * @throws {Error} When a file cannot be opened.
 *
 * @example
 * ```ts
 * import { loadFerParquet } from "@fer/core/data";
 *
 * const dataset = await loadFerParquet("tests/data/parquet/fer");
 * console.assert(dataset.length === 21 && dataset.classes[3] === "happy");
 * ```
 */
export async function loadFerParquet(
  source: string | URL | Uint8Array,
  options: LoadFerParquetOptions = {},
): Promise<FerDataset> {
  const {
    size = IMAGE_SIZE,
    name = source instanceof Uint8Array
      ? "the bytes"
      : /^https?:/i.test(`${source}`)
      ? `${source}`
      : toPath(source).replace(/(?<=.)[/\\]+$/, ""),
  } = options;
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`Cannot load ${name}: size is ${size}, expected a whole number from 1`);
  }
  const rows: Rows = { pixels: [], labels: [], usages: [], names: [], classes: new ClassTable() };
  for (const file of await filesOf(source, name)) await readFile(file, { ...options, size }, rows);
  const { length } = rows.labels;
  if (length === 0) throw new SyntaxError(`Cannot read ${name}: it has no rows`);
  const { classes, places } = rows.classes.ordered();
  if (classes.length > MAX_CLASSES) {
    throw new RangeError(
      `Cannot load ${name}: it has ${classes.length} classes, the limit is ${MAX_CLASSES}`,
    );
  }
  const pixels = new Uint8Array(length * size * size);
  rows.pixels.forEach((image, i) => pixels.set(image, i * size * size));
  const names = rows.names.filter((each) => each !== undefined);
  return new FerDataset({
    pixels,
    labels: Int8Array.from(rows.labels, (label) => label < 0 ? -1 : places[label]),
    usages: Uint8Array.from(rows.usages),
    classes: classes.length > 0 ? classes : EMOTIONS,
    size,
    source: name,
    ...(names.length === length && { names }),
  });
}
