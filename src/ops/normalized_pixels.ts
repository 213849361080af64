/**
 * Bytes to what a network takes.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { normalizedPixels as uploadNormalized } from "../kernels/pixels.ts";
import { type Operation, operation } from "./operation.ts";

/** `[batch, height, width, 1]`. */
type PixelShape = readonly [batch: number, height: number, width: number, channels: 1];

/**
 * Uploads grey samples and scales them: (sample / 255 - mean) / std, in torchvision's order.
 *
 * Takes samples from 0 to 255, their shape, mean and deviation; gives float32 of that shape.
 */
export const normalizedPixels: Operation<
  [pixels: Uint8Array, shape: PixelShape, mean: number, std: number],
  tf.Tensor4D
> = operation({
  name: "normalized pixels",
  reference: (pixels, shape, mean, std) =>
    tf.tidy(() => {
      if (tf.getBackend() === "wasm") {
        // Here rather than in four operations on the very same processor.
        const samples = new Float32Array(pixels.length);
        for (let i = 0; i < samples.length; i++) samples[i] = (pixels[i] / 255 - mean) / std;
        return tf.tensor4d(samples, [...shape]);
      }
      const samples = tf.cast(tf.tensor4d(pixels, [...shape], "int32"), "float32");
      // A division by 255 std would be the same in real numbers.
      return tf.div(tf.sub(tf.div(samples, 255), mean), std) as tf.Tensor4D;
    }),
  program: (_backend, pixels, shape, mean, std) => uploadNormalized(pixels, shape, mean, std),
});
