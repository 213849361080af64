/// <reference lib="dom" />
/**
 * Pictures and videos that people open, drop or paste.
 *
 * @module
 */

/** The longest side of a picture that is kept, in pixels. */
const LONGEST = 2048;

/** What a file turned out to be. */
export type Opened =
  | { readonly kind: "picture"; readonly name: string; readonly bitmap: ImageBitmap }
  | { readonly kind: "video"; readonly name: string; readonly url: string };

/** Thrown when a file is neither picture nor video; the message is for people. */
export class FileError extends Error {
  /** The class's name. */
  override readonly name = "FileError";
}

async function decode(file: Blob): Promise<ImageBitmap> {
  const bitmap = await createImageBitmap(file);
  const scale = LONGEST / Math.max(bitmap.width, bitmap.height);
  if (scale >= 1) return bitmap;
  const smaller = await createImageBitmap(bitmap, {
    resizeWidth: Math.max(1, Math.round(bitmap.width * scale)),
    resizeHeight: Math.max(1, Math.round(bitmap.height * scale)),
    resizeQuality: "high",
  });
  bitmap.close();
  return smaller;
}

/**
 * Opens a file.
 *
 * @param file The file.
 * @returns A picture, decoded; or a video's address, to be revoked when done.
 * @throws {FileError} When it is none, or one that this browser cannot read.
 */
export async function openFile(file: File): Promise<Opened> {
  const name = file.name || "The pasted picture";
  if (file.type.startsWith("video/")) {
    return { kind: "video", name, url: URL.createObjectURL(file) };
  }
  try {
    return { kind: "picture", name, bitmap: await decode(file) };
  } catch (cause) {
    const type = file.type ? ` (${file.type})` : "";
    throw new FileError(
      `Cannot open ${name}${type}: this browser cannot read it as a picture or video. ` +
        "Convert it to JPEG, PNG or WebP, or a video to MP4, and open that.",
      { cause },
    );
  }
}
