/**
 * Which weight file this version of the library carries. Written by `deno task package-weights`.
 *
 * @module
 */
import type { PackagedWeights } from "./packaged_weights.ts";

/** The file beside this module; null in a version without one. */
export const FERNET: PackagedWeights | null = {
  file: "fernet.safetensors",
  bytes: 2_361_694,
  sha256: "a3bb88a1f21a94e59420c7a17529d0f1dbf95c2930a19029c096417bc50a2d71",
};
