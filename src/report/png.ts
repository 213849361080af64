/**
 * Images as PNG files inside the page.
 *
 * @module
 */
import { encodePng } from "../data/encode_png.ts";
import type { Image } from "../transforms/transform.ts";

/** The remainder that a PNG's chunks end in (PNG specification, annex D). */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

/** The most bytes in a block of deflate that is stored, not compressed. */
const BLOCK = 65_535;

/**
 * Bytes as a zlib stream of stored blocks (RFC 1950 and 1951): faces of 48x48 hardly get smaller,
 * and browsers compress only asynchronously.
 */
function store(bytes: Uint8Array): Uint8Array {
  const blocks = Math.max(1, Math.ceil(bytes.length / BLOCK));
  const out = new Uint8Array(2 + 5 * blocks + bytes.length + 4);
  const view = new DataView(out.buffer);
  view.setUint16(0, 0x7801);
  let at = 2;
  for (let block = 0; block < blocks; block++) {
    const part = bytes.subarray(block * BLOCK, (block + 1) * BLOCK);
    out[at] = block === blocks - 1 ? 1 : 0;
    view.setUint16(at + 1, part.length, true);
    view.setUint16(at + 3, ~part.length, true);
    out.set(part, at + 5);
    at += 5 + part.length;
  }
  let [a, b] = [1, 0]; // Adler-32
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  view.setUint16(at, b);
  view.setUint16(at + 2, a);
  return out;
}

function pngUriOf(...parts: readonly Uint8Array[]): string {
  const text = parts.map((bytes) =>
    Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")
  );
  return `data:image/png;base64,${btoa(text.join(""))}`;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/**
 * Encodes a grey image as a PNG data URI (PNG specification, third edition: colour type 0, 8 bits).
 *
 * @param pixels Grey samples from 0 to 255, `[height, width]`.
 * @param width Pixels in a row.
 * @param height Rows.
 * @returns `data:image/png;base64,...`
 */
export function greyPngUri(pixels: ArrayLike<number>, width: number, height: number): string {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8; // bits a sample; colour type, compression, filter and interlace stay 0
  const rows = new Uint8Array(height * (width + 1)); // each row begins with its filter: none
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = pixels[y * width + x];
  }
  return pngUriOf(
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header),
    chunk("IDAT", store(rows)),
    chunk("IEND", new Uint8Array()),
  );
}

/**
 * Encodes an image as a PNG data URI.
 *
 * @param image Grey, RGB or RGBA.
 * @returns `data:image/png;base64,...`
 */
export async function pngUri(image: Image): Promise<string> {
  return pngUriOf(await encodePng(image));
}
