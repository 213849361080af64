/**
 * Which files are pictures, by their names.
 *
 * @module
 */

/** Endings of the names of files that {@linkcode decodeImage} decodes. */
const DECODED = /\.(?:jpe?g|jpe|jfif|png|webp)$/i;

/** Endings of the names of pictures that it does not. */
const NOT_DECODED =
  /\.(heic|heif|avif|tiff?|gif|bmp|jxl|jp2|ico|svg|psd|dng|cr2|cr3|nef|arw|raf|orf|rw2)$/i;

/**
 * Whether a file's name is that of a JPEG, PNG or WebP file.
 *
 * @param name The name, or a path.
 */
export function isPictureName(name: string): boolean {
  return DECODED.test(name);
}

/**
 * The ending of a picture's name that is not decoded.
 *
 * @param name The name, or a path.
 * @returns For instance `.heic`, in lower case; `undefined` for what is decoded or no picture.
 */
export function otherPictureEnding(name: string): string | undefined {
  return NOT_DECODED.exec(name)?.[0].toLowerCase();
}
