/**
 * BlazeFace, the network that looks for faces (Bazarevsky et al. 2019, "BlazeFace: Sub-millisecond
 * Neural Face Detection on Mobile GPUs"), in the short-range form that MediaPipe publishes.
 *
 * The weights in `blaze_face.safetensors` are those of `face_detection_short_range.tflite` in the
 * npm package `@mediapipe/face_detection` 0.4.1657300184, copyright The MediaPipe Authors, licensed
 * under the Apache License, version 2.0 (https://www.apache.org/licenses/LICENSE-2.0): the same
 * half-precision numbers in another file format, the convolutions of scores and boxes put together.
 * `deno task package-detector` writes the file.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { runsPrograms } from "../kernels/active.ts";
import { normalizedPixels } from "../kernels/pixels.ts";
import { readSafetensors } from "../model/safetensors.ts";
import { INPUT_SIZE, OUTPUTS } from "./anchors.ts";

/** Whether a block halves height and width. */
const HALVES = [2, 5, 11];
const BLOCKS = 16;
/** The blocks whose output the two heads look at. */
const HEADS = [10, 15];

/** The network, on tfjs's current backend. */
export class BlazeFace {
  readonly #weights: ReadonlyMap<string, tf.Tensor>;

  /**
   * Makes the network.
   *
   * @param bytes The weight file.
   */
  constructor(bytes: Uint8Array) {
    const { tensors } = readSafetensors(bytes, "the face detector");
    this.#weights = new Map(
      [...tensors].map(([name, { data, shape }]) => [
        name,
        tf.keep(tf.tensor(data as Float32Array, [...shape])),
      ]),
    );
  }

  #weight<T extends tf.Tensor>(name: string): T {
    const weight = this.#weights.get(name);
    if (!weight) throw new TypeError(`Cannot find weight ${name} of the face detector`);
    return weight as T;
  }

  #convolution(x: tf.Tensor4D, name: string, stride: number, activation: "linear" | "relu") {
    return tf.fused.conv2d({
      x,
      filter: this.#weight<tf.Tensor4D>(`${name}.weight`),
      bias: this.#weight(`${name}.bias`),
      strides: stride,
      pad: "same",
      activation,
    });
  }

  /** Depthwise, then pointwise convolution, beside which the input goes straight through. */
  #block(x: tf.Tensor4D, block: number): tf.Tensor4D {
    const halves = HALVES.includes(block);
    const deep = tf.fused.depthwiseConv2d({
      x,
      filter: this.#weight<tf.Tensor4D>(`block${block}.depthwise.weight`),
      bias: this.#weight(`block${block}.depthwise.bias`),
      strides: halves ? 2 : 1,
      pad: "same",
    });
    const y = this.#convolution(deep, `block${block}.pointwise`, 1, "linear");
    const pooled = halves ? tf.maxPool(x, 2, 2, "same") : x;
    const more = y.shape[3] - pooled.shape[3];
    const straight = more > 0 ? tf.pad(pooled, [[0, 0], [0, 0], [0, 0], [0, more]]) : pooled;
    return tf.relu(tf.add(y, straight));
  }

  /**
   * Looks at pictures. Call it inside `tf.tidy()`.
   *
   * @param pixels `[batch, 128, 128, 3]`, red, green and blue from 0 to 255.
   * @param batch How many.
   * @returns For each what `decodeAnchors()` reads, `[batch, OUTPUTS]`.
   */
  apply(pixels: Uint8Array, batch: number): tf.Tensor2D {
    let x = this.#stem(pixels, batch);
    const outputs: tf.Tensor2D[] = [];
    for (let block = 0; block < BLOCKS; block++) {
      x = this.#block(x, block);
      const head = HEADS.indexOf(block);
      if (head < 0) continue;
      const y = this.#convolution(x, `head${head}`, 1, "linear");
      outputs.push(tf.reshape(y, [batch, y.size / batch]));
    }
    // In one tensor, since each that is read back costs a wait.
    return tf.concat(outputs, 1) as tf.Tensor2D;
  }

  #stem(pixels: Uint8Array, batch: number): tf.Tensor4D {
    const shape = [batch, INPUT_SIZE, INPUT_SIZE, 3] as [number, number, number, number];
    const x = runsPrograms()
      ? normalizedPixels<tf.Tensor4D>(pixels, shape, 0.5, 0.5)
      : tf.sub(tf.div(tf.cast(tf.tensor4d(pixels, shape, "int32"), "float32"), 127.5), 1);
    return this.#convolution(x as tf.Tensor4D, "stem", 2, "relu");
  }

  /** Frees the weights. */
  dispose(): void {
    tf.dispose([...this.#weights.values()]);
  }
}

export { OUTPUTS };
