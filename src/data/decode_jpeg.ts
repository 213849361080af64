/**
 * JPEG to pixels.
 *
 * The decoder is `@jsquash/jpeg`: MozJPEG, and so libjpeg-turbo, as WebAssembly. It gives the bytes
 * that Pillow gives, also for subsampled colour and EXIF orientation, where `jpeg-js` is up to 64
 * grey levels off; it is maintained, starts within 40 ms and needs no permission but to read its own
 * WebAssembly file.
 *
 * @module
 */
import { readPackageFile } from "../files/file_system.ts";
import type { Image } from "../transforms/transform.ts";
import { startCodec } from "./start_codec.ts";

type Decode = (bytes: Uint8Array) => Promise<Image>;

/** libjpeg speaks through `printErr`, which the package's types leave out. */
interface JpegOptions {
  readonly print: (message: string) => void;
  readonly printErr: (message: string) => void;
}

/** What libjpeg has said about the image that is being decoded. */
let messages: string[] = [];
let decoder: Promise<Decode> | undefined;
let queue: Promise<unknown> = Promise.resolve();

/**
 * Decodes a JPEG file and turns it the right way up, as its EXIF orientation says.
 *
 * @param bytes The file.
 * @returns Its pixels, `[height, width, 4]`.
 * @throws {TypeError} With libjpeg's own words when the file is damaged or cut off.
 * @throws {Error} When the decoder cannot be started, for instance for want of read permission.
 */
export function decodeJpeg(bytes: Uint8Array): Promise<Image> {
  // One at a time, so that what libjpeg says is known to be about this image.
  const image = queue.then(() => decodeNext(bytes));
  queue = image.catch(() => {});
  return image;
}

async function decodeNext(bytes: Uint8Array): Promise<Image> {
  decoder ??= start();
  const decode = await decoder;
  messages = [];
  let image: Image | undefined;
  try {
    image = await decode(bytes);
  } catch (error) {
    // libjpeg left its memory behind when it gave up, so the next image gets a new one.
    decoder = undefined;
    // It gives up by ending its program. Anything else was not about the image.
    if ((error as Error).name !== "ExitStatus") {
      throw new Error(`Cannot start the JPEG decoder: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
  // A file that is cut off is filled up with grey and a warning; Pillow refuses it, and so do we.
  const cut = messages.find((message) => message.startsWith("Premature end"));
  if (image && !cut) return image;
  throw new TypeError((cut ?? messages.at(-1) ?? "it is damaged").replace(/\.$/, ""));
}

async function start(): Promise<Decode> {
  const options: JpegOptions = {
    print: (message) => messages.push(message),
    printErr: (message) => messages.push(message),
  };
  const decode = await startCodec(async () => {
    const [jpeg, wasmBinary] = await Promise.all([
      import("@jsquash/jpeg/decode.js"),
      readPackageFile("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm"),
    ]);
    const all = wasmBinary ? { ...options, wasmBinary } : options;
    await jpeg.init(all as Parameters<typeof jpeg.init>[0]);
    return jpeg.default;
  });
  return async (bytes) => {
    const image = await decode(bytes.slice().buffer, { preserveOrientation: true });
    return { data: new Uint8Array(image.data.buffer), width: image.width, height: image.height };
  };
}
