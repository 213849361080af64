/**
 * The ways to cut products up, as data: what there is to try, and what to take untried.
 *
 * @module
 */
import type { ProductCandidate } from "./product.ts";

const tile = (
  rows: number,
  columns: number,
  down: number,
  across: number,
  depth: number,
): ProductCandidate => ({ family: "tile", rows, columns, down, across, depth });

const register = (
  rows: number,
  columns: number,
  down: number,
  across: number,
): ProductCandidate => ({ family: "register", rows, columns, down, across, depth: 0 });

const subgroup = (
  rows: number,
  columns: number,
  lanes: number,
  across: number,
): ProductCandidate => ({ family: "subgroup", rows, columns, down: lanes, across, depth: 1 });

/** Every candidate that the tuner tries, but for those of subgroups. */
export const PRODUCT_CANDIDATES: readonly ProductCandidate[] = [
  tile(16, 16, 8, 8, 32),
  tile(16, 16, 8, 4, 32),
  tile(16, 16, 4, 8, 32),
  tile(16, 16, 8, 8, 16),
  tile(16, 16, 4, 8, 16),
  tile(16, 8, 4, 8, 16),
  tile(8, 16, 8, 8, 16),
  tile(8, 8, 8, 8, 16),
  tile(8, 8, 4, 8, 16),
  tile(4, 8, 8, 8, 16),
  tile(4, 4, 8, 8, 32),
  tile(4, 4, 16, 16, 16),
  register(16, 16, 1, 8),
  register(8, 16, 1, 8),
  register(8, 8, 1, 8),
  register(8, 8, 8, 8),
  register(4, 4, 1, 8),
  register(4, 4, 8, 8),
];

/** What the tuner tries on cards besides: small depths, which leave room for more workgroups. */
const CARD_CANDIDATES: readonly ProductCandidate[] = [
  tile(8, 8, 16, 16, 8),
  tile(8, 8, 8, 8, 8),
  tile(8, 4, 8, 8, 16),
  tile(4, 4, 8, 8, 8),
  tile(4, 4, 8, 8, 16),
  tile(4, 4, 16, 16, 8),
];

/** Sums a thread of a card has registers for: what needs more spills them into memory. */
const MOST_SUMS = 128;

/**
 * Every candidate that the tuner tries on an adapter.
 *
 * @param kind What computes.
 * @param lanes Threads of a subgroup; 0 for none.
 */
export function candidatesFor(kind: AdapterKind, lanes: number): readonly ProductCandidate[] {
  const all = [...subgroupCandidates(lanes), ...PRODUCT_CANDIDATES];
  if (kind === "software") return all;
  const fitting = all.filter(({ family, rows, columns }) =>
    // A subgroup shares its columns out among its threads.
    rows * (family === "subgroup" ? columns / Math.max(1, lanes) : columns) <= MOST_SUMS
  );
  return [...fitting, ...CARD_CANDIDATES];
}

/**
 * The candidates that the tuner tries on a device with subgroups.
 *
 * @param lanes Threads of a subgroup; 0 for none.
 */
export function subgroupCandidates(lanes: number): readonly ProductCandidate[] {
  if (lanes === 0) return [];
  const columns = Math.max(32, lanes);
  return [4, 6, 8].flatMap((rows) =>
    [1, 2, 4, 8].map((across) => subgroup(rows, columns, lanes, across))
  );
}

/** Bytes of workgroup memory that a candidate takes. */
export function workgroupBytes(c: ProductCandidate): number {
  return c.family === "tile" ? c.depth * (c.rows * c.down + c.columns * c.across) * 4 : 0;
}

/** A candidate with as much of its depth in workgroup memory as a device has room for. */
export function fitted(c: ProductCandidate, bytes: number): ProductCandidate {
  let { depth } = c;
  while (depth > 4 && workgroupBytes({ ...c, depth }) > bytes) depth = Math.ceil(depth / 8) * 4;
  return depth === c.depth ? c : { ...c, depth };
}

/** Sizes of a product, all that the choice of a candidate depends on. */
export interface ProductSize {
  /** Rows of the product. */
  readonly rows: number;
  /** Columns of the product. */
  readonly columns: number;
  /** What is summed over. */
  readonly depth: number;
  /** How many products at once. */
  readonly batch: number;
  /** Whether A is stored `[depth, rows]`. */
  readonly transposeA: boolean;
  /** Whether B is stored `[columns, depth]`. */
  readonly transposeB: boolean;
}

/** Which table to take untried: an adapter that computes on the processor, or a card. */
export type AdapterKind = "software" | "hardware";

/**
 * The candidate for a product that nobody tuned.
 *
 * @param kind What computes.
 * @param size The product.
 * @param lanes Threads of a subgroup; 0 where a device has none.
 */
export function defaultCandidate(
  kind: AdapterKind,
  size: ProductSize,
  lanes = 0,
): ProductCandidate {
  const { rows, columns, depth, batch } = size;
  if (kind === "software") {
    // Threads cost nothing, fetching does: few and large, as far as compiling them pays (seconds,
    // once in a driver's life).
    const work = rows * columns * depth * batch;
    if (rows <= 8 || columns <= 8 || depth < 8 || work < 2 ** 16) return register(4, 4, 1, 8);
    // A subgroup's fetches are its own, so that small products gain as much as large ones.
    if (lanes > 0 && lanes <= 32 && columns >= 32) {
      const across = columns >= 128 ? 4 : columns >= 64 ? 2 : 1;
      return subgroup(rows >= 8 * lanes ? 8 : 4, 32, lanes, across);
    }
    if (work < 2 ** 24) return tile(8, 8, 4, 8, 16);
    if (rows <= 32) return tile(8, 16, 4, 8, 16);
    if (rows < 48) return tile(16, 8, 4, 8, 16);
    if (rows <= 96) return tile(16, 16, 4, 8, 32);
    return columns <= 96 ? tile(16, 16, 8, 4, 32) : tile(16, 16, 8, 8, 32);
  }
  // Enough workgroups to fill a card come first, then the size of the tile.
  const groups = (c: ProductCandidate) =>
    Math.ceil(rows / (c.rows * c.down)) * Math.ceil(columns / (c.columns * c.across)) * batch;
  const large = tile(8, 8, 8, 8, 16);
  const medium = tile(4, 8, 8, 8, 16);
  if (groups(large) >= 128) return large;
  if (groups(medium) >= 64) return medium;
  return tile(4, 4, 8, 8, 32);
}

/** Sizes from the smallest to the largest that a table tells apart. */
const PROBES = [1, 8, 16, 32, 64, 128, 512, 4096] as const;

/**
 * Every candidate that a table names for some product: what an adapter has to compute right.
 *
 * @param choose The table: by default the one that nobody tuned.
 */
export function candidatesOf(
  choose: (size: ProductSize) => ProductCandidate,
): readonly ProductCandidate[] {
  const found = new Map<string, ProductCandidate>();
  for (const rows of PROBES) {
    for (const columns of PROBES) {
      for (const depth of PROBES) {
        const size = { rows, columns, depth, batch: 1, transposeA: false, transposeB: false };
        const candidate = choose(size);
        found.set(JSON.stringify(candidate), candidate);
      }
    }
  }
  return [...found.values()];
}
