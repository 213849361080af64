/**
 * Counting, for programs whose loops are written out.
 *
 * @module
 */

/**
 * The first whole numbers.
 *
 * @param n How many.
 * @returns From 0 to `n - 1`.
 */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
