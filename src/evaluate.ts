/**
 * How good a network is on a data set.
 *
 * @module
 */
export * from "./evaluate/evaluate.ts";
