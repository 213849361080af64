/**
 * RFB-320's look at pictures, one pass for all that is shown.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { inOneSubmit } from "../kernels/one_submit.ts";
import { checkNumbers } from "./check_numbers.ts";
import { lookFar, type Shown } from "./far_look.ts";
import type { UltraLight } from "./ultra_light.ts";

/**
 * Has RFB-320 look at what is shown.
 *
 * @param network The network.
 * @param shown What is shown.
 * @returns Its answers, one after the other.
 * @throws {RangeError} When they are no numbers.
 */
export async function readLooks(
  network: UltraLight,
  shown: readonly Shown[],
): Promise<Float32Array> {
  const output = tf.tidy(() =>
    inOneSubmit(() => tf.concat(lookFar(network, shown)) as tf.Tensor1D)
  );
  try {
    const values = await output.data<"float32">();
    checkNumbers(values);
    return values;
  } finally {
    output.dispose();
  }
}
