/**
 * Threads that read and decode pictures.
 *
 * @module
 */
import type { Image } from "../../src/data.ts";
import type { DecodeRequest, DecodeResponse } from "./decoder_worker.ts";
import { readPicture } from "./read_picture.ts";

/** Reads and decodes a picture. */
export interface Decoder {
  /** How many pictures keep it busy. */
  readonly width: number;
  /**
   * Decodes a picture.
   *
   * @param path The file.
   * @returns Its pixels.
   * @throws {Error} When it cannot be read or decoded.
   */
  decode(path: string): Promise<Image>;
  /** Ends its threads. */
  close(): void;
}

interface Pending {
  resolve(image: Image): void;
  reject(error: Error): void;
}

/** Pictures that a thread has at once: while one is decoded, the next is read. */
const EACH = 2;

class Thread {
  #worker: Worker;
  #pending = new Map<number, Pending>();
  /** Fulfilled when it can decode, rejected when it cannot be started. */
  readonly ready: Promise<void>;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#worker = this.#start(resolve, reject);
  }

  get load(): number {
    return this.#pending.size;
  }

  #start(onReady: () => void, onFailure: (error: Error) => void): Worker {
    const worker = new Worker(new URL("./decoder_worker.ts", import.meta.url), { type: "module" });
    let isReady = false;
    worker.onmessage = ({ data }: MessageEvent<DecodeResponse>) => {
      if ("ready" in data) {
        isReady = true;
        return onReady();
      }
      const pending = this.#pending.get(data.id);
      this.#pending.delete(data.id);
      if ("image" in data) pending?.resolve(data.image);
      else pending?.reject(new Error(data.error));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      const error = new Error(`Cannot decode the image: a decoder failed: ${event.message}`);
      worker.terminate();
      for (const { reject } of this.#pending.values()) reject(error);
      this.#pending.clear();
      // One that worked goes on with a new thread: what it failed at is out of the way.
      if (isReady) this.#worker = this.#start(() => {}, () => {});
      else onFailure(error);
    };
    return worker;
  }

  decode(request: DecodeRequest): Promise<Image> {
    return new Promise((resolve, reject) => {
      this.#pending.set(request.id, { resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  close(): void {
    this.#worker.terminate();
    for (const { reject } of this.#pending.values()) reject(new Error("The decoder was closed"));
    this.#pending.clear();
  }
}

/**
 * Starts a decoder.
 *
 * @param threads How many threads; with none, pictures are decoded on this one.
 * @param maxMegapixels The most that a picture may have, in millions of pixels.
 * @returns The decoder, ready.
 */
export async function startDecoder(threads: number, maxMegapixels: number): Promise<Decoder> {
  if (threads === 0) {
    return {
      width: 1,
      decode: (path) => readPicture(path, maxMegapixels),
      close() {},
    };
  }
  const pool = Array.from({ length: threads }, () => new Thread());
  await Promise.all(pool.map(({ ready }) => ready));
  let id = 0;
  return {
    width: EACH * threads,
    decode(path) {
      const thread = pool.reduce((best, each) => each.load < best.load ? each : best);
      return thread.decode({ id: id++, path, maxMegapixels });
    },
    close() {
      for (const thread of pool) thread.close();
    },
  };
}
