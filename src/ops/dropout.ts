/**
 * Dropout whose mask is a function of a key: it can be drawn again, and is the same everywhere.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type DropoutKey, fusedDropout } from "../kernels/dropout.ts";
import { type Operation, operation } from "./operation.ts";

/** The third word of pcg3d (Jarzynski and Olano, 2020), of three words. */
function pcg(x: number, y: number, z: number): number {
  const next = (word: number) => (Math.imul(word, 1664525) + 1013904223) | 0;
  [x, y, z] = [next(x), next(y), next(z)];
  x = (x + Math.imul(y, z)) | 0;
  y = (y + Math.imul(z, x)) | 0;
  z = (z + Math.imul(x, y)) | 0;
  [x, y, z] = [x ^ (x >>> 16), y ^ (y >>> 16), z ^ (z >>> 16)];
  x = (x + Math.imul(y, z)) | 0;
  y = (y + Math.imul(z, x)) | 0;
  return (z + Math.imul(x, y)) >>> 0;
}

/** What each unit, an element or a channel, is multiplied with. */
function maskOf(units: number, rate: number, { seed, counter }: DropoutKey): Float32Array {
  const kept = 1 / (1 - rate);
  const limit = Math.fround(rate);
  return Float32Array.from(
    { length: units },
    (_, unit) => (pcg(unit, seed, counter) >>> 8) / 16777216 < limit ? 0 : kept,
  );
}

/**
 * Zeroes elements, or whole channels, and scales the others by 1 / (1 - rate).
 *
 * Takes a float32 tensor, batch first and channels last; the share that is dropped, from 0 to below
 * 1; what decides which; whether to drop an image's channels as a whole. Differentiable.
 */
export const dropout: Operation<
  [x: tf.Tensor, rate: number, key: DropoutKey, channels: boolean],
  tf.Tensor
> = operation({
  name: "dropout",
  reference: (x, rate, key, channels) =>
    tf.tidy(() => {
      const each = x.shape[x.shape.length - 1] ?? 1;
      const shape = channels
        ? x.shape.map((length, axis) => axis === 0 || axis === x.rank - 1 ? length : 1)
        : x.shape;
      const units = channels ? x.shape[0] * each : x.size;
      return tf.mul(x, tf.tensor(maskOf(units, rate, key), shape));
    }),
  program: (_backend, x, rate, key, channels) => fusedDropout(x, rate, key, channels),
});
