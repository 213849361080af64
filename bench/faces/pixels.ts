/**
 * Pictures as the others' programs take them.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Image } from "../../src/transforms.ts";

/** A picture as a tensor, `[height, width, 3]`, int32. */
export function rgbTensor({ data, width, height }: Image): tf.Tensor3D {
  const channels = data.length / (width * height);
  const rgb = new Int32Array(3 * width * height);
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
  for (let i = 0, from = 0, to = 0; i < width * height; i++, from += channels, to += 3) {
    rgb[to] = data[from];
    rgb[to + 1] = data[from + green];
    rgb[to + 2] = data[from + blue];
  }
  return tf.tensor3d(rgb, [height, width, 3], "int32");
}
