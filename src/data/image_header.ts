/**
 * What the first bytes of an image file say: its format and its size.
 *
 * @module
 */
import { riffChunks } from "./riff_chunks.ts";

/** The format and the size of an encoded image. */
export interface ImageHeader {
  /** How it is encoded. */
  readonly format: "JPEG" | "PNG" | "WebP";
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Samples a pixel in the file: 1 is grey. */
  readonly channels: number;
}

/** The signature, then the chunk IHDR, which is always first (PNG 1.2, sections 3.1 and 4.1.1). */
const PNG_START = Uint8Array.of(
  ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  ...[0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52],
);
const PNG_CHANNELS: ReadonlyMap<number, number> = new Map([[0, 1], [2, 3], [3, 3], [4, 2], [6, 4]]);

/**
 * Reads the header of a JPEG, PNG or WebP file, without decoding it.
 *
 * @param bytes The file.
 * @returns Its header, or `undefined` when it is none of them or ends too soon.
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 29 && PNG_START.every((byte, i) => bytes[i] === byte)) {
    return {
      format: "PNG",
      width: view.getUint32(16),
      height: view.getUint32(20),
      channels: PNG_CHANNELS.get(bytes[25]) ?? 0,
    };
  }
  return bytes[0] === 0xff && bytes[1] === 0xd8 ? readJpegHeader(view) : readWebpHeader(bytes);
}

/**
 * Goes from marker to marker to the start of the frame (ITU-T T.81, section B.2.2), over stray bytes
 * as libjpeg does.
 */
function readJpegHeader(view: DataView): ImageHeader | undefined {
  for (let at = 2; at + 9 < view.byteLength;) {
    const marker = view.getUint8(at) === 0xff ? view.getUint8(at + 1) : 0;
    if (marker === 0 || marker === 0xff) {
      at++; // a stray or a fill byte
    } else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return {
        format: "JPEG",
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        channels: view.getUint8(at + 9),
      };
    } else {
      at += 2 + (hasLength(marker) ? view.getUint16(at + 2) : 0);
    }
  }
  return undefined;
}

/**
 * Whether a JPEG marker's segment goes on after it.
 *
 * @param marker The marker's second byte.
 * @returns False for TEM, RST0 to RST7, SOI and EOI.
 */
export function hasLength(marker: number): boolean {
  return marker !== 0x01 && !(marker >= 0xd0 && marker <= 0xd9);
}

/** The size that the first chunk of WebP tells: the picture's, or the canvas's (RFC 9649). */
function readWebpHeader(bytes: Uint8Array): ImageHeader | undefined {
  const [first] = riffChunks(bytes, "WEBP");
  if (!first || first.data.length < 10) return undefined;
  const view = new DataView(first.data.buffer, first.data.byteOffset, first.data.byteLength);
  const webp = (width: number, height: number, channels: number): ImageHeader => ({
    ...{ format: "WebP", width, height, channels },
  });
  if (first.type === "VP8X") {
    const edge = (at: number): number =>
      1 + view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
    return webp(edge(4), edge(7), view.getUint8(0) & 0x10 ? 4 : 3);
  }
  if (first.type === "VP8L" && view.getUint8(0) === 0x2f) {
    const bits = view.getUint32(1, true);
    return webp(1 + (bits & 0x3fff), 1 + ((bits >> 14) & 0x3fff), bits & 0x10000000 ? 4 : 3);
  }
  if (first.type === "VP8 " && view.getUint8(3) === 0x9d) {
    return webp(view.getUint16(6, true) & 0x3fff, view.getUint16(8, true) & 0x3fff, 3);
  }
  return undefined;
}
