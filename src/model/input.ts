/**
 * From bytes on the host to what a network takes, on the device.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { runsPrograms } from "../kernels/active.ts";
import { normalizedPixels } from "../kernels/pixels.ts";
import { PIXEL_MEAN, PIXEL_STD } from "../emotions.ts";
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
  const { mean, std } = preprocessing;
  if (runsPrograms()) return normalizedPixels(pixels, shape, mean, std);
  if (tf.getBackend() === "wasm") {
    // Here rather than in four operations on the very same processor.
    const samples = new Float32Array(pixels.length);
    for (let i = 0; i < samples.length; i++) samples[i] = (pixels[i] / 255 - mean) / std;
    return tf.tensor4d(samples, [...shape]);
  }
  return tf.tidy(() => {
    const samples = tf.cast(tf.tensor4d(pixels, [...shape], "int32"), "float32");
    // A division by 255 std would be the same in real numbers; this is torchvision's order.
    return tf.div(tf.sub(tf.div(samples, 255), mean), std);
  });
}
