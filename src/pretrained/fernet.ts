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
  sha256: "ca0ca10d4f8729f7ff42f860122a83deb4f9e7ef3e4a6630d46f0fcf0fde793a",
};
