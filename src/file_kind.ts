/**
 * What a file is, whatever its name says.
 *
 * @module
 */

/** What people give by mistake: what it is called, and what to do with it. */
export interface FileKind {
  /** With its article, for instance `a zip archive`. */
  readonly name: string;
  /** What it is, in one word, where there is more to do than to save it otherwise. */
  readonly group: "archive" | "image" | "text" | "other";
}

type Kind = readonly [
  signature: string,
  group: FileKind["group"],
  name: string,
  offset?: number,
];

/** Signatures, a byte a character. */
const KINDS: readonly Kind[] = [
  ["PK\x03\x04", "archive", "a zip archive"],
  ["PK\x05\x06", "archive", "a zip archive"],
  ["ustar", "archive", "a tar archive", 257],
  ["\x1f\x8b", "archive", "gzip"],
  ["\x1f\x9d", "archive", "packed by compress (.Z)"],
  ["\xfd7zXZ\x00", "archive", "packed by xz"],
  ["BZh", "archive", "packed by bzip2"],
  ["7z\xbc\xaf\x27\x1c", "archive", "a 7z archive"],
  ["Rar!\x1a\x07", "archive", "a rar archive"],
  ["\x28\xb5\x2f\xfd", "archive", "packed by zstd"],
  ["\x04\x22\x4d\x18", "archive", "packed by lz4"],
  ["LZIP", "archive", "packed by lzip"],
  ["\xff\xd8\xff", "image", "JPEG"],
  ["\x89PNG", "image", "PNG"],
  ["GIF8", "image", "GIF"],
  ["WEBP", "image", "WebP", 8],
  ["ftypavif", "image", "AVIF", 4],
  ["ftypavis", "image", "AVIF", 4],
  ["ftypheic", "image", "HEIC", 4],
  ["ftypheix", "image", "HEIC", 4],
  ["ftyphevc", "image", "HEIC", 4],
  ["ftypheim", "image", "HEIC", 4],
  ["ftypmif1", "image", "HEIF", 4],
  ["ftypmsf1", "image", "HEIF", 4],
  ["ftyp", "other", "a video (MP4)", 4],
  ["\x1aE\xdf\xa3", "other", "a video (Matroska or WebM)"],
  ["AVI ", "other", "a video (AVI)", 8],
  ["II*\x00", "image", "TIFF"],
  ["MM\x00*", "image", "TIFF"],
  ["II+\x00", "image", "TIFF"],
  ["MM\x00+", "image", "TIFF"],
  ["\x00\x00\x00\x0cJXL ", "image", "JPEG XL"],
  ["\xff\x0a", "image", "JPEG XL"],
  ["\x00\x00\x00\x0cjP  ", "image", "JPEG 2000"],
  ["\xff\x4f\xff\x51", "image", "JPEG 2000"],
  ["8BPS", "image", "a Photoshop file"],
  ["\x00\x00\x01\x00", "image", "an icon (ICO)"],
  ["qoif", "image", "QOI"],
  ["%PDF", "other", "a PDF"],
  ["%!PS", "other", "PostScript"],
  ["\x89HDF\r\n\x1a\n", "other", "HDF5"],
  ["\x93NUMPY", "other", "a NumPy array"],
  ["PAR1", "other", "Parquet"],
  ["ARROW1", "other", "Arrow"],
  ["SQLite format 3\x00", "other", "an SQLite database"],
  ["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "other", "an old Office file (.xls)"],
  ["TFL3", "other", "a TensorFlow Lite model", 4],
  ["version https://git-lfs", "other", "a Git LFS pointer"],
];

function hasAt(bytes: Uint8Array, signature: string, offset: number): boolean {
  if (bytes.length < offset + signature.length) return false;
  for (let i = 0; i < signature.length; i++) {
    if (bytes[offset + i] !== signature.charCodeAt(i)) return false;
  }
  return true;
}

/** How many of a file's bytes {@linkcode fileKind} looks at. */
export const KIND_BYTES = 512;

/**
 * Tells what a file is by what it begins with.
 *
 * @param head Its first bytes, {@linkcode KIND_BYTES} of them if there are as many.
 * @returns What it is; undefined when it is nothing known.
 */
export function fileKind(head: Uint8Array): FileKind | undefined {
  for (const [signature, group, name, offset = 0] of KINDS) {
    if (hasAt(head, signature, offset)) return { name, group };
  }
  // Two letters alone would be too little.
  if (hasAt(head, "BM", 0) && head.length >= 18 && head[15] + head[16] + head[17] === 0) {
    return { name: "BMP", group: "image" };
  }
  const text = new TextDecoder().decode(head.subarray(0, 200)).trimStart();
  if (/^(?:<\?xml[^>]*>\s*)?(?:<!--[^]*?-->\s*)?<svg/i.test(text)) {
    return { name: "SVG", group: "image" };
  }
  if (text.startsWith("<")) return { name: "a web page (HTML)", group: "text" };
  if (/^[{[]\s*["{[\d\]}]/.test(text)) return { name: "JSON", group: "text" };
  return undefined;
}
