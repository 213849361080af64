/**
 * What FER+'s voters saw in a face: shares for training, the class of the majority for measuring.
 *
 * @module
 */
import { FERPLUS_CLASSES } from "../emotions.ts";

/**
 * What one could vote for: the eight {@linkcode FERPLUS_CLASSES}, an expression that one cannot
 * tell, and no face at all (`NF` in FER+'s file).
 */
export const VOTE_COLUMNS = [...FERPLUS_CLASSES, "unknown", "noFace"] as const;

const CLASSES = FERPLUS_CLASSES.length;
const COLUMNS = VOTE_COLUMNS.length;

/** Whether most voters saw an expression that has a name. */
function isClass(row: Uint16Array): boolean {
  return row.indexOf(Math.max(...row)) < CLASSES;
}

/** The votes for classes, without those that stand alone. */
function withoutSingles(row: Uint16Array): number[] {
  return Array.from(row.subarray(0, CLASSES), (votes) => votes > 1 ? votes : 0);
}

/** How votes are shared among the classes. */
export interface VoteShares {
  /** Each class's share, `[n, 8]`: rows that sum to 1, or to 0 where no class has two votes. */
  readonly shares: Float32Array;
  /** Whether a row says what a face shows, `[n]`: 1, or 0 where most see none, or nothing to tell. */
  readonly counted: Uint8Array;
}

/**
 * Votes as targets to train on, after Barsoum et al. (2016): a single vote for a class is dropped as
 * an error, and what remains is rescaled. Images that most took for no face or could not tell do not
 * count.
 *
 * @param votes Counts by {@linkcode VOTE_COLUMNS}, `[n, 10]`.
 * @returns Shares of the eight classes, and which rows count.
 *
 * @example
 * ```ts
 * import { voteShares } from "@fer/core/data";
 *
 * // Angry 1, happy 3, neutral 6.
 * const { shares, counted } = voteShares(Uint16Array.of(1, 0, 0, 3, 0, 0, 6, 0, 0, 0));
 * console.assert(counted[0] === 1 && shares[0] === 0 && Math.abs(shares[3] - 1 / 3) < 1e-6);
 * ```
 */
export function voteShares(votes: Uint16Array): VoteShares {
  const n = votes.length / COLUMNS;
  const shares = new Float32Array(n * CLASSES);
  const counted = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const row = votes.subarray(i * COLUMNS, (i + 1) * COLUMNS);
    const kept = withoutSingles(row);
    const total = kept.reduce((a, b) => a + b);
    if (total === 0) continue;
    shares.set(kept.map((each) => each / total), i * CLASSES);
    counted[i] = Number(isClass(row));
  }
  return { shares, counted };
}

/**
 * The class that the majority saw: with single votes dropped, the one with more than half of the
 * votes for classes that remain.
 *
 * @param votes Counts by {@linkcode VOTE_COLUMNS}, `[n, 10]`.
 * @returns An index into {@linkcode FERPLUS_CLASSES} an image, `[n]`; -1 where most saw no face or
 * could not tell, or where no class has more than half.
 *
 * @example
 * ```ts
 * import { majorityLabels } from "@fer/core/data";
 *
 * const votes = Uint16Array.of(1, 0, 0, 3, 0, 0, 6, 0, 0, 0);
 * console.assert(majorityLabels(votes)[0] === 6);
 * ```
 */
export function majorityLabels(votes: Uint16Array): Int8Array {
  const { shares, counted } = voteShares(votes);
  return Int8Array.from(counted, (counts, i) => {
    const row = shares.subarray(i * CLASSES, (i + 1) * CLASSES);
    return counts ? row.findIndex((share) => share > 0.5) : -1;
  });
}
