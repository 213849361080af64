/**
 * Which weight file this version of the library carries. Written by `deno task package-weights`.
 *
 * @module
 */
import type { PackagedWeights } from "./packaged_weights.ts";

/** The file beside this module; null in a version without one. */
export const FERNET: PackagedWeights | null = null;
