/**
 * What the networks compute on: the best that the machine has.
 *
 * @module
 */
export * from "./engine/use_engine.ts";
