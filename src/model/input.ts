/**
 * From bytes on the host to what a network takes, on the device.
 *
 * @module
 */
import { PIXEL_MEAN, PIXEL_STD } from "../emotions.ts";
import { normalizedPixels } from "../ops/normalized_pixels.ts";
import type { Preprocessing } from "./description.ts";
import type { FerTensor } from "./tensor.ts";

/**
 * Uploads grey samples and scales them on the device: (sample / 255 - mean) / std.
 *
 * @param pixels Samples from 0 to 255, `[batch, height, width, 1]`.
 * @param shape That shape.
 * @param preprocessing Mean and deviation.
 * @returns float32 of the same shape, in [-1, 1] with the default mean and deviation.
 */
export function pixelsToInput(
  pixels: Uint8Array,
  shape: readonly [batch: number, height: number, width: number, channels: 1],
  preprocessing: Pick<Preprocessing, "mean" | "std"> = { mean: PIXEL_MEAN, std: PIXEL_STD },
): FerTensor {
  return normalizedPixels(pixels, shape, preprocessing.mean, preprocessing.std);
}
