/**
 * Whether two classifiers differ on the same rows by more than chance.
 *
 * @module
 */

/** What {@linkcode mcnemarTest} finds. */
export interface McNemarResult {
  /** Rows that the first alone gets right. */
  readonly onlyFirst: number;
  /** Rows that the second alone gets right. */
  readonly onlySecond: number;
  /** The probability of a difference as large or larger, were the two equally good. */
  readonly pValue: number;
}

/** The probability of at most `k` heads in `n` throws of a coin. */
function coinCdf(k: number, n: number): number {
  let logTerm = -n * Math.LN2;
  let sum = 0;
  for (let i = 0; i <= k; i++) {
    sum += Math.exp(logTerm);
    logTerm += Math.log((n - i) / (i + 1));
  }
  return sum;
}

/**
 * McNemar's test, exact (McNemar, 1947): of the rows that one of two classifiers alone gets right,
 * each is as likely to be the first's as the second's, were the two equally good. It is two-sided, and
 * means what it says only for rows that neither was trained on or chosen by.
 *
 * @param truth The true labels, `[n]`.
 * @param first What the first classifier says, `[n]`.
 * @param second What the second one says of the same rows, `[n]`.
 * @returns The counts and the probability.
 * @throws {RangeError} When there are no rows, or the lengths differ.
 *
 * @example
 * ```ts
 * import { mcnemarTest } from "@fer/core/metrics";
 *
 * const { onlyFirst, onlySecond, pValue } = mcnemarTest([0, 1, 1], [0, 1, 0], [0, 0, 0]);
 * console.assert(onlyFirst === 1 && onlySecond === 0 && pValue === 1);
 * ```
 */
export function mcnemarTest(
  truth: ArrayLike<number>,
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): McNemarResult {
  const { length } = truth;
  if (length === 0 || first.length !== length || second.length !== length) {
    throw new RangeError(
      `Cannot compare ${first.length} and ${second.length} predictions for ${length} rows`,
    );
  }
  let [onlyFirst, onlySecond] = [0, 0];
  for (let i = 0; i < length; i++) {
    const [a, b] = [first[i] === truth[i], second[i] === truth[i]];
    if (a && !b) onlyFirst++;
    if (b && !a) onlySecond++;
  }
  const tail = coinCdf(Math.min(onlyFirst, onlySecond), onlyFirst + onlySecond);
  return { onlyFirst, onlySecond, pValue: Math.min(1, 2 * tail) };
}
