/**
 * Finds the fastest candidate for each product that some work needs, on this adapter.
 *
 * @module
 */
import { GpuError } from "../gpu/errors.ts";
import type * as tf from "@tensorflow/tfjs";
import {
  type AdapterKind,
  candidatesFor,
  defaultCandidate,
  fitted,
  type ProductSize,
  workgroupBytes,
} from "./candidates.ts";
import { useFerKernels } from "./install.ts";
import { matMulInto } from "./matmul.ts";
import { columnsOf, type ProductCandidate, rowsOf } from "./product.ts";
import { borrow, checkPrograms, giveBack, type GpuBackend, gpuBackend } from "./program.ts";
import { subgroupsOf } from "./subgroups.ts";

/** tfjs's tensor. */
export type GpuTensor = tf.Tensor;

/** Which candidate computes a product. Plain data. */
export interface ProductChoice {
  /** The product. */
  readonly size: ProductSize;
  /** The candidate. */
  readonly candidate: ProductCandidate;
}

/** What the tuner found for one product: the fastest candidate. */
export interface TunedProduct extends ProductChoice {
  /** Its time, in milliseconds. */
  readonly milliseconds: number;
  /** The time of the candidate that is taken untried. */
  readonly untuned: number;
}

/** How the tuner works. */
export interface TuneOptions {
  /**
   * What computes.
   *
   * @default "software"
   */
  readonly adapter?: AdapterKind;
  /**
   * What to try.
   *
   * @default all that the adapter has registers for, and those of subgroups where it has them
   */
  readonly candidates?: readonly ProductCandidate[];
  /**
   * How often to time each; the least counts.
   *
   * @default 3
   */
  readonly rounds?: number;
  /** Called after each product. */
  readonly onProduct?: (product: TunedProduct, done: number, all: number) => void;
}

const keyOf = (s: ProductSize): string =>
  `${s.rows} ${s.columns} ${s.depth} ${s.batch} ${+s.transposeA}${+s.transposeB}`;

/** Rows and columns of a workgroup that any product may have. */
const SMALL = 32;

/** Milliseconds of computing that a time is taken over, so that the clock's steps do not count. */
const LEAST_MS = 20;
/** Most products between two looks. */
const MOST_TIMES = 20_000;
/** Largest difference from the first candidate's product that rounding may explain, as a share. */
const TOLERANCE = 1e-3;
/** Elements of a product that are compared. */
const COMPARED = 2 ** 16;

async function wait(backend: GpuBackend): Promise<void> {
  backend.endComputePassEncoder();
  backend.ensureCommandEncoderReady();
  backend.submitQueue();
  await backend.device.queue.onSubmittedWorkDone();
}

/** Milliseconds that waiting takes where there is nothing to wait for: in Deno up to ten. */
async function emptyWait(backend: GpuBackend): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    await wait(backend);
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

/** One product's buffers, and how its candidates do. */
class ProductTrial {
  readonly #backend: GpuBackend;
  readonly #size: ProductSize;
  readonly #idle: number;
  readonly #buffers: readonly GPUBuffer[];
  #reference: Float32Array | null = null;

  /**
   * @param backend tfjs's backend.
   * @param size The product.
   * @param idle What waiting takes by itself, in milliseconds.
   */
  constructor(backend: GpuBackend, size: ProductSize, idle: number) {
    const { rows, columns, depth, batch } = size;
    this.#backend = backend;
    this.#size = size;
    this.#idle = idle;
    this.#buffers = [rows * depth, depth * columns, rows * columns].map((n) =>
      borrow(backend, n * batch)
    );
    this.#fill(this.#buffers[0], rows * depth * batch);
    this.#fill(this.#buffers[1], depth * columns * batch);
  }

  #fill(buffer: GPUBuffer, count: number): void {
    const chunk = Float32Array.from({ length: Math.min(count, 2 ** 18) }, (_, i) => Math.sin(i));
    for (let at = 0; at < count; at += chunk.length) {
      const length = Math.min(chunk.length, count - at);
      this.#backend.device.queue.writeBuffer(buffer, 4 * at, chunk, 0, length);
    }
  }

  /** Milliseconds of some products, without the wait for nothing. */
  async #clock(candidate: ProductCandidate, times: number): Promise<number> {
    const [a, b, c] = this.#buffers;
    const start = performance.now();
    for (let i = 0; i < times; i++) matMulInto(this.#backend, a, b, c, this.#size, candidate);
    await wait(this.#backend);
    return Math.max(0, performance.now() - start - this.#idle);
  }

  /** The first elements of what was computed last. */
  async #product(): Promise<Float32Array> {
    const { rows, columns, batch } = this.#size;
    const bytes = 4 * Math.min(COMPARED, rows * columns * batch);
    const { device } = this.#backend;
    const copy = device.createBuffer({
      size: bytes,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(this.#buffers[2], 0, copy, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await copy.mapAsync(GPUMapMode.READ);
    const values = new Float32Array(copy.getMappedRange().slice(0));
    copy.destroy();
    return values;
  }

  /** Whether a product is that of the candidate that came first. */
  #isRight(values: Float32Array): boolean {
    const reference = this.#reference ??= values;
    const largest = reference.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return values.every((value, i) =>
      Math.abs(value - reference[i]) <= TOLERANCE * largest && Number.isFinite(value)
    );
  }

  /**
   * Times a candidate.
   *
   * @param candidate The candidate.
   * @param rounds How often; the least counts.
   * @returns Milliseconds; infinite for one that the device refuses or computes wrong.
   */
  async time(candidate: ProductCandidate, rounds: number): Promise<number> {
    try {
      await this.#clock(candidate, 1);
      await checkPrograms();
      if (!this.#isRight(await this.#product())) return Infinity;
      let times = 1;
      let took = await this.#clock(candidate, times);
      while (took < LEAST_MS && times < MOST_TIMES) {
        const more = took > 1 ? 1.2 * LEAST_MS / took : 8;
        times = Math.min(MOST_TIMES, Math.ceil(times * Math.max(2, more)));
        took = await this.#clock(candidate, times);
      }
      let least = took;
      for (let round = 1; round < rounds; round++) {
        least = Math.min(least, await this.#clock(candidate, times));
      }
      await checkPrograms();
      return least / times;
    } catch (error) {
      // A candidate that this device does not take is no candidate.
      if (error instanceof GpuError) return Infinity;
      throw error;
    }
  }

  /** Gives the buffers back. */
  dispose(): void {
    giveBack(this.#backend, ...this.#buffers);
  }
}

/**
 * Runs some work, notes its products, and times every candidate for each. One whose product is another
 * than that of the candidate that is taken untried does not count, however fast.
 *
 * @param work For instance a training step; what it returns is freed.
 * @param options What to try and how often.
 * @returns The fastest candidate for each product; plain data, to be stored as JSON and given to
 * {@linkcode chooserOf}.
 * @throws {GpuError} When tfjs does not compute on its `webgpu` backend.
 */
export async function tuneKernels(
  work: () => GpuTensor[],
  options: TuneOptions = {},
): Promise<TunedProduct[]> {
  const backend = gpuBackend();
  const lanes = subgroupsOf(backend.device).size;
  const { adapter = "software", rounds = 3 } = options;
  const candidates = options.candidates ?? candidatesFor(adapter, lanes);
  const sizes = new Map<string, ProductSize>();
  const remove = useFerKernels({
    adapter,
    choose: (size) => {
      sizes.set(keyOf(size), size);
      return defaultCandidate(adapter, size, lanes);
    },
  });
  try {
    for (const tensor of work()) tensor.dispose();
    await wait(backend);
  } finally {
    remove();
  }
  const { maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupStorageSize } =
    backend.device.limits;
  const idle = await emptyWait(backend);
  const found: TunedProduct[] = [];
  for (const size of sizes.values()) {
    const standard = fitted(defaultCandidate(adapter, size, lanes), maxComputeWorkgroupStorageSize);
    const trial = new ProductTrial(backend, size, idle);
    let untuned: number;
    let best: { readonly candidate: ProductCandidate; readonly milliseconds: number };
    try {
      untuned = await trial.time(standard, rounds);
      best = { candidate: standard, milliseconds: untuned };
      for (const candidate of candidates) {
        const fits = candidate.down * candidate.across <= maxComputeInvocationsPerWorkgroup &&
          workgroupBytes(candidate) <= maxComputeWorkgroupStorageSize;
        // A tile that is mostly outside of the product cannot win.
        const isWithin = rowsOf(candidate) <= Math.max(SMALL, 4 * size.rows) &&
          columnsOf(candidate) <= Math.max(SMALL, 4 * size.columns);
        if (!fits || !isWithin) continue;
        const milliseconds = await trial.time(candidate, rounds);
        if (milliseconds < best.milliseconds) best = { candidate, milliseconds };
      }
    } finally {
      trial.dispose();
    }
    const product = { size, ...best, untuned };
    found.push(product);
    options.onProduct?.(product, found.length, sizes.size);
  }
  return found;
}

/**
 * A `choose` for {@linkcode useFerKernels} from what the tuner found.
 *
 * @param tuned What {@linkcode tuneKernels} gave.
 * @param adapter What computes products that were not tuned.
 */
export function chooserOf(
  tuned: readonly ProductChoice[],
  adapter: AdapterKind,
): (size: ProductSize, lanes: number) => ProductCandidate {
  const table = new Map(tuned.map(({ size, candidate }) => [keyOf(size), candidate]));
  return (size, lanes) => table.get(keyOf(size)) ?? defaultCandidate(adapter, size, lanes);
}
