/**
 * What the first bytes of an image file say: its format and its size.
 *
 * @module
 */

/** The format and the size of an encoded image. */
export interface ImageHeader {
  /** How it is encoded. */
  readonly format: "JPEG" | "PNG";
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
 * Reads the header of a JPEG or PNG file, without decoding it.
 *
 * @param bytes The file.
 * @returns Its header, or `undefined` when it is neither or ends too soon.
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
  return bytes[0] === 0xff && bytes[1] === 0xd8 ? readJpegHeader(view) : undefined;
}

/** Goes from marker to marker to the start of the frame (ITU-T T.81, section B.2.2). */
function readJpegHeader(view: DataView): ImageHeader | undefined {
  for (let at = 2; at + 9 < view.byteLength;) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++; // a fill byte
    } else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return {
        format: "JPEG",
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        channels: view.getUint8(at + 9),
      };
    } else {
      at += 2 + view.getUint16(at + 2);
    }
  }
  return undefined;
}
