/**
 * Transforms of images, with torchvision's names, defaults and meaning.
 *
 * Each works on an image in memory ({@linkcode Image}) and takes a generator, from which random ones
 * draw. On bytes they give what torchvision gives on PIL images: the same bytes.
 *
 * @example Augment a face
 * ```ts
 * import { Generator } from "@fer/core";
 * import { Compose, RandomHorizontalFlip, RandomRotation } from "@fer/core/transforms";
 *
 * const transform = new Compose([new RandomHorizontalFlip(), new RandomRotation(10)]);
 * const face = { data: new Uint8Array(48 * 48).fill(128), width: 48, height: 48 };
 * console.assert(transform.apply(face, new Generator(42)).data.length === 48 * 48);
 * ```
 *
 * @module
 */
export { Generator } from "./random.ts";
export { affine, type AffineOptions } from "./transforms/affine.ts";
export type { Interpolation, Interval, Size } from "./transforms/arguments.ts";
export * from "./transforms/center_crop.ts";
export * from "./transforms/compose.ts";
export { centerCrop, crop } from "./transforms/crop.ts";
export { FiveCrop, type FiveCropOptions } from "./transforms/five_crop.ts";
export * from "./transforms/flip.ts";
export { transformFromJSON } from "./transforms/from_json.ts";
export * from "./transforms/grayscale.ts";
export * from "./transforms/normalize.ts";
export * from "./transforms/presets.ts";
export * from "./transforms/random_affine.ts";
export * from "./transforms/random_erasing.ts";
export * from "./transforms/random_horizontal_flip.ts";
export * from "./transforms/random_resized_crop.ts";
export { RandomRotation, type RandomRotationOptions } from "./transforms/random_rotation.ts";
export * from "./transforms/random_warp.ts";
export * from "./transforms/resize.ts";
export * from "./transforms/rotate.ts";
export * from "./transforms/ten_crop.ts";
export * from "./transforms/to_tensor.ts";
export * from "./transforms/transform.ts";
