/**
 * Finds images whose pixels are the same.
 *
 * @module
 */
import type { FerDataset } from "./dataset.ts";

/** Images by their pixels: a hash finds them, a comparison makes sure. */
export class PixelIndex {
  readonly #dataset: FerDataset;
  readonly #byHash = new Map<number, number[]>();
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;

  /** @param dataset Where the images are; none is in the index yet. */
  constructor(dataset: FerDataset) {
    this.#dataset = dataset;
    this.#words = new Uint32Array(Math.ceil(dataset.size ** 2 / 4));
    this.#bytes = new Uint8Array(this.#words.buffer);
  }

  /** Puts an image of the data set into the index. */
  add(index: number): void {
    const hash = this.#hash(this.#dataset.image(index).data);
    const bucket = this.#byHash.get(hash);
    if (bucket) bucket.push(index);
    else this.#byHash.set(hash, [index]);
  }

  /** The images in the index that have the given pixels, in the order they were added. */
  findAll(pixels: ArrayLike<number>): number[] {
    if (pixels.length !== this.#dataset.size ** 2) return [];
    const bucket = this.#byHash.get(this.#hash(pixels)) ?? [];
    return bucket.filter((index) => {
      const { data } = this.#dataset.image(index);
      for (let i = 0; i < data.length; i++) if (data[i] !== pixels[i]) return false;
      return true;
    });
  }

  /** 53 bits, from two multiplicative hashes of the words. */
  #hash(pixels: ArrayLike<number>): number {
    const words = this.#words;
    this.#bytes.set(pixels);
    let high = 0x9e3779b9;
    let low = 0x85ebca6b;
    for (let i = 0; i < words.length; i++) {
      high = Math.imul(high ^ words[i], 0x01000193);
      high ^= high >>> 15;
      low = Math.imul(low ^ words[i], 0xc2b2ae35);
      low ^= low >>> 13;
    }
    return (high >>> 0) * 2 ** 21 + (low >>> 11);
  }
}

/**
 * For each image, the first image of the data set with the same pixels: itself, if there is none
 * before it.
 *
 * @param dataset The images.
 * @returns One place an image, `[n]`.
 */
export function firstTwins(dataset: FerDataset): Uint32Array {
  const index = new PixelIndex(dataset);
  const twins = new Uint32Array(dataset.length);
  for (let i = 0; i < twins.length; i++) {
    const [twin] = index.findAll(dataset.image(i).data);
    twins[i] = twin ?? i;
    if (twin === undefined) index.add(i);
  }
  return twins;
}
