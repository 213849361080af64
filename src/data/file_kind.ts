/**
 * What is said of a file that is no picture to decode.
 *
 * @module
 */
import { type FileGroup, fileKind, KIND_BYTES } from "../file_kind.ts";

const EXPECTED = "expected a JPEG, PNG or WebP file";

/** What to do about a file that is not decoded. */
const ADVICE: Readonly<Record<Exclude<FileGroup, "readable picture">, string>> = {
  picture: "convert it to JPEG, PNG or WebP first",
  video: "take a picture out of it first, as JPEG, PNG or WebP",
  archive: "unpack it first",
  "web page": "what was to be downloaded may need a sign-in, or another address",
  pointer: "fetch the file itself with git lfs pull",
  "data URL": "decode what follows its comma first",
  other: EXPECTED,
};

/** The first bytes as letters, one each. */
function lettersOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, KIND_BYTES));
}

/**
 * Says what a file is, where that is known and no picture to decode.
 *
 * @param bytes The file.
 * @returns For instance `it is a HEIC, which is not read: convert it to JPEG, PNG or WebP first`.
 */
export function otherKind(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return "the file is empty";
  // Some PDFs have a few bytes before it.
  const isPdf = lettersOf(bytes).includes("%PDF-");
  const kind = fileKind(bytes) ??
    (isPdf ? { name: "a PDF", group: "picture" as const } : undefined);
  if (!kind || kind.group === "readable picture") return undefined;
  return `it is ${kind.name}, which is not read: ${ADVICE[kind.group]}`;
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
