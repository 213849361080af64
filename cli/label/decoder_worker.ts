/**
 * The thread that a `DecoderPool` reads and decodes pictures on.
 *
 * @module
 */
import type { Image } from "../../src/data.ts";
import { readPicture } from "./read_picture.ts";

/** What the pool sends. */
export interface DecodeRequest {
  /** Comes back with the answer. */
  readonly id: number;
  /** The file. */
  readonly path: string;
  /** The most that it may have, in millions of pixels. */
  readonly maxMegapixels: number;
}

/** What the worker answers. */
export type DecodeResponse =
  | { readonly ready: true }
  | { readonly id: number; readonly image: Image }
  | { readonly id: number; readonly error: string };

/** What this module needs of a worker's global scope. */
interface WorkerScope {
  onmessage: (event: MessageEvent<DecodeRequest>) => void;
  postMessage(message: DecodeResponse, transfer: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = async ({ data: { id, path, maxMegapixels } }) => {
  try {
    const image = await readPicture(path, maxMegapixels);
    scope.postMessage({ id, image }, [image.data.buffer as ArrayBuffer]);
  } catch (error) {
    scope.postMessage({ id, error: (error as Error).message }, []);
  }
};
scope.postMessage({ ready: true }, []);
