/**
 * What the options of every network have in common, and how they are checked.
 *
 * @module
 */
import { FERPLUS_CLASSES } from "../../emotions.ts";

/** Options that every network has, and what each kind of option is called. */
export interface NetworkOptions {
  /** Filters of each block or stage. */
  readonly filters: readonly number[];
  /** What one of them is called. */
  readonly part: "block" | "stage";
  /** Counts, by name. */
  readonly counts?: Readonly<Record<string, number>>;
  /** Shares that are dropped, by name. */
  readonly rates: Readonly<Record<string, number>>;
  /** Class names. */
  readonly classes: readonly string[];
  /** Whether there is a second output for FER+'s votes. */
  readonly ferPlus: boolean;
  /** Height and width of the input. */
  readonly size: number;
  /** The least height and width. */
  readonly least: number;
  /** Seed of weights and dropout. */
  readonly seed: number;
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) > 0;

/**
 * How many logits a network gives.
 *
 * @param classes Class names of its first output.
 * @param ferPlus Whether a second one tells FER+'s classes.
 */
export function outputCount(classes: readonly string[], ferPlus: boolean): number {
  return classes.length + (ferPlus ? FERPLUS_CLASSES.length : 0);
}

/**
 * Refuses options that no network can have.
 *
 * @param options The options.
 * @throws {RangeError} When one is out of range.
 */
export function checkNetworkOptions(options: NetworkOptions): void {
  const { filters, part, counts = {}, rates, classes, ferPlus, size, least, seed } = options;
  const refuse = (why: string): never => {
    throw new RangeError(`Cannot build the network: ${why}`);
  };
  if (!Array.isArray(filters) || filters.length === 0 || !filters.every(isCount)) {
    refuse(`filters must be positive integers, one a ${part}, got [${filters}]`);
  }
  for (const [name, count] of Object.entries(counts)) {
    if (!isCount(count)) refuse(`${name} must be a positive integer, got ${count}`);
  }
  for (const [name, rate] of Object.entries(rates)) {
    if (!(rate >= 0 && rate < 1)) refuse(`${name} must be from 0 to below 1, got ${rate}`);
  }
  if (!Array.isArray(classes) || classes.length < 2 || new Set(classes).size < classes.length) {
    refuse(`classes must be two or more different names, got [${classes}]`);
  }
  if (typeof ferPlus !== "boolean") refuse(`ferPlus must be true or false, got ${ferPlus}`);
  if (!isCount(size) || size < least) {
    refuse(
      `size must be an integer from ${least} on for ${filters.length} ${part}s, got ${size}`,
    );
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    refuse(`seed must be an integer from 0 to 2^53 - 1, got ${seed}`);
  }
}
