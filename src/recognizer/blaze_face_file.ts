/**
 * Which weight file the face detector is in. Written by `deno task package-detector`.
 *
 * @module
 */
import type { PackagedWeights } from "../pretrained/packaged_weights.ts";

/** The file beside this module. */
export const BLAZE_FACE: PackagedWeights = {
  file: "blaze_face.safetensors",
  bytes: 208_996,
  sha256: "7c3c93b81ea96c6c9d6cb8033f6f70e5533496b9c9ee06a0ed86a254a342543a",
};
