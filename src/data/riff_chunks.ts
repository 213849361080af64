/**
 * The parts of a RIFF file, as WebP is one.
 *
 * @module
 */

/** A part of a file. */
export interface RiffChunk {
  /** Four letters. */
  readonly type: string;
  /** What is in it; less than it says where the file is cut off. */
  readonly data: Uint8Array;
}

/** The letters at a place. */
function letters(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

/**
 * Goes through the parts of a RIFF file.
 *
 * @param bytes The file.
 * @param form What it has to be, for instance `WEBP`.
 * @returns Its parts; none where it is something else.
 */
export function* riffChunks(
  bytes: Uint8Array,
  form: string,
): Generator<RiffChunk, void, undefined> {
  if (letters(bytes, 0) !== "RIFF" || letters(bytes, 8) !== form) return;
  yield* chunksFrom(bytes.subarray(12));
}

/**
 * Goes through parts that follow one another.
 *
 * @param bytes The parts.
 * @returns Each of them.
 */
export function* chunksFrom(bytes: Uint8Array): Generator<RiffChunk, void, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = view.getUint32(at + 4, true);
    yield { type: letters(bytes, at), data: bytes.subarray(at + 8, at + 8 + length) };
    // What has an odd length is followed by a byte to fill.
    at += 8 + length + length % 2;
  }
}
