/**
 * Dynamic batching: what several requests ask for goes through the network at once.
 *
 * @module
 */

/** Thrown when there is no room in the queue. */
export class QueueFullError extends Error {
  /** The class's name. */
  override readonly name = "QueueFullError";
  /** Seconds until what is ahead will be done, as fast as the last batches were; a whole number. */
  readonly retryAfter: number;

  /**
   * @param message What is full.
   * @param retryAfter Seconds.
   */
  constructor(message: string, retryAfter: number) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

/** A batch that has been run. */
export interface BatchRecord {
  /** Images in it. */
  readonly images: number;
  /** Requests that they came from. */
  readonly requests: number;
  /** How long it took. */
  readonly seconds: number;
}

/** How a batcher collects and what it does with it. */
export interface BatcherOptions<Item, Result> {
  /**
   * How many images a batch may have, ascending from 1; see {@linkcode batchSizes}. A batch has the
   * most that wait; who is left over goes with the next.
   */
  readonly sizes: readonly number[];
  /** Milliseconds that an image waits for company while nothing else is being computed. */
  readonly maxDelay: number;
  /** The most images that wait. */
  readonly queueLimit: number;
  /**
   * Computes a batch; called once the one before is done.
   *
   * @param items As many images as one of the sizes.
   * @returns As many results, in the same order.
   */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** Called after each batch that did not fail. */
  readonly onBatch?: (batch: BatchRecord) => void;
}

/** What goes along with a request's images. */
export interface SubmitOptions {
  /** Takes them out of the queue when aborted. */
  readonly signal?: AbortSignal;
  /** Called when the first of them is being computed. */
  readonly onStart?: () => void;
}

/** How full a queue is and how fast it moves. */
export interface QueueState {
  /** Images that wait. */
  readonly waiting: number;
  /** Images that are being computed. */
  readonly running: number;
  /** Images a second of the last batches; `undefined` before the first. */
  readonly rate: number | undefined;
  /** The most images that wait, and so the most that a request may have. */
  readonly queueLimit: number;
}

/**
 * Sizes of batches, each at most half as large again as the one before. tfjs keeps the GPU's buffers
 * by their sizes for ever: with any size from 1 to 64 it would come to hold 2,080 images' worth of
 * them, with these 220.
 *
 * @param most The largest.
 * @returns 1, 2, 3, 4, 6, 8, 12, 16, 24, 32... and the largest.
 */
export function batchSizes(most: number): number[] {
  const sizes: number[] = [];
  for (let size = 1; size < most; size *= 2) {
    sizes.push(size);
    if (size > 1 && 1.5 * size < most) sizes.push(1.5 * size);
  }
  return [...sizes, most];
}

interface Job<Item, Result> {
  readonly items: readonly Item[];
  readonly results: Result[];
  readonly since: number;
  readonly onStart?: () => void;
  readonly resolve: (results: Result[]) => void;
  readonly reject: (reason: unknown) => void;
  /** The first item that is not in a batch yet. */
  next: number;
  /** Items whose result is there. */
  done: number;
  isSettled: boolean;
}

interface Stretch<Item, Result> {
  readonly job: Job<Item, Result>;
  readonly from: number;
  readonly to: number;
}

/** What an older batch counts beside the one after it, when the rate is measured. */
const MEMORY = 0.9;
/** Nobody is sent away for longer, in seconds. */
const LONGEST_WAIT = 60;

/**
 * Collects images of requests into batches, first come, first served. A request with many images
 * fills up batches with those of others, and may go through several.
 */
export class Batcher<Item, Result> implements QueueState {
  readonly #options: BatcherOptions<Item, Result>;
  readonly #queue: Job<Item, Result>[] = [];
  #waiting = 0;
  #running = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  // Of the last batches, older ones counting less.
  #images = 0;
  #seconds = 0;

  /**
   * @param options Batch size, delay, queue limit, and what computes.
   * @throws {RangeError} When one of the numbers makes no sense.
   */
  constructor(options: BatcherOptions<Item, Result>) {
    const { sizes, maxDelay, queueLimit } = options;
    const isAscending = sizes[0] === 1 &&
      sizes.every((size, i) => Number.isSafeInteger(size) && (i === 0 || size > sizes[i - 1]));
    if (!isAscending) {
      throw new RangeError(
        `Cannot batch with sizes ${sizes}: expected ascending integers from 1 on`,
      );
    }
    if (!Number.isSafeInteger(queueLimit) || queueLimit < 1) {
      throw new RangeError(
        `Cannot batch with queueLimit ${queueLimit}: expected an integer from 1 on`,
      );
    }
    if (!(maxDelay >= 0)) {
      throw new RangeError(`Cannot batch with maxDelay ${maxDelay}: expected 0 or more`);
    }
    this.#options = options;
  }

  /** Images that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Images that are being computed. */
  get running(): number {
    return this.#running;
  }

  /** Images a second of the last batches; `undefined` before the first. */
  get rate(): number | undefined {
    return this.#seconds > 0 ? this.#images / this.#seconds : undefined;
  }

  /** How many images a batch may have. */
  get sizes(): readonly number[] {
    return this.#options.sizes;
  }

  /** The most images that wait, and so the most that a request may have. */
  get queueLimit(): number {
    return this.#options.queueLimit;
  }

  /** Whole seconds until what waits and what runs will be done; at least 1. */
  get retryAfter(): number {
    const seconds = this.rate === undefined ? 1 : (this.#waiting + this.#running) / this.rate;
    return Math.min(LONGEST_WAIT, Math.max(1, Math.ceil(seconds)));
  }

  /**
   * Has images computed.
   *
   * @param items The images of a request.
   * @param options How to call it off.
   * @returns Their results, in the same order.
   * @throws {QueueFullError} When they do not fit into the queue.
   * @throws What computing them threw, or the reason of an aborted signal.
   */
  submit(items: readonly Item[], options: SubmitOptions = {}): Promise<Result[]> {
    const { signal, onStart } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (items.length === 0) return Promise.resolve([]);
    const { queueLimit } = this.#options;
    if (this.#waiting + items.length > queueLimit) {
      const message = `The queue is full: ${this.#waiting} of ${queueLimit} images wait, and ` +
        `${items.length} more came`;
      return Promise.reject(new QueueFullError(message, this.retryAfter));
    }
    const { promise, resolve, reject } = Promise.withResolvers<Result[]>();
    const job: Job<Item, Result> = {
      ...{ items, results: new Array(items.length), since: performance.now(), onStart },
      ...{ resolve, reject, next: 0, done: 0, isSettled: false },
    };
    this.#queue.push(job);
    this.#waiting += items.length;
    if (signal) {
      const leave = () => this.#fail(job, signal.reason);
      signal.addEventListener("abort", leave, { once: true });
      const forget = () => signal.removeEventListener("abort", leave);
      promise.then(forget, forget);
    }
    this.#pump();
    return promise;
  }

  /** Ends a job without its results; what it has in the queue leaves. */
  #fail(job: Job<Item, Result>, reason: unknown): void {
    if (job.isSettled) return;
    job.isSettled = true;
    const place = this.#queue.indexOf(job);
    if (place >= 0) {
      this.#queue.splice(place, 1);
      this.#waiting -= job.items.length - job.next;
    }
    job.reject(reason);
  }

  /** Starts a batch if it is time. */
  #pump(): void {
    clearTimeout(this.#timer);
    if (this.#running > 0 || this.#waiting === 0) return;
    const { sizes, maxDelay } = this.#options;
    const left = this.#queue[0].since + maxDelay - performance.now();
    if (this.#waiting < sizes[sizes.length - 1] && left > 0) {
      this.#timer = setTimeout(() => this.#pump(), left);
      return;
    }
    void this.#run(this.#take());
  }

  /** Takes the next batch out of the queue. */
  #take(): Stretch<Item, Result>[] {
    const batch: Stretch<Item, Result>[] = [];
    const fits = (size: number) => size <= this.#waiting;
    const size = this.#options.sizes.findLast(fits) ?? 1;
    let room = size;
    while (room > 0 && this.#queue.length > 0) {
      const job = this.#queue[0];
      const from = job.next;
      const to = Math.min(job.items.length, from + room);
      batch.push({ job, from, to });
      job.next = to;
      room -= to - from;
      if (to === job.items.length) this.#queue.shift();
    }
    this.#running = size - room;
    this.#waiting -= this.#running;
    return batch;
  }

  async #run(batch: readonly Stretch<Item, Result>[]): Promise<void> {
    const { run, onBatch } = this.#options;
    const started = performance.now();
    try {
      for (const { job, from } of batch) if (from === 0) job.onStart?.();
      const items = batch.flatMap(({ job, from, to }) => job.items.slice(from, to));
      const results = await run(items);
      if (results.length !== items.length) {
        throw new RangeError(`${items.length} images gave ${results.length} results`);
      }
      const seconds = (performance.now() - started) / 1000;
      this.#images = MEMORY * this.#images + items.length;
      this.#seconds = MEMORY * this.#seconds + seconds;
      onBatch?.({ images: items.length, requests: batch.length, seconds });
      this.#give(batch, results);
    } catch (error) {
      for (const { job } of batch) this.#fail(job, error);
    } finally {
      this.#running = 0;
      this.#pump();
    }
  }

  #give(batch: readonly Stretch<Item, Result>[], results: readonly Result[]): void {
    let at = 0;
    for (const { job, from, to } of batch) {
      for (let i = from; i < to; i++) job.results[i] = results[at++];
      job.done += to - from;
      if (job.done < job.items.length || job.isSettled) continue;
      job.isSettled = true;
      job.resolve(job.results);
    }
  }
}
