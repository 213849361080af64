/**
 * Finds the fastest candidate for each product that some work needs, on this adapter.
 *
 * @module
 */
import { GpuError } from "../gpu/errors.ts";
import type * as tf from "@tensorflow/tfjs";
import {
  type AdapterKind,
  defaultCandidate,
  fitted,
  PRODUCT_CANDIDATES,
  type ProductSize,
  subgroupCandidates,
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
   * @default PRODUCT_CANDIDATES, and those of subgroups where a device has them
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

/** Waits below this are the polling's, not the program's. */
const LEAST_MS = 40;

async function wait(backend: GpuBackend): Promise<void> {
  backend.endComputePassEncoder();
  backend.ensureCommandEncoderReady();
  backend.submitQueue();
  await backend.device.queue.onSubmittedWorkDone();
}

async function timeOf(
  backend: GpuBackend,
  size: ProductSize,
  candidate: ProductCandidate,
  rounds: number,
): Promise<number> {
  const { rows, columns, depth, batch } = size;
  const buffers = [rows * depth, depth * columns, rows * columns].map((n) =>
    borrow(backend, n * batch)
  );
  const [a, b, c] = buffers;
  const clock = async (times: number) => {
    const start = performance.now();
    for (let i = 0; i < times; i++) matMulInto(backend, a, b, c, size, candidate);
    await wait(backend);
    return (performance.now() - start) / times;
  };
  try {
    await clock(1);
    const once = await clock(1);
    const times = Math.max(1, Math.min(1_000, Math.ceil(LEAST_MS / once)));
    let least = Infinity;
    for (let round = 0; round < rounds; round++) least = Math.min(least, await clock(times));
    await checkPrograms();
    return least;
  } catch (error) {
    // A candidate that this device does not take is no candidate.
    if (error instanceof GpuError) return Infinity;
    throw error;
  } finally {
    giveBack(backend, ...buffers);
  }
}

/**
 * Runs some work, notes its products, and times every candidate for each.
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
  const candidates = options.candidates ?? [...subgroupCandidates(lanes), ...PRODUCT_CANDIDATES];
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
  const found: TunedProduct[] = [];
  for (const size of sizes.values()) {
    const standard = fitted(defaultCandidate(adapter, size, lanes), maxComputeWorkgroupStorageSize);
    const untuned = await timeOf(backend, size, standard, rounds);
    let best = { candidate: standard, milliseconds: untuned };
    for (const candidate of candidates) {
      const fits = candidate.down * candidate.across <= maxComputeInvocationsPerWorkgroup &&
        workgroupBytes(candidate) <= maxComputeWorkgroupStorageSize;
      // A tile that is mostly outside of the product cannot win.
      const isWithin = rowsOf(candidate) <= Math.max(SMALL, 4 * size.rows) &&
        columnsOf(candidate) <= Math.max(SMALL, 4 * size.columns);
      if (!fits || !isWithin) continue;
      const milliseconds = await timeOf(backend, size, candidate, rounds);
      if (milliseconds < best.milliseconds) best = { candidate, milliseconds };
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
