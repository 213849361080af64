/**
 * A picture's file to its pixels.
 *
 * @module
 */
import { decodeImage, type Image } from "../../src/data.ts";

/** The most bytes that a picture's file may have: far more than one of 50 megapixels has. */
const MOST_BYTES = 256 * 2 ** 20;

/**
 * Why the system refused, in words that do not name the file.
 *
 * @param error What reading threw.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  // "Input/output error (os error 5): open 'face.jpg'"
  return (error instanceof Error ? error.message : String(error)).split(/ \(os error|\n/, 1)[0];
}

/**
 * Reads and decodes a JPEG, PNG or WebP file.
 *
 * @param path The file.
 * @param maxMegapixels The most that it may have, in millions of pixels.
 * @returns Its pixels.
 * @throws {Error} When it cannot be read or decoded; the message does not name the file, so that
 * messages can be counted.
 */
export async function readPicture(path: string, maxMegapixels: number): Promise<Image> {
  return await decodeImage(await readFile(path), { maxMegapixels });
}

async function readFile(path: string): Promise<Uint8Array> {
  try {
    const { isFile, isDirectory, size } = await Deno.stat(path);
    // A pipe would be waited for, and a device has no end.
    if (!isFile) throw new TypeError(isDirectory ? "it is a folder" : "it is no regular file");
    if (size > MOST_BYTES) {
      throw new RangeError(
        `it has ${Math.ceil(size / 2 ** 20).toLocaleString("en-US")} MiB, the limit is ` +
          `${MOST_BYTES / 2 ** 20}`,
      );
    }
    return await Deno.readFile(path);
  } catch (cause) {
    // What is no UTF-8 in a name arrives as U+FFFD, by which no file can be found.
    const reason = cause instanceof Deno.errors.NotFound && path.includes("\ufffd")
      ? "its name is not UTF-8"
      : reasonOf(cause);
    throw new Error(`Cannot read the file: ${reason}`, { cause });
  }
}
