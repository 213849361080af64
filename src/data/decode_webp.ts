/**
 * WebP to pixels.
 *
 * The decoder is `@jsquash/webp`: libwebp as WebAssembly, of the family of the JPEG decoder and with
 * its manners. It gives the bytes that Pillow gives. Animations are beyond it, so that their first
 * picture is taken out here and given to it as a file of its own.
 *
 * @module
 */
import { readPackageFile } from "../files/file_system.ts";
import type { Image } from "../transforms/transform.ts";
import { applyOrientation, readOrientation } from "./exif_orientation.ts";
import { chunksFrom, type RiffChunk, riffChunks } from "./riff_chunks.ts";
import { startCodec } from "./start_codec.ts";

type Decode = (bytes: Uint8Array) => Promise<Image>;

/** What the package says of whatever it cannot decode. */
const REFUSAL = "Decoding error";

let decoder: Promise<Decode> | undefined;

/**
 * Decodes a WebP file and turns it the right way up, as its EXIF orientation says. Of an animation it
 * takes the first picture.
 *
 * @param bytes The file.
 * @param canvas The size that its header tells.
 * @returns Its pixels, `[height, width, 4]`.
 * @throws {TypeError} When the file is damaged or cut off.
 * @throws {Error} When the decoder cannot be started, for instance for want of read permission.
 */
export async function decodeWebp(
  bytes: Uint8Array,
  canvas: { readonly width: number; readonly height: number },
): Promise<Image> {
  const chunks = [...riffChunks(bytes, "WEBP")];
  const exif = chunks.find(({ type }) => type === "EXIF");
  const frame = chunks.find(({ type }) => type === "ANMF");
  const image = frame ? await firstPicture(frame.data, canvas) : await decode(bytes);
  // The frame's own header decides how much memory it takes; it was the canvas's that was checked.
  if (image.width !== canvas.width || image.height !== canvas.height) throw damaged();
  return applyOrientation(image, exif ? readOrientation(exif.data) : 1);
}

/** Decodes a picture that does not move. */
async function decode(bytes: Uint8Array): Promise<Image> {
  let image: Image;
  try {
    decoder ??= start();
    image = await (await decoder)(bytes);
  } catch (cause) {
    if ((cause as Error).message === REFUSAL) throw damaged();
    // Where it cannot be started now, it may be later; and where it fell, it has to be anew.
    decoder = undefined;
    throw new Error(`Cannot start the WebP decoder: ${(cause as Error).message}`, { cause });
  }
  return image;
}

async function start(): Promise<Decode> {
  const decode = await startCodec(async () => {
    const [webp, wasmBinary] = await Promise.all([
      import("@jsquash/webp/decode.js"),
      readPackageFile("@jsquash/webp/codec/dec/webp_dec.wasm"),
    ]);
    await webp.init((wasmBinary ? { wasmBinary } : {}) as Parameters<typeof webp.init>[0]);
    return webp.default;
  });
  return async (bytes) => {
    const image = await decode(bytes.slice().buffer);
    return { data: new Uint8Array(image.data.buffer), width: image.width, height: image.height };
  };
}

function damaged(): TypeError {
  return new TypeError("its WebP data is damaged or cut off");
}

/** An animation's first picture, on its canvas (RFC 9649, section 2.7.1.1). */
async function firstPicture(
  frame: Uint8Array,
  canvas: { readonly width: number; readonly height: number },
): Promise<Image> {
  if (frame.length < 16) throw damaged();
  const number = (at: number): number => frame[at] | frame[at + 1] << 8 | frame[at + 2] << 16;
  const [left, top] = [2 * number(0), 2 * number(3)];
  const [width, height] = [1 + number(6), 1 + number(9)];
  if (left + width > canvas.width || top + height > canvas.height) throw damaged();
  const parts = [...chunksFrom(frame.subarray(16))].filter(({ type }) =>
    /^(?:ALPH|VP8.)$/.test(type)
  );
  const image = await decode(stillOf(parts, width, height));
  if (image.width !== width || image.height !== height) throw damaged();
  if (width === canvas.width && height === canvas.height) return image;
  const data = new Uint8Array(4 * canvas.width * canvas.height);
  for (let y = 0; y < height; y++) {
    const row = image.data.subarray(4 * y * width, 4 * (y + 1) * width);
    data.set(row, 4 * ((top + y) * canvas.width + left));
  }
  return { data, width: canvas.width, height: canvas.height };
}

/** A file of a picture's parts. */
function stillOf(parts: readonly RiffChunk[], width: number, height: number): Uint8Array {
  const header = new Uint8Array(10);
  header[0] = 0x10; // it may be transparent
  [width, height].forEach((edge, i) => {
    for (let byte = 0; byte < 3; byte++) header[4 + 3 * i + byte] = (edge - 1) >> (8 * byte);
  });
  const all: RiffChunk[] = [{ type: "VP8X", data: header }, ...parts];
  const length = all.reduce((sum, { data }) => sum + 8 + data.length + data.length % 2, 4);
  const file = new Uint8Array(8 + length);
  const view = new DataView(file.buffer);
  const write = (text: string, at: number): void =>
    [...text].forEach((letter, i) => file[at + i] = letter.charCodeAt(0));
  write("RIFF", 0);
  view.setUint32(4, length, true);
  write("WEBP", 8);
  let at = 12;
  for (const { type, data } of all) {
    write(type, at);
    view.setUint32(at + 4, data.length, true);
    file.set(data, at + 8);
    at += 8 + data.length + data.length % 2;
  }
  return file;
}
