/**
 * Batches of a data set, shuffled and augmented ahead of whoever trains on them.
 *
 * @module
 */
import { Generator } from "../random.ts";
import { Compose } from "../transforms/compose.ts";
import { isBuiltIn } from "../transforms/from_json.ts";
import { Normalize } from "../transforms/normalize.ts";
import { type FloatImage, ToTensor } from "../transforms/to_tensor.ts";
import type { Image, Transform } from "../transforms/transform.ts";
import {
  type BatchTask,
  ImageTransformError,
  transformBatch,
  type TransformedImages,
} from "./batch_transform.ts";
import type { FerDataset } from "./dataset.ts";
import { defaultWorkers } from "./default_workers.ts";
import { LoaderPool } from "./loader_pool.ts";
import { rowsAt } from "./rows.ts";
import { VOTE_COLUMNS } from "./votes.ts";

/** After how many milliseconds without an epoch the workers end. */
const IDLE_MS = 2000;

/** Options of a {@linkcode DataLoader}. */
export interface DataLoaderOptions {
  /** Images a batch, from 1. */
  readonly batchSize: number;
  /**
   * Whether each epoch has an order of its own.
   *
   * @default {false}
   */
  readonly shuffle?: boolean;
  /**
   * Seed of the order and of what transforms draw, an integer from 0 to 2^53 - 1.
   *
   * @default {0}
   */
  readonly seed?: number;
  /**
   * Whether a last batch of fewer than `batchSize` images is left out.
   *
   * @default {false}
   */
  readonly dropLast?: boolean;
  /**
   * Whether every class is drawn equally often: an epoch then has as many images as the data set,
   * drawn with replacement, first the class, then one of its images. Images without a class are
   * never drawn, and `shuffle` makes no difference.
   *
   * @default {false}
   */
  readonly balanced?: boolean;
  /**
   * What is done to each image, from bytes to bytes of one channel; all images of a batch must come
   * out of one size. A {@linkcode Compose} may end in `ToTensor` and `Normalize`: these are left to
   * the device, which does them to a batch at once; see {@linkcode DataLoader.normalize}.
   *
   * This library's transforms run in worker threads. A transform of your own, a class derived from
   * one of the library's, or a `Compose` that holds one, runs on the thread that iterates.
   */
  readonly transform?: Transform<Image | FloatImage, Image>;
  /**
   * Worker threads that transform images; 0 does it on the thread that iterates, one batch at a
   * time. Where workers cannot be started, the loader goes on without. Batches are the same, byte
   * for byte, whatever the number.
   *
   * @default one fewer than there are cores, at most 4
   */
  readonly workers?: number;
  /**
   * Batches that workers make ahead of the one that is taken, from 1.
   *
   * @default {Math.max(4, 2 * workers)}
   */
  readonly prefetch?: number;
}

/** Options of {@linkcode DataLoader.epoch}. */
export interface EpochOptions {
  /**
   * The first batch that is made, from 0 to `batches`. What follows is what would have followed had
   * the epoch begun at 0.
   *
   * @default {0}
   */
  readonly from?: number;
  /** Ends the iteration with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What a {@linkcode DataLoader} gives. */
export interface Batch {
  /** Grey samples from 0 to 255, `[batch, height, width, 1]`. */
  readonly pixels: Uint8Array;
  /** The shape of `pixels`. */
  readonly shape: [batch: number, height: number, width: number, channels: 1];
  /** One class index an image, `[batch]`; -1 where there is none. */
  readonly labels: Int32Array;
  /** Soft labels, `[batch, classes]`, if the data set has them. */
  readonly softLabels?: Float32Array;
  /** Votes of people, `[batch, 10]`, if the data set has them. */
  readonly votes?: Uint16Array;
  /** Each image's place in the data set, `[batch]`. */
  readonly indices: Uint32Array;
}

/**
 * Makes the batches of each epoch: in seeded order, augmented by worker threads ahead of the device.
 *
 * All that is random depends on the seed, the epoch, the image and its place in the epoch, so that
 * batches are the same whatever the number of workers, and an epoch can be taken up in its middle.
 * `close()`, or the end of the block that declared the loader with `using`, ends the worker threads.
 * They also end by themselves when no epoch has been iterated for two seconds; the next one starts
 * others.
 *
 * @example Two epochs
 * ```ts
 * import { EMOTIONS, FerDataset } from "@fer/core";
 * import { DataLoader } from "@fer/core/data";
 * import { standardAugmentation } from "@fer/core/transforms";
 *
 * const dataset = new FerDataset({
 *   pixels: new Uint8Array(10 * 48 * 48),
 *   labels: new Int8Array(10),
 *   usages: new Uint8Array(10),
 *   classes: EMOTIONS,
 *   size: 48,
 *   source: "ten black squares",
 * });
 * using loader = new DataLoader(dataset, {
 *   batchSize: 4,
 *   shuffle: true,
 *   seed: 42,
 *   transform: standardAugmentation(),
 *   workers: 1,
 * });
 * let images = 0;
 * for (let epoch = 0; epoch < 2; epoch++) {
 *   for await (const { pixels, shape, labels } of loader.epoch(epoch)) {
 *     console.assert(pixels.length === shape[0] * 48 * 48);
 *     images += labels.length;
 *   }
 * }
 * console.assert(images === 20);
 * ```
 */
export class DataLoader {
  /** The data set. */
  readonly dataset: FerDataset;
  /** Images a batch. */
  readonly batchSize: number;
  /** Batches an epoch. */
  readonly batches: number;
  /** The `Normalize` that the transform ended in, for whoever turns bytes into floats. */
  readonly normalize?: Normalize;

  readonly #seed: number;
  readonly #shuffle: boolean;
  readonly #transform: Transform | undefined;
  readonly #prefetch: number;
  readonly #members: readonly Uint32Array[] | undefined;
  #workers: number;
  #pool: Promise<LoaderPool | undefined> | undefined;
  #iterations = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /**
   * Makes the loader. Workers start with the first epoch.
   *
   * @param dataset The images; the loader reads them and never changes them.
   * @param options See {@linkcode DataLoaderOptions}.
   * @throws {RangeError} When a number is out of range, no batch is left, or `balanced` finds no
   *   image that has a class.
   * @throws {TypeError} When something other than `Normalize` follows `ToTensor`.
   */
  constructor(dataset: FerDataset, options: DataLoaderOptions) {
    const { batchSize, shuffle = false, seed = 0, dropLast = false, balanced = false } = options;
    checkInteger("batchSize", batchSize, 1);
    checkInteger("seed", seed, 0);
    const n = dataset.length;
    if (dropLast && n > 0 && n < batchSize) {
      throw new RangeError(
        `Cannot make batches of ${batchSize} images: ${dataset.source} has ${n}, ` +
          "and dropLast leaves none",
      );
    }
    const { transform, normalize } = splitTransform(options.transform);
    const workers = options.workers ?? defaultWorkers();
    checkInteger("workers", workers, 0);
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.batches = dropLast ? Math.floor(n / batchSize) : Math.ceil(n / batchSize);
    this.normalize = normalize;
    this.#seed = seed;
    this.#shuffle = shuffle;
    this.#transform = transform;
    this.#members = balanced ? membersOf(dataset) : undefined;
    this.#workers = transform !== undefined && isBuiltIn(transform)
      ? Math.min(workers, this.batches)
      : 0;
    this.#prefetch = options.prefetch ?? Math.max(4, 2 * this.#workers);
    checkInteger("prefetch", this.#prefetch, 1);
  }

  /**
   * Worker threads that transform images. 0 when there is nothing to transform, when the transform
   * is not made of this library's alone, or when workers could not be started.
   */
  get workers(): number {
    return this.#workers;
  }

  /**
   * The batches of an epoch. Leaving the loop early stops what is made ahead.
   *
   * @param epoch From 0; each has an order and draws of its own.
   * @param options See {@linkcode EpochOptions}.
   * @returns The batches in order. The iteration throws an `Error` that names the image when a
   *   transform fails, and the signal's reason when it is aborted.
   * @throws {RangeError} When the epoch or `from` is out of range.
   * @throws {Error} When the loader is closed.
   */
  epoch(epoch: number, options: EpochOptions = {}): AsyncGenerator<Batch, void, void> {
    const { from = 0, signal } = options;
    checkInteger("epoch", epoch, 0);
    checkInteger("from", from, 0, this.batches);
    this.#checkOpen();
    return this.#iterate(epoch, from, signal);
  }

  async *#iterate(
    epoch: number,
    from: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Batch, void, void> {
    clearTimeout(this.#idle);
    this.#iterations++;
    try {
      yield* this.#batchesOf(epoch, from, signal);
    } finally {
      this.#iterations--;
      if (this.#iterations === 0 && this.#pool !== undefined && !this.#closed) {
        this.#idle = setTimeout(() => this.#stopWorkers(), IDLE_MS);
      }
    }
  }

  async *#batchesOf(
    epoch: number,
    from: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Batch, void, void> {
    const pool = await this.#startWorkers();
    const order = this.#orderOf(epoch);
    const ahead: Array<Promise<Batch>> = [];
    for (let taken = from, made = from; taken < this.batches; taken++) {
      const limit = pool ? Math.min(this.batches, taken + 1 + this.#prefetch) : taken + 1;
      for (; made < limit; made++) {
        signal?.throwIfAborted();
        this.#checkOpen();
        const batch = this.#makeBatch(order, epoch, made, pool);
        // An error waits until the batch's turn: what was good before it is still given.
        batch.catch(() => {});
        ahead.push(batch);
      }
      const batch = await ahead.shift();
      signal?.throwIfAborted();
      if (batch) yield batch;
    }
  }

  /** Ends the worker threads. An iteration under way throws. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#idle);
    this.#stopWorkers();
  }

  /** Closes the loader at the end of the block that declared it with `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError(this.dataset);
  }

  #startWorkers(): Promise<LoaderPool | undefined> | undefined {
    if (this.#workers === 0 || this.#transform === undefined) return;
    this.#pool ??= LoaderPool.start(this.#workers, this.#transform.toJSON()).then((pool) => {
      if (pool === undefined) this.#workers = 0;
      return pool;
    });
    return this.#pool;
  }

  #stopWorkers(reason: Error = closedError(this.dataset)): void {
    this.#pool?.then((pool) => pool?.close(reason));
    this.#pool = undefined;
  }

  /** The images of an epoch, in order. */
  #orderOf(epoch: number): Uint32Array {
    const generator = new Generator(this.#seed, epoch);
    const members = this.#members;
    if (members !== undefined) {
      return Uint32Array.from({ length: this.dataset.length }, () => {
        const images = members[generator.integer(members.length)];
        return images[generator.integer(images.length)];
      });
    }
    const order = Uint32Array.from({ length: this.dataset.length }, (_, index) => index);
    return this.#shuffle ? generator.shuffle(order) : order;
  }

  async #makeBatch(
    order: Uint32Array,
    epoch: number,
    number: number,
    pool: LoaderPool | undefined,
  ): Promise<Batch> {
    const start = number * this.batchSize;
    const indices = order.slice(start, start + this.batchSize);
    const { source, size, classes, softLabels, votes } = this.dataset;
    const area = size * size;
    const pixels = new Uint8Array(indices.length * area);
    const labels = new Int32Array(indices.length);
    indices.forEach((index, i) => {
      pixels.set(this.dataset.pixels.subarray(index * area, (index + 1) * area), i * area);
      labels[i] = this.dataset.labels[index];
    });
    let images: TransformedImages = { pixels, width: size, height: size };
    if (this.#transform !== undefined) {
      const task: BatchTask = { seed: this.#seed, epoch, start, indices, pixels, size };
      try {
        images = pool ? await pool.run(task) : transformBatch(this.#transform, task);
      } catch (error) {
        if (error instanceof ImageTransformError) throw named(error, source);
        // A worker failed for another reason: the next epoch starts with new ones.
        const reason = error instanceof Error ? error : new Error(String(error));
        this.#stopWorkers(reason);
        throw reason;
      }
    }
    return {
      pixels: images.pixels,
      shape: [indices.length, images.height, images.width, 1],
      labels,
      ...(softLabels && { softLabels: rowsAt(softLabels, classes.length, indices) }),
      ...(votes && { votes: rowsAt(votes, VOTE_COLUMNS.length, indices) }),
      indices,
    };
  }
}

function checkInteger(
  name: string,
  value: number,
  lowest: number,
  highest = Number.MAX_SAFE_INTEGER,
): void {
  if (!Number.isInteger(value) || value < lowest || value > highest) {
    const range = highest === Number.MAX_SAFE_INTEGER
      ? `of at least ${lowest}`
      : `from ${lowest} to ${highest}`;
    throw new RangeError(`Cannot load batches with ${name} ${value}: expected an integer ${range}`);
  }
}

function closedError(dataset: FerDataset): Error {
  return new Error(`Cannot load batches of ${dataset.source}: the loader is closed`);
}

/** The error with the data set's name and the cause's message in one line. */
function named(error: ImageTransformError, source: string): Error {
  const { cause } = error;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(`${error.message} of ${source}: ${reason}`, { cause });
}

/** The images of each class that occurs. */
function membersOf(dataset: FerDataset): Uint32Array[] {
  const members: number[][] = dataset.classes.map(() => []);
  dataset.labels.forEach((label, index) => label >= 0 && members[label].push(index));
  const present = members.filter((each) => each.length > 0);
  if (present.length === 0 && dataset.length > 0) {
    throw new RangeError(
      `Cannot draw classes of ${dataset.source} equally often: no image has a class`,
    );
  }
  return present.map((each) => Uint32Array.from(each));
}

/** The part of a transform that works on bytes, and the `Normalize` at its end. */
function splitTransform(
  transform: Transform<Image | FloatImage, Image> | undefined,
): { transform?: Transform; normalize?: Normalize } {
  if (transform === undefined) return {};
  const steps = flatten(transform);
  const end = steps.findIndex((step) => step instanceof ToTensor);
  if (end < 0) return { transform: transform as Transform };
  const [normalize, ...more] = steps.slice(end + 1);
  if ((normalize !== undefined && !(normalize instanceof Normalize)) || more.length > 0) {
    throw new TypeError(
      "Cannot load batches with a transform that goes on after ToTensor: expected Normalize at " +
        "most, since the loader gives bytes",
    );
  }
  const bytes = steps.slice(0, end) as unknown as Transform[];
  return { transform: bytes.length > 0 ? new Compose(bytes) : undefined, normalize };
}

/** The steps of a transform, with those of a `Compose` in its place. */
function flatten(transform: Transform<unknown, never>): Array<Transform<unknown, never>> {
  return transform instanceof Compose && transform.constructor === Compose
    ? transform.transforms.flatMap(flatten)
    : [transform];
}
