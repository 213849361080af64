/**
 * Faces from folders of images.
 *
 * @module
 */
import { IMAGE_SIZE } from "../emotions.ts";
import { isNotFolder, isNotFound, notFound, reasonOf } from "../files/errors.ts";
import { fileSystem } from "../files/file_system.ts";
import { readSource } from "../files/source.ts";
import { Grayscale } from "../transforms/grayscale.ts";
import { resize } from "../transforms/resize.ts";
import type { Image } from "../transforms/transform.ts";
import { FerDataset, type Usage, USAGES } from "./dataset.ts";
import { decodeImage } from "./decode.ts";
import { alikeKey } from "./alike.ts";
import { classNameOf, orderClasses } from "./class_names.ts";
import { otherKind } from "./file_kind.ts";
import { toPath } from "./path.ts";
import { isPictureName } from "./picture_files.ts";
import { usageOf } from "./split_names.ts";
import { isSystemName } from "./system_files.ts";

/** How {@linkcode loadImageFolder} reads. */
export interface LoadImageFolderOptions {
  /**
   * Height and width that every image is resized to, in pixels.
   * @default {48}
   */
  readonly size?: number;
  /**
   * The most that an image may have, in millions of pixels.
   * @default {50}
   */
  readonly maxMegapixels?: number;
  /**
   * Makes of each picture what is then turned grey and resized, for instance with `frameFace()`. It is
   * asked for one picture at a time, in their order.
   *
   * @param image The picture.
   * @param path Its file.
   * @returns What to take in its place.
   * @default the picture itself
   */
  readonly frame?: (image: Image, path: string) => Image | Promise<Image>;
}

const IMAGE = /\.(?:jpe?g|png)$/i;
const FILES_AHEAD = 16;
/** Labels are held as signed bytes. */
const MAX_CLASSES = 127;

/** One image to load. */
interface Entry {
  readonly path: string;
  readonly label: number;
  readonly usage: Usage;
}

/** One folder of a class. */
interface ClassFolder {
  readonly path: string;
  readonly className: string;
  readonly usage: Usage;
}

/**
 * Loads JPEG, PNG and WebP images from folders, one a class: `train|validation|test/<class>/*.jpg` as on
 * Kaggle, or `<class>/*.jpg` alone. The folders may be written in any case, `val` and `anger`
 * (and the like) are understood.
 *
 * The split is what the file's name begins with (`Training_`, `PublicTest_`, `PrivateTest_`), else
 * its folder's: `train` is `Training`, `validation` is `PublicTest`, `test` is `PrivateTest`, and
 * without such folders all is `Training`. If all classes are among the seven, they are the seven
 * {@linkcode EMOTIONS}; else they are the folders, in alphabetical order. Names that look alike, in
 * another Unicode form, case or with other spaces, are one class. What systems leave behind
 * (`Thumbs.db`, `@eaDir`, `$RECYCLE.BIN`, `lost+found` and the like) is passed over.
 *
 * Images of any size and colour are turned grey and resized as Pillow does it (`convert("L")`,
 * bilinear). Their order depends on their names alone.
 *
 * @param dir The folder, as a path or a `file:` URL.
 * @param options The size and the limit of the images.
 * @returns The images, split by split, class by class, sorted by name.
 * @throws {TypeError} When a file is not an image, damaged, of no class or a link that leads
 * nowhere; the message names it.
 * @throws {RangeError} When a class has no image, or an image no pixels or too many.
 * @throws {Error} When the folder cannot be read.
 */
export async function loadImageFolder(
  dir: string | URL,
  options: LoadImageFolderOptions = {},
): Promise<FerDataset> {
  const { size = IMAGE_SIZE, maxMegapixels, frame = (image: Image) => image } = options;
  const root = toPath(dir).replace(/(?<=.)[/\\]+$/, "");
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`Cannot load ${root}: size is ${size}, expected a whole number from 1`);
  }
  const folders = await findClassFolders(root);
  const classes = orderClasses(folders.map((folder) => folder.className));
  if (classes.length > MAX_CLASSES) {
    throw new RangeError(
      `Cannot load ${root}: it has ${classes.length} classes, the limit is ${MAX_CLASSES}`,
    );
  }
  const entries: Entry[] = [];
  for (const folder of folders) {
    const label = classes.findIndex((name) => isSame(name, folder.className));
    entries.push(...await listImages(folder, label));
  }
  entries.sort((a, b) =>
    USAGES.indexOf(a.usage) - USAGES.indexOf(b.usage) || a.label - b.label ||
    (a.path < b.path ? -1 : 1)
  );
  const area = size * size;
  const pixels = new Uint8Array(entries.length * area);
  const grayscale = new Grayscale();
  let index = 0;
  for await (const [path, bytes] of readAhead(entries)) {
    const image = await decodeImage(bytes, { name: path, maxMegapixels });
    const framed = await frame(image, path);
    pixels.set(resize(grayscale.apply(framed), size, size).data, index++ * area);
  }
  return new FerDataset({
    pixels,
    labels: Int8Array.from(entries, (entry) => entry.label),
    usages: Uint8Array.from(entries, (entry) => USAGES.indexOf(entry.usage)),
    classes,
    size,
    source: root,
    names: entries.map(({ path }) => path.slice(root.length).replace(/^\//, "")),
  });
}

/** The folders of classes, in the folders of splits if there are any. */
async function findClassFolders(root: string): Promise<ClassFolder[]> {
  const folders = await foldersOf(root);
  if (!folders.some(usageOf)) {
    return folders.map((name) => ({
      path: `${root}/${name}`,
      className: classNameOf(name),
      usage: "Training",
    }));
  }
  const found: ClassFolder[] = [];
  for (const split of folders) {
    const usage = usageOf(split);
    const path = `${root}/${split}`;
    if (!usage) {
      throw new TypeError(
        `Cannot load ${path}: beside train and test folders it is none, expected validation`,
      );
    }
    for (const name of await foldersOf(path)) {
      found.push({ path: `${path}/${name}`, className: classNameOf(name), usage });
    }
  }
  return found;
}

/** The folders in a folder that has no images beside them, which would be of no class. */
async function foldersOf(path: string): Promise<string[]> {
  const { files, folders } = await list(path);
  if (folders.length === 0) {
    throw new TypeError(`Cannot load ${path}: expected a folder for each class, found none`);
  }
  const stray = files.find((name) => IMAGE.test(name));
  if (stray !== undefined) {
    throw new TypeError(
      `Cannot load ${path}/${stray}: it lies beside the folders of classes and is of none`,
    );
  }
  return folders;
}

async function listImages(folder: ClassFolder, label: number): Promise<Entry[]> {
  const { files, folders } = await list(folder.path);
  if (folders.length > 0) {
    throw new TypeError(
      `Cannot load ${folder.path}/${folders[0]}: expected images in a class's folder, got a folder`,
    );
  }
  if (files.length === 0) {
    throw new RangeError(`Cannot load ${folder.path}: there is no image in it`);
  }
  const wrong = files.find((name) => !isPictureName(name));
  if (wrong !== undefined) {
    const path = `${folder.path}/${wrong}`;
    const what = otherKind(await (await fileSystem()).readFile(path));
    throw new TypeError(
      `Cannot load ${path}: ${what ?? "expected a .jpg, .jpeg, .png or .webp file"}`,
    );
  }
  return files.map((name) => {
    const path = `${folder.path}/${name}`;
    const prefix = name.split("_", 1)[0].toLowerCase();
    const usage = USAGES.find((each) => each.toLowerCase() === prefix) ?? folder.usage;
    return { path, label, usage };
  });
}

/** What a folder holds, sorted, without what systems leave behind. */
async function list(path: string): Promise<{ files: string[]; folders: string[] }> {
  const files: string[] = [];
  const folders: string[] = [];
  try {
    const { readdir } = await fileSystem();
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const { name } = entry;
      if (isSystemName(name)) continue;
      const isFolder = entry.isSymbolicLink()
        ? await leadsToFolder(`${path}/${name}`)
        : entry.isDirectory();
      (isFolder ? folders : files).push(name);
    }
  } catch (cause) {
    if (isNotFound(cause)) throw notFound(`Cannot load ${path}: there is no such folder`, cause);
    if (isNotFolder(cause)) {
      throw new TypeError(`Cannot load ${path}: it is not a folder`, { cause });
    }
    throw cause;
  }
  return { files: files.sort(), folders: folders.sort() };
}

async function leadsToFolder(link: string): Promise<boolean> {
  try {
    return (await (await fileSystem()).stat(link)).isDirectory();
  } catch (cause) {
    throw new TypeError(`Cannot load ${link}: it is a link that leads nowhere`, { cause });
  }
}

function isSame(a: string, b: string): boolean {
  return alikeKey(a) === alikeKey(b);
}

/** Yields the files' bytes in order, while the next ones are being read. */
async function* readAhead(
  entries: readonly Entry[],
): AsyncGenerator<[string, Uint8Array], void, undefined> {
  const pending: Promise<Uint8Array>[] = [];
  for (let i = 0, next = 0; i < entries.length; i++) {
    for (; next < Math.min(entries.length, i + FILES_AHEAD); next++) {
      const bytes = readFile(entries[next].path);
      // Whoever waits for it hears of the failure; until then it is not unhandled.
      bytes.catch(() => {});
      pending.push(bytes);
    }
    const bytes = pending.shift();
    if (bytes) yield [entries[i].path, await bytes];
  }
}

async function readFile(path: string): Promise<Uint8Array> {
  try {
    return await readSource(path);
  } catch (cause) {
    // What is no UTF-8 in a name arrives as U+FFFD, by which no file can be found.
    const reason = isNotFound(cause)
      ? path.includes("\ufffd") ? "its name is not UTF-8" : "there is no such file any more"
      : reasonOf(cause);
    throw new Error(`Cannot load ${path}: ${reason}`, { cause });
  }
}
