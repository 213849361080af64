/**
 * Which weight file this version of the library carries. Written by `deno task package-weights`.
 *
 * @module
 */
import type { PackagedWeights } from "./packaged_weights.ts";

/** The file beside this module; null in a version without one. */
export const FERNET: PackagedWeights | null = {
  file: "fernet.safetensors",
  bytes: 2_357_086,
  sha256: "21b8502f02d7f167c5a234bb2b5f9792a562a6d2c21fd71dc6f53211e64f7d72",
};
