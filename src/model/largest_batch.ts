/**
 * How many images a device takes at once.
 *
 * @module
 */
import type { FerModel } from "./description.ts";
import { layerShapes } from "./layer_shapes.ts";

/** Bytes of a float32. */
const ELEMENT = 4;

/**
 * The largest batch whose tensors each fit a binding of the device.
 *
 * The biggest output of any layer decides: gradients have the same shapes.
 *
 * @param model The model.
 * @param maxBindingBytes The device's `limits.maxStorageBufferBindingSize`.
 * @param size Height and width of the images; by default those that the model describes.
 * @returns Images; 0 when not even one fits.
 *
 * @example WebGPU's default limit of 128 MiB
 * ```ts
 * import { buildFerCnn, largestBatch } from "@fer/core/model";
 * import { assertEquals } from "@std/assert";
 *
 * const model = buildFerCnn({ filters: [64, 8, 8], hidden: 8 });
 * // The first block's 48x48 maps of 64 channels decide.
 * assertEquals(largestBatch(model, 128 * 2 ** 20), 227);
 * model.dispose();
 * ```
 */
export function largestBatch(model: FerModel, maxBindingBytes: number, size?: number): number {
  let biggest = 1;
  for (const [, ...dimensions] of layerShapes(model, size).values()) {
    biggest = Math.max(biggest, dimensions.reduce<number>((a, b) => a * (b ?? 1), 1));
  }
  return Math.floor(maxBindingBytes / (biggest * ELEMENT));
}
