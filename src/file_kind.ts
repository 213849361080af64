/**
 * What a file is, whatever its name says.
 *
 * @module
 */

/** What may be done with a file, where there is more to say than its name. */
export type FileGroup =
  | "readable picture"
  | "picture"
  | "video"
  | "archive"
  | "web page"
  | "pointer"
  | "data URL"
  | "other";

/** What people give by mistake. */
export interface FileKind {
  /** With its article, for instance `a zip archive`. */
  readonly name: string;
  /** What may be done with it. */
  readonly group: FileGroup;
}

type Mark = readonly [signature: string, name: string, offset?: number];

/** Signatures, a byte a character. */
const MARKS: Readonly<Partial<Record<FileGroup, readonly Mark[]>>> = {
  archive: [
    ["PK\x03\x04", "a zip archive"],
    ["PK\x05\x06", "a zip archive"],
    ["ustar", "a tar archive", 257],
    ["\x1f\x8b", "packed by gzip"],
    ["\x1f\x9d", "packed by compress (.Z)"],
    ["\xfd7zXZ\0", "packed by xz"],
    ["BZh", "packed by bzip2"],
    ["7z\xbc\xaf\x27\x1c", "a 7z archive"],
    ["Rar!", "a rar archive"],
    ["\x28\xb5\x2f\xfd", "packed by zstd"],
    ["\x04\x22\x4d\x18", "packed by lz4"],
    ["LZIP", "packed by lzip"],
  ],
  picture: [
    ["\0\0\0\x04CgBI", "a PNG in Apple's own form (CgBI)", 8],
    ["GIF87a", "a GIF"],
    ["GIF89a", "a GIF"],
    ["II*\0", "a TIFF, or a camera's raw file"],
    ["MM\0*", "a TIFF, or a camera's raw file"],
    ["II+\0", "a BigTIFF"],
    ["MM\0+", "a BigTIFF"],
    ["IIRO", "a camera's raw file"],
    ["IIU\0", "a camera's raw file"],
    ["FUJIFILMCCD-RAW", "a camera's raw file"],
    ["II\xbc\x01", "a JPEG XR"],
    ["\xff\x0a", "a JPEG XL"],
    ["\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL"],
    ["\0\0\0\x0cjP  ", "a JPEG 2000"],
    ["\xff\x4f\xff\x51", "a JPEG 2000"],
    ["\0\0\x01\0", "an icon (ICO)"],
    ["\0\0\x02\0", "a cursor (CUR)"],
    ["icns", "an icon (ICNS)"],
    ["8BPS", "a Photoshop file"],
    ["gimp xcf", "a GIMP file"],
    ["v/1\x01", "an OpenEXR"],
    ["#?RADIANCE", "a Radiance HDR"],
    ["qoif", "a QOI"],
    ["DDS ", "a DirectDraw surface"],
    ["DICM", "a DICOM file", 128],
    ["%!PS", "a PostScript file"],
    ["\xc5\xd0\xd3\xc6", "a PostScript file (EPS)"],
    ["%PDF-", "a PDF"],
  ],
  video: [
    ["\x8aMNG\r\n", "an MNG animation"],
    ["\x1a\x45\xdf\xa3", "a WebM or Matroska video"],
    ["\0\0\x01\xba", "an MPEG video"],
    ["\0\0\x01\xb3", "an MPEG video"],
    ["FLV\x01", "a Flash video"],
    ["\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media video"],
  ],
  "readable picture": [
    ["\xff\xd8\xff", "a JPEG"],
    ["\x89PNG", "a PNG"],
  ],
  pointer: [["version https://git-lfs", "a Git LFS pointer"]],
  other: [
    ["\x89HDF\r\n\x1a\n", "HDF5"],
    ["\x93NUMPY", "a NumPy array"],
    ["PAR1", "Parquet"],
    ["ARROW1", "Arrow"],
    ["SQLite format 3\0", "an SQLite database"],
    ["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file (.xls)"],
    ["TFL3", "a TensorFlow Lite model", 4],
  ],
};

/** What RIFF holds. */
const RIFF: Readonly<Record<string, FileKind>> = {
  WEBP: { name: "a WebP", group: "readable picture" },
  "AVI ": { name: "an AVI video", group: "video" },
  WAVE: { name: "a sound file (WAV)", group: "other" },
};

/** The brands of ISO's media files (ISO/IEC 14496-12, 23008-12, AV1's and Canon's own). */
const BRANDS: ReadonlyArray<readonly [brand: RegExp, name: string]> = [
  [/^avi[fso]$/, "an AVIF"],
  [/^(?:hei[csmx]|he(?:im|is)|hev[cmsx])$/, "a HEIC"],
  [/^crx $/, "a camera's raw file (CR3)"],
  [/^(?:mif[12]|msf1|miaf|jpeg|jpgs)$/, "a HEIF"],
];

/** What is written at the beginning of a text. */
const TEXTS: ReadonlyArray<readonly [beginning: RegExp, name: string, group: FileGroup]> = [
  [
    /^(?:<\?xml[^]*?\?>\s*)?(?:<!--[^]*?-->\s*)*(?:<!doctype\s+svg\b[^>]*>?\s*)?<svg\b/i,
    "an SVG",
    "picture",
  ],
  [
    /^(?:<!--[^]*?-->\s*)*<(?:!doctype\s+html\b|html\b|head\b|body\b|script\b|title\b|meta\b)/i,
    "a web page",
    "web page",
  ],
  [/^<(?:[?!]|[a-z])/i, "XML", "other"],
  [/^[{[]\s*["{[\d}\]]/, "JSON", "other"],
  [/^data:image\//i, "a data: URL", "data URL"],
  [/^P[1-7][\s#]/, "a PNM (PBM, PGM, PPM or PAM)", "picture"],
];

/** How many of a file's bytes {@linkcode fileKind} looks at. */
export const KIND_BYTES = 1024;

/** A file in ISO's media format, by its brands. */
function mediaKind(start: string): FileKind | undefined {
  if (start.slice(4, 8) !== "ftyp") return undefined;
  const length = start.charCodeAt(2) * 256 + start.charCodeAt(3);
  const [major = "", ...others] = start.slice(8, Math.max(length, 12)).match(/[^]{4}/g) ?? [];
  // The second of all is the minor version.
  for (const brand of [major, ...others.slice(1)]) {
    const name = BRANDS.find(([pattern]) => pattern.test(brand))?.[1];
    // What is HEIF in general may say later which it is.
    if (name !== undefined && name !== "a HEIF") return { name, group: "picture" };
  }
  return BRANDS.some(([pattern]) => pattern.test(major))
    ? { name: "a HEIF", group: "picture" }
    : { name: "an MP4 or QuickTime video", group: "video" };
}

/** BMP has but two letters; what else is in its header has to fit. */
function isBmp(bytes: Uint8Array): boolean {
  if (bytes.length < 18 || bytes[0] !== 0x42 || bytes[1] !== 0x4d) return false;
  return [12, 16, 40, 52, 56, 64, 108, 124].includes(bytes[14]) && bytes[15] === 0;
}

/** A text, without a byte order mark and leading spaces; nothing where it is none. */
function textOf(start: Uint8Array): string {
  const isWide = start.length > 3 && (start[0] ^ start[1]) === 1 && start[0] >= 0xfe;
  const encoding = !isWide ? "utf-8" : start[0] === 0xfe ? "utf-16be" : "utf-16le";
  return new TextDecoder(encoding).decode(start).trimStart();
}

/**
 * Tells what a file is by what it begins with.
 *
 * @param bytes The file, or its first bytes, {@linkcode KIND_BYTES} of them if there are as many.
 * @returns What it is; undefined when it is nothing known.
 */
export function fileKind(bytes: Uint8Array): FileKind | undefined {
  const head = bytes.subarray(0, KIND_BYTES);
  const start = String.fromCharCode(...head);
  for (const [group, marks] of Object.entries(MARKS)) {
    const mark = marks.find(([letters, , at = 0]) => start.startsWith(letters, at));
    if (mark) return { name: mark[1], group: group as FileGroup };
  }
  const riff = start.startsWith("RIFF") ? RIFF[start.slice(8, 12)] : undefined;
  const kind = riff ?? mediaKind(start);
  if (kind) return kind;
  if (isBmp(head)) return { name: "a BMP", group: "picture" };
  const text = textOf(head);
  const found = TEXTS.find(([beginning]) => beginning.test(text));
  return found && { name: found[1], group: found[2] };
}
