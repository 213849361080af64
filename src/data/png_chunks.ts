/**
 * The parts of a PNG file.
 *
 * @module
 */

/** A part of a file. */
export interface PngChunk {
  /** Four letters; a capital one first says that the picture cannot be read without it. */
  readonly type: string;
  /** What is in it. */
  readonly data: Uint8Array;
}

/** The signature's length. */
const START = 8;

/** CRC-32's remainders of each byte (PNG 1.2, annex D). */
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = REMAINDERS[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/**
 * Goes through the parts of a PNG file, to the last one that is whole. What the picture cannot be
 * read without is checked; other parts may be damaged.
 *
 * @param bytes The file.
 * @returns Its parts.
 * @throws {TypeError} When a part that is needed does not fit its checksum.
 */
export function* pngChunks(bytes: Uint8Array): Generator<PngChunk, void, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = START; at + 12 <= bytes.length;) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > bytes.length) return;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (/^[A-Z]/.test(type) && crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end)) {
      throw new TypeError(`its part ${type} does not fit its checksum`);
    }
    yield { type, data: bytes.subarray(at + 8, end) };
    if (type === "IEND") return;
    at = end + 4;
  }
}
