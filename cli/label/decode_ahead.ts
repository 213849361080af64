/**
 * Pictures decoded before they are asked for, in order, within bounds of memory.
 *
 * @module
 */
import type { Image } from "../../src/data.ts";
import type { Decoder } from "./decoder_pool.ts";
import type { Listed } from "./listing.ts";

/** A picture, or why there is none. */
export type Decoded =
  | { readonly path: string; readonly image: Image }
  | { readonly path: string; readonly error: string };

/** How far ahead is decoded. */
export interface DecodeAheadOptions {
  /** The most pictures that are decoded or being decoded. */
  readonly pictures: number;
  /** Bytes of decoded pixels past which no further picture is begun. */
  readonly bytes: number;
  /** Once aborted, no further picture comes. */
  readonly signal?: AbortSignal;
}

/**
 * Decodes pictures ahead of whoever takes them.
 *
 * @param listed The pictures. They may come slowly: those that are there are not held back.
 * @param decoder Decodes them.
 * @param options How far ahead.
 * @returns The pictures, in order.
 */
export async function* decodeAhead(
  listed: AsyncIterator<Listed, void, undefined>,
  decoder: Decoder,
  options: DecodeAheadOptions,
): AsyncGenerator<Decoded, void, undefined> {
  const { signal } = options;
  const queue: Array<Promise<Decoded>> = [];
  let held = 0;
  let ended = false;
  let changed = Promise.withResolvers<void>();
  /** Wakes whoever waits, since there is something new. */
  const change = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const begin = async ({ path, problem }: Listed): Promise<Decoded> => {
    if (problem !== undefined) return { path, error: problem };
    try {
      const image = await decoder.decode(path);
      held += image.data.length;
      return { path, image };
    } catch (error) {
      return { path, error: (error as Error).message };
    }
  };
  const fill = async (): Promise<void> => {
    try {
      while (!ended) {
        if (queue.length >= options.pictures || held >= options.bytes && queue.length > 0) {
          await changed.promise;
          continue;
        }
        const { done, value } = await listed.next();
        if (done) break;
        queue.push(begin(value));
        change();
      }
    } finally {
      ended = true;
      change();
    }
  };
  const filling = fill();
  // Whoever awaits it hears of a failure; until then it is no unhandled one.
  filling.catch(() => {});
  signal?.addEventListener("abort", change);
  try {
    while (!signal?.aborted) {
      const next = queue[0];
      if (!next) {
        if (ended) break;
        await changed.promise;
        continue;
      }
      const decoded = await next;
      queue.shift();
      yield decoded;
      // Once the next one is asked for, this one has been used.
      if ("image" in decoded) held -= decoded.image.data.length;
      change();
    }
    if (ended) await filling;
  } finally {
    signal?.removeEventListener("abort", change);
    ended = true;
    change();
  }
}
