/**
 * BlazeFace, the network that looks for faces (Bazarevsky et al. 2019, "BlazeFace: Sub-millisecond
 * Neural Face Detection on Mobile GPUs"), in the short-range form that MediaPipe publishes.
 *
 * The weights in `blaze_face.safetensors` are those of `face_detection_short_range.tflite` in the
 * npm package `@mediapipe/face_detection` 0.4.1657300184, copyright The MediaPipe Authors, licensed
 * under the Apache License, version 2.0 (`blaze_face.LICENSE.txt` beside this module): the same
 * half-precision numbers in another file format, the convolutions of scores and boxes put together.
 * `deno task package-detector` writes the file.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { packSeparableBlock } from "../kernels/separable_block.ts";
import { readSafetensors, type TensorData } from "../model/safetensors.ts";
import { pictureConvolution, separableBlock } from "../ops/detector_convolutions.ts";
import { INPUT_SIZE } from "./anchors.ts";
import { filledUp } from "./filled_up.ts";

/** The blocks that halve height and width. */
const HALVES = [2, 5, 11];
const BLOCKS = 16;
/** The blocks whose output the two heads look at. */
const HEADS = [10, 15];

/** Weights on the host. */
type Weights = ReadonlyMap<string, TensorData>;

function weightOf(weights: Weights, name: string): TensorData & { readonly data: Float32Array } {
  const weight = weights.get(name);
  if (!(weight?.data instanceof Float32Array)) {
    throw new TypeError(`Cannot find weight ${name} of the face detector`);
  }
  return { ...weight, data: weight.data };
}

/** A block's channels in fours; those that are added stay zero all the way through. */
function blockWeights(tensors: Weights): Weights {
  return new Map([...tensors].map(([name, tensor]) => {
    if (!name.startsWith("block")) return [name, tensor];
    if (name.endsWith(".bias")) return [name, filledUp(tensor, 0)];
    const inputs = filledUp(tensor, 2);
    return [name, name.endsWith("pointwise.weight") ? filledUp(inputs, 3) : inputs];
  }));
}

/** The network, on tfjs's current backend. */
export class BlazeFace {
  /** Uploaded where they are first used. */
  readonly #tensors: ReadonlyMap<string, tf.Tensor>;
  /** The blocks' weights as our program reads them. */
  readonly #packed: readonly tf.Tensor[];

  /**
   * Makes the network.
   *
   * @param bytes The weight file.
   */
  constructor(bytes: Uint8Array) {
    const weights = blockWeights(readSafetensors(bytes, "the face detector").tensors);
    const keep = ({ data, shape }: Pick<TensorData, "data" | "shape">): tf.Tensor =>
      tf.keep(tf.tensor(data as Float32Array, [...shape]));
    this.#tensors = new Map([...weights].map(([name, tensor]) => [name, keep(tensor)]));
    this.#packed = Array.from({ length: BLOCKS }, (_, block) => {
      const data = packSeparableBlock({
        depthwise: weightOf(weights, `block${block}.depthwise.weight`).data,
        depthwiseBias: weightOf(weights, `block${block}.depthwise.bias`).data,
        pointwise: weightOf(weights, `block${block}.pointwise.weight`).data,
        pointwiseBias: weightOf(weights, `block${block}.pointwise.bias`).data,
      });
      return keep({ data, shape: [data.length] });
    });
  }

  #weight<T extends tf.Tensor>(name: string): T {
    return this.#tensors.get(name) as T;
  }

  #convolution(
    x: tf.Tensor4D,
    name: string,
    stride: number,
    activation: "linear" | "relu",
  ): tf.Tensor4D {
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
    const stride = HALVES.includes(block) ? 2 : 1;
    const name = `block${block}`;
    const parts = {
      depthwise: this.#weight<tf.Tensor4D>(`${name}.depthwise.weight`),
      depthwiseBias: this.#weight(`${name}.depthwise.bias`),
      pointwise: this.#weight<tf.Tensor4D>(`${name}.pointwise.weight`),
      pointwiseBias: this.#weight(`${name}.pointwise.bias`),
      packed: this.#packed[block],
    };
    return separableBlock(x, parts, stride);
  }

  /**
   * Looks at pictures. Call it inside `tf.tidy()`.
   *
   * @param pixels RGBA, `[batch, 128, 128, 4]`; opacity is ignored.
   * @param batch How many.
   * @returns For each what `decodeAnchors()` reads, `[batch, OUTPUTS]`.
   */
  apply(pixels: Uint8Array, batch: number): tf.Tensor2D {
    const stem = this.#weight<tf.Tensor4D>("stem.weight");
    let x = pictureConvolution(pixels, stem, this.#weight("stem.bias"), INPUT_SIZE);
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

  /** Frees the weights. */
  dispose(): void {
    tf.dispose([...this.#tensors.values(), ...this.#packed]);
  }
}
