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

/** Every candidate that the tuner tries. */
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

/** The candidate for a product that nobody tuned. */
export function defaultCandidate(kind: AdapterKind, size: ProductSize): ProductCandidate {
  const { rows, columns, depth, batch } = size;
  if (kind === "software") {
    // Threads cost nothing, fetching does: few and large, as far as compiling them pays (seconds,
    // once in a driver's life).
    const work = rows * columns * depth * batch;
    if (rows <= 8 || columns <= 8 || depth < 8 || work < 2 ** 16) return register(4, 4, 1, 8);
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
