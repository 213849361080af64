/**
 * What a file is that is no picture to decode, so that a message can call it by its name.
 *
 * @module
 */

const CONVERT = "convert it to JPEG, PNG or WebP first";
const FRAME = "take a picture out of it first, as JPEG, PNG or WebP";

/** A kind of file that is not decoded. */
interface Kind {
  /** What it is, with its article. */
  readonly name: string;
  /** What to do about it. */
  readonly advice: string;
}

const picture = (name: string): Kind => ({ name, advice: CONVERT });
const video = (name: string): Kind => ({ name, advice: FRAME });

/** What the letters at a file's beginning, or at a place in it, say. */
const MARKS: ReadonlyArray<readonly [letters: string, kind: Kind, at?: number]> = [
  ["GIF87a", picture("a GIF")],
  ["GIF89a", picture("a GIF")],
  ["II*\0", picture("a TIFF, or a camera's raw file")],
  ["MM\0*", picture("a TIFF, or a camera's raw file")],
  ["II+\0", picture("a BigTIFF")],
  ["MM\0+", picture("a BigTIFF")],
  ["IIRO", picture("a camera's raw file")],
  ["IIU\0", picture("a camera's raw file")],
  ["FUJIFILMCCD-RAW", picture("a camera's raw file")],
  ["II\xbc\x01", picture("a JPEG XR")],
  ["\xff\x0a", picture("a JPEG XL")],
  ["\0\0\0\x0cJXL \r\n\x87\n", picture("a JPEG XL")],
  ["\0\0\0\x0cjP  ", picture("a JPEG 2000")],
  ["\xff\x4f\xff\x51", picture("a JPEG 2000")],
  ["\0\0\x01\0", picture("an icon (ICO)")],
  ["\0\0\x02\0", picture("a cursor (CUR)")],
  ["icns", picture("an icon (ICNS)")],
  ["8BPS", picture("a Photoshop file")],
  ["gimp xcf", picture("a GIMP file")],
  ["v/1\x01", picture("an OpenEXR")],
  ["#?RADIANCE", picture("a Radiance HDR")],
  ["qoif", picture("a QOI")],
  ["DDS ", picture("a DirectDraw surface")],
  ["DICM", picture("a DICOM file"), 128],
  ["\0\0\0\x04CgBI", picture("a PNG in Apple's own form (CgBI)"), 8],
  ["\x8aMNG\r\n", video("an MNG animation")],
  ["%!PS", picture("a PostScript file")],
  ["\xc5\xd0\xd3\xc6", picture("a PostScript file (EPS)")],
  ["\x1a\x45\xdf\xa3", video("a WebM or Matroska video")],
  ["\0\0\x01\xba", video("an MPEG video")],
  ["\0\0\x01\xb3", video("an MPEG video")],
  ["FLV\x01", video("a Flash video")],
  ["\x30\x26\xb2\x75\x8e\x66\xcf\x11", video("a Windows Media video")],
  ["PK\x03\x04", { name: "a ZIP archive", advice: "unpack it first" }],
  ["PK\x05\x06", { name: "a ZIP archive", advice: "unpack it first" }],
  ["\x1f\x8b", { name: "compressed with gzip", advice: "unpack it first" }],
  ["Rar!", { name: "a RAR archive", advice: "unpack it first" }],
  ["7z\xbc\xaf\x27\x1c", { name: "a 7z archive", advice: "unpack it first" }],
  ["BZh", { name: "compressed with bzip2", advice: "unpack it first" }],
  ["\xfd7zXZ\0", { name: "compressed with xz", advice: "unpack it first" }],
  ["\x28\xb5\x2f\xfd", { name: "compressed with zstd", advice: "unpack it first" }],
];

/** The brands of ISO's media files (ISO/IEC 14496-12, 23008-12, AV1's and Canon's own). */
const BRANDS: ReadonlyArray<readonly [brand: RegExp, kind: Kind]> = [
  [/^avi[fso]$/, picture("an AVIF")],
  [/^(?:hei[csmx]|he(?:im|is)|hev[cmsx])$/, picture("a HEIC")],
  [/^crx $/, picture("a camera's raw file (CR3)")],
  [/^(?:mif[12]|msf1|miaf|jpeg|jpgs)$/, picture("a HEIF")],
];

/** What is written at the beginning of a text. */
const TEXTS: ReadonlyArray<readonly [beginning: RegExp, kind: Kind]> = [
  [/^version https:\/\/git-lfs/, {
    name: "a Git LFS pointer",
    advice: "fetch the file itself with git lfs pull",
  }],
  [
    /^(?:<\?xml[^]*?\?>\s*)?(?:<!--[^]*?-->\s*)*(?:<!doctype\s+svg\b[^>]*>?\s*)?<svg\b/i,
    picture("an SVG"),
  ],
  [/^(?:<!--[^]*?-->\s*)*<(?:!doctype\s+html\b|html\b|head\b|body\b|script\b|title\b|meta\b)/i, {
    name: "a web page",
    advice: "what was to be downloaded may need a sign-in, or another address",
  }],
  [/^<(?:\?xml|[a-z])/i, { name: "XML", advice: "expected a JPEG, PNG or WebP file" }],
  [/^[{[]\s*["{[\d}\]]/, { name: "JSON", advice: "expected a JPEG, PNG or WebP file" }],
  [/^data:image\//i, { name: "a data: URL", advice: "decode what follows its comma first" }],
  [/^P[1-7][\s#]/, picture("a PNM (PBM, PGM, PPM or PAM)")],
];

/** How much of a file is looked at. */
const LOOK = 1024;

/** The bytes as letters, one each. */
function lettersOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, LOOK));
}

/** A file in ISO's media format, by its brands. */
function mediaKind(start: string): Kind | undefined {
  if (start.slice(4, 8) !== "ftyp") return undefined;
  const length = start.charCodeAt(2) * 256 + start.charCodeAt(3);
  const [major = "", ...others] = start.slice(8, Math.max(length, 12)).match(/[^]{4}/g) ?? [];
  // The second of all is the minor version.
  for (const brand of [major, ...others.slice(1)]) {
    const kind = BRANDS.find(([pattern]) => pattern.test(brand))?.[1];
    // What is HEIF in general may say later which it is.
    if (kind && kind.name !== "a HEIF") return kind;
  }
  const isPicture = BRANDS.some(([pattern]) => pattern.test(major));
  return isPicture ? picture("a HEIF") : video("an MP4 or QuickTime video");
}

function riffKind(start: string): Kind | undefined {
  if (!start.startsWith("RIFF")) return undefined;
  if (start.slice(8, 12) === "AVI ") return video("an AVI video");
  return start.slice(8, 12) === "WAVE"
    ? { name: "a sound file (WAV)", advice: "expected a JPEG, PNG or WebP file" }
    : undefined;
}

/** BMP has but two letters; what else is in its header has to fit. */
function isBmp(bytes: Uint8Array): boolean {
  if (bytes.length < 18 || bytes[0] !== 0x42 || bytes[1] !== 0x4d) return false;
  return [12, 16, 40, 52, 56, 64, 108, 124].includes(bytes[14]) && bytes[15] === 0;
}

/** A text, without a byte order mark and leading spaces; nothing where it is none. */
function textOf(bytes: Uint8Array): string {
  const start = bytes.subarray(0, LOOK);
  const isWide = start.length > 3 && (start[0] ^ start[1]) === 1 && start[0] >= 0xfe;
  const encoding = !isWide ? "utf-8" : start[0] === 0xfe ? "utf-16be" : "utf-16le";
  return new TextDecoder(encoding).decode(start).trimStart();
}

function kindOf(bytes: Uint8Array): Kind | undefined {
  const start = lettersOf(bytes);
  const mark = MARKS.find(([letters, , at = 0]) => start.startsWith(letters, at));
  if (mark) return mark[1];
  const kind = mediaKind(start) ?? riffKind(start);
  if (kind) return kind;
  if (isBmp(bytes)) return picture("a BMP");
  // Some have a few bytes before it.
  if (start.includes("%PDF-")) return picture("a PDF");
  const text = textOf(bytes);
  return TEXTS.find(([beginning]) => beginning.test(text))?.[1];
}

/**
 * Says what a file is, where that is known and no picture to decode.
 *
 * @param bytes The file.
 * @returns For instance `it is a HEIC, which is not read: convert it to JPEG, PNG or WebP first`.
 */
export function otherKind(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return "the file is empty";
  const kind = kindOf(bytes);
  return kind && `it is ${kind.name}, which is not read: ${kind.advice}`;
}

/**
 * Says why a file is none to decode.
 *
 * @param bytes The file, in which no header of JPEG, PNG or WebP was found.
 * @returns What it is, or else how it begins.
 */
export function whatElse(bytes: Uint8Array): string {
  const kind = otherKind(bytes);
  if (kind) return kind;
  const start = lettersOf(bytes);
  const isOurs = /^(?:\xff\xd8|\x89PNG)/.test(start) ||
    (start.startsWith("RIFF") && start.slice(8, 12) === "WEBP");
  if (isOurs) return "its header is damaged or cut off";
  if (bytes.every((byte) => byte === 0)) {
    return "it holds nothing but zeros: copying or downloading it may have failed";
  }
  const hex = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0"));
  return `expected JPEG, PNG or WebP, got bytes ${hex.join(" ")}…`;
}
