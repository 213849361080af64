/**
 * Which weight file this version of the library carries. Written by `deno task package-weights`.
 *
 * @module
 */
import type { PackagedWeights } from "./packaged_weights.ts";

/** The file beside this module; null in a version without one. */
export const FERNET: PackagedWeights | null = {
  file: "fernet.safetensors",
  bytes: 2_357_078,
  sha256: "cc8e62c7c5dd7fb8e2e16915e85f1e87c5896382eaeb35fbdd818fb364775363",
};
