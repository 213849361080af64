/**
 * Hashes of paths, the same on every machine and in every version.
 *
 * @module
 */

/** Seeds of the two halves of a hash. */
const SEEDS = [0, 0x9747b28c] as const;

const rotate = (value: number, bits: number): number => value << bits | value >>> (32 - bits);

const scramble = (word: number): number =>
  Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);

/**
 * MurmurHash3 (x86, 32 bits) of a text's UTF-16 code units in little-endian order.
 *
 * Source: Austin Appleby's `MurmurHash3_x86_32`, 2011, in the public domain.
 *
 * @param text The text.
 * @param seed Any 32 bits.
 * @returns An unsigned integer of 32 bits.
 */
export function murmur3(text: string, seed = 0): number {
  let hash = seed;
  const even = text.length & ~1;
  for (let i = 0; i < even; i += 2) {
    hash ^= scramble(text.charCodeAt(i) | text.charCodeAt(i + 1) << 16);
    hash = Math.imul(rotate(hash, 13), 5) + 0xe6546b64;
  }
  if (even < text.length) hash ^= scramble(text.charCodeAt(even));
  hash ^= 2 * text.length;
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return (hash ^ hash >>> 16) >>> 0;
}

/**
 * A set of paths that keeps 64 bits of each: 16 to 32 MB for a million. Two different paths among a
 * million are taken for one with a probability of 3e-8.
 */
export class PathSet {
  /** Pairs of words; two zeros are a free place. */
  #words = new Uint32Array(2 * 1024);
  #size = 0;

  /** How many paths it has. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds a path.
   *
   * @param path The path.
   * @returns Whether it is new.
   */
  add(path: string): boolean {
    const [low, high] = wordsOf(path);
    const at = this.#find(low, high);
    if (this.#isTaken(at)) return false;
    this.#words.set([low, high], at);
    // At most half full, so that a free place is near.
    if (++this.#size * 4 > this.#words.length) this.#grow();
    return true;
  }

  /**
   * Whether a path was added.
   *
   * @param path The path.
   */
  has(path: string): boolean {
    return this.#isTaken(this.#find(...wordsOf(path)));
  }

  #isTaken(at: number): boolean {
    return this.#words[at] !== 0 || this.#words[at + 1] !== 0;
  }

  /** Where a pair is, or would be. */
  #find(low: number, high: number): number {
    const last = this.#words.length - 1;
    // A shard's paths agree in what is left of the lower word; the other one spreads them.
    let at = 2 * high & last;
    while (this.#isTaken(at) && (this.#words[at] !== low || this.#words[at + 1] !== high)) {
      at = at + 2 & last;
    }
    return at;
  }

  #grow(): void {
    const old = this.#words;
    this.#words = new Uint32Array(2 * old.length);
    for (let i = 0; i < old.length; i += 2) {
      if (old[i] !== 0 || old[i + 1] !== 0) {
        this.#words.set([old[i], old[i + 1]], this.#find(old[i], old[i + 1]));
      }
    }
  }
}

function wordsOf(path: string): [low: number, high: number] {
  const [low, high] = SEEDS.map((seed) => murmur3(path, seed));
  return [low === 0 && high === 0 ? 1 : low, high];
}
