/**
 * A share of the pictures, for one of several processes.
 *
 * @module
 */
import { UsageError } from "../flags.ts";
import { murmur3 } from "./path_hash.ts";

/** One of several shares. */
export interface Shard {
  /** Which, from 0. */
  readonly index: number;
  /** How many there are. */
  readonly count: number;
}

/**
 * Reads a share.
 *
 * @param text For instance `3/10`, the fourth of ten.
 * @returns The share.
 * @throws {UsageError} When it is none.
 */
export function parseShard(text: string): Shard {
  const [, first, second] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const [index, count] = [Number(first), Number(second)];
  if (!(Number.isSafeInteger(count) && index < count)) {
    throw new UsageError(
      `Cannot set --shard to "${text}": expected I/N with I from 0 to N - 1, for instance 0/4`,
    );
  }
  return { index, count };
}

/**
 * Whether a picture belongs to a share. That depends on its path alone, not on what else there is:
 * processes agree even while pictures are added.
 *
 * @param path The picture's path.
 * @param shard The share.
 */
export function isInShard(path: string, { index, count }: Shard): boolean {
  return murmur3(path) % count === index;
}
