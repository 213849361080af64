/**
 * A data set of faces in memory.
 *
 * @module
 */
import type { Image } from "../transforms/transform.ts";
import { rowsAt } from "./rows.ts";
import { VOTE_COLUMNS } from "./votes.ts";

/**
 * The three parts of FER-2013, by the names in its file: `Training` trains, `PublicTest` validates
 * (early stopping, best epoch, temperature), `PrivateTest` tests.
 */
export const USAGES = ["Training", "PublicTest", "PrivateTest"] as const;

/** One of {@linkcode USAGES}. */
export type Usage = typeof USAGES[number];

/** What a {@linkcode FerDataset} is made of. */
export interface FerDatasetInit {
  /** Grey samples from 0 to 255, `[n, size, size]`, one row of pixels after the other. */
  readonly pixels: Uint8Array;
  /** One index into `classes` an image, `[n]`; -1 where the source names no class. */
  readonly labels: Int8Array;
  /** One index into {@linkcode USAGES} an image, `[n]`. */
  readonly usages: Uint8Array;
  /** The class names in label order. */
  readonly classes: readonly string[];
  /** Height and width of every image, in pixels. */
  readonly size: number;
  /** Where it came from, for messages and reports. */
  readonly source: string;
  /** Soft labels, `[n, classes]`, each row summing to 1; none when left out. */
  readonly softLabels?: Float32Array;
  /** Votes of people, `[n, 10]`, one count for each of {@linkcode VOTE_COLUMNS}; none when left out. */
  readonly votes?: Uint16Array;
  /** What each image is called, for instance its path in its folder; none when left out. */
  readonly names?: readonly string[];
}

/**
 * Faces of one size, their labels and the split each belongs to.
 *
 * The arrays are shared, never copied: treat them as read-only.
 *
 * @example
 * ```ts
 * import { EMOTIONS, FerDataset } from "@fer/core";
 *
 * const dataset = new FerDataset({
 *   pixels: new Uint8Array(2 * 48 * 48),
 *   labels: Int8Array.of(3, 6),
 *   usages: Uint8Array.of(0, 1),
 *   classes: EMOTIONS,
 *   size: 48,
 *   source: "two black squares",
 * });
 * console.assert(dataset.split("PublicTest").length === 1);
 * ```
 */
export class FerDataset implements FerDatasetInit {
  /** Grey samples from 0 to 255, `[n, size, size]`. */
  readonly pixels: Uint8Array;
  /** One index into `classes` an image, `[n]`; -1 where the source names no class. */
  readonly labels: Int8Array;
  /** One index into {@linkcode USAGES} an image, `[n]`. */
  readonly usages: Uint8Array;
  /** The class names in label order. */
  readonly classes: readonly string[];
  /** Height and width of every image, in pixels. */
  readonly size: number;
  /** Where it came from. */
  readonly source: string;
  /** Soft labels, `[n, classes]`, if there are any. */
  readonly softLabels?: Float32Array;
  /** Votes of people, `[n, 10]`, one count for each of {@linkcode VOTE_COLUMNS}, if there are any. */
  readonly votes?: Uint16Array;
  /** What each image is called, if it is called anything. */
  readonly names?: readonly string[];

  /**
   * Makes a data set and checks that its arrays agree.
   *
   * @param init The arrays; none is copied.
   * @throws {RangeError} When their lengths disagree or a label is out of range.
   */
  constructor(init: FerDatasetInit) {
    const { pixels, labels, usages, classes, size, source, softLabels, votes, names } = init;
    const n = labels.length;
    const lengths: ReadonlyArray<[string, number, number]> = [
      ["pixels", pixels.length, n * size * size],
      ["usages", usages.length, n],
      ["softLabels", softLabels?.length ?? n * classes.length, n * classes.length],
      ["votes", votes?.length ?? n * VOTE_COLUMNS.length, n * VOTE_COLUMNS.length],
      ["names", names?.length ?? n, n],
    ];
    for (const [name, actual, expected] of lengths) {
      if (actual !== expected) {
        throw new RangeError(
          `Cannot make a data set of ${n} images of ${size}x${size} from ${source}: ` +
            `expected ${expected} ${name}, got ${actual}`,
        );
      }
    }
    const wrong = labels.findIndex((label) => label < -1 || label >= classes.length);
    if (wrong >= 0) {
      throw new RangeError(
        `Cannot label image ${wrong} of ${source} ${labels[wrong]}: ` +
          `there are ${classes.length} classes`,
      );
    }
    this.pixels = pixels;
    this.labels = labels;
    this.usages = usages;
    this.classes = classes;
    this.size = size;
    this.source = source;
    this.softLabels = softLabels;
    this.votes = votes;
    this.names = names;
  }

  /** The number of images. */
  get length(): number {
    return this.labels.length;
  }

  /**
   * One image, as a view of the shared pixels.
   *
   * @param index From 0 to `length - 1`.
   * @throws {RangeError} When there is no such image.
   */
  image(index: number): Image {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) {
      throw new RangeError(`Cannot take image ${index}: ${this.source} has ${this.length}`);
    }
    const area = this.size * this.size;
    return {
      data: this.pixels.subarray(index * area, (index + 1) * area),
      width: this.size,
      height: this.size,
    };
  }

  /**
   * The images at the given places, copied, in that order.
   *
   * @param indices Places from 0 to `length - 1`.
   */
  subset(indices: ArrayLike<number>): FerDataset {
    const area = this.size * this.size;
    const classes = this.classes.length;
    const n = indices.length;
    const pixels = new Uint8Array(n * area);
    const labels = new Int8Array(n);
    const usages = new Uint8Array(n);
    const softLabels = this.softLabels && rowsAt(this.softLabels, classes, indices);
    const votes = this.votes && rowsAt(this.votes, VOTE_COLUMNS.length, indices);
    for (let i = 0; i < n; i++) {
      const from = indices[i];
      pixels.set(this.image(from).data, i * area);
      labels[i] = this.labels[from];
      usages[i] = this.usages[from];
    }
    const { names } = this;
    return new FerDataset({
      ...this,
      ...{ pixels, labels, usages, softLabels, votes },
      names: names && Array.from(indices, (from) => names[from]),
    });
  }

  /**
   * The images of one split, in their order.
   *
   * @param usage The split's name in the FER-2013 file.
   */
  split(usage: Usage): FerDataset {
    const code = USAGES.indexOf(usage);
    const indices: number[] = [];
    this.usages.forEach((each, index) => each === code && indices.push(index));
    return this.subset(indices);
  }
}
