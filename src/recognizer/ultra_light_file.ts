/**
 * Which weight file the detector of faces of all sizes is in. Written by `deno task package-detector`.
 *
 * @module
 */
import type { PackagedWeights } from "../pretrained/packaged_weights.ts";

/** The file beside this module. */
export const ULTRA_LIGHT: PackagedWeights = {
  file: "ultra_light.safetensors",
  bytes: 557_056,
  sha256: "34c65e956cd4869a624b3a5f64bb39a5444e313fce5e115b69acb6e04c709316",
};
