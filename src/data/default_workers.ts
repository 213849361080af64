/**
 * How many threads help where nobody says how many.
 *
 * @module
 */

/**
 * One fewer than there are cores, at most 4.
 *
 * @returns From 0 to 4.
 */
export function defaultWorkers(): number {
  const cores = globalThis.navigator?.hardwareConcurrency ?? 2;
  return Math.max(0, Math.min(4, cores - 1));
}
