/**
 * Times as the comparison's JSON.
 *
 * @module
 */
import { type Product, productJob, type Work } from "./work.ts";

/** Whose times stand beside ours. */
export const COLUMNS = {
  ours: ["ours"],
  stock: ["stock"],
  wasm: ["tfjs-wasm"],
  onnx: ["onnxruntime"],
  pytorch: ["pytorch"],
  jax: ["jax-js"],
} as const;

/** A column of the tables. */
export type Column = keyof typeof COLUMNS;

/** Milliseconds of every run of a job, by peer. */
export type PeerTimes = ReadonlyMap<string, readonly number[]>;

/** What was measured. */
export interface Measured {
  /** The work. */
  readonly work: Work;
  /** Times by job. */
  readonly times: ReadonlyMap<string, PeerTimes>;
  /** Bytes on the GPU after a training step, by peer. */
  readonly memory: ReadonlyMap<string, { readonly inUse: number; readonly allocated: number }>;
}

/** `oursMs`, `stockMs` and the like; null where the peer is missing or does not do it. */
export type Times = Readonly<Record<string, number | null>>;

/** One product. */
export interface ProductResult {
  readonly name: string;
  readonly gflop: number;
  readonly [measure: string]: number | string | null;
}

/** The part of the comparison's JSON that times make. */
export interface Results {
  readonly trainStep64: Times;
  readonly forward1: Times;
  readonly forward64: Times;
  readonly products: readonly ProductResult[];
  readonly memory: Times;
  /** Every job of every peer: how often it ran, the least time and the median. */
  readonly times: ReadonlyArray<{
    readonly job: string;
    readonly peer: string;
    readonly runs: number;
    readonly minMs: number;
    readonly medianMs: number;
  }>;
}

const rounded = (value: number): number => Number(value.toPrecision(5));

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
}

/** The least time of a column, or null. */
function least(times: PeerTimes | undefined, column: Column): number | null {
  const all = COLUMNS[column].flatMap((peer) => times?.get(peer) ?? []);
  return all.length > 0 ? Math.min(...all) : null;
}

function timesOf(times: PeerTimes | undefined, columns: readonly Column[]): Times {
  const ours = least(times, "ours");
  const found = columns.map((column) => [column, least(times, column)] as const);
  const milliseconds = found.map(([column, ms]) => [`${column}Ms`, ms && rounded(ms)]);
  const ratios = found.filter(([column]) => column !== "ours").map(([column, ms]) => [
    `${column}OverOurs`,
    ms && ours && rounded(ms / ours),
  ]);
  return Object.fromEntries([...milliseconds, ...ratios]);
}

function productResult(product: Product, times: PeerTimes | undefined): ProductResult {
  const columns = ["ours", "stock", "pytorch", "jax"] as const;
  const found = timesOf(times, columns);
  const rates = columns.map((column) => {
    const ms = found[`${column}Ms`];
    return [`${column}Gflops`, ms && rounded(1e3 * product.gflop / ms)];
  });
  const { name, gflop } = product;
  return { name, gflop: rounded(gflop), ...found, ...Object.fromEntries(rates) };
}

/**
 * Takes the least time of each job and sets it against ours.
 *
 * @param measured Every run.
 * @returns Times in milliseconds, `stockOverOurs` and the like above 1 where ours is faster.
 */
export function resultsOf({ work, times, memory }: Measured): Results {
  const inference = ["ours", "stock", "wasm", "onnx", "pytorch", "jax"] as const;
  const [ours, stock] = [memory.get("ours"), memory.get("stock")];
  return {
    trainStep64: timesOf(times.get("trainStep64"), ["ours", "stock", "pytorch"]),
    forward1: timesOf(times.get("forward1"), inference),
    forward64: timesOf(times.get("forward64"), inference),
    products: work.products.map((product) =>
      productResult(product, times.get(productJob(product)))
    ),
    memory: {
      oursBytes: ours?.allocated ?? null,
      stockBytes: stock?.allocated ?? null,
      stockOverOurs: ours && stock ? rounded(stock.allocated / ours.allocated) : null,
      oursTensorBytes: ours?.inUse ?? null,
      stockTensorBytes: stock?.inUse ?? null,
    },
    times: [...times].flatMap(([job, byPeer]) =>
      [...byPeer].map(([peer, runs]) => ({
        job,
        peer,
        runs: runs.length,
        minMs: rounded(Math.min(...runs)),
        medianMs: rounded(median(runs)),
      }))
    ),
  };
}
