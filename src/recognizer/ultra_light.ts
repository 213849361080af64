/**
 * Ultra-Light RFB-320, a network that looks for faces of all sizes in one look at a picture of any
 * size (Linzaer, "Ultra-Light-Fast-Generic-Face-Detector-1MB", 2019; its receptive field block is that
 * of Liu et al. 2018, "Receptive Field Block Net").
 *
 * The weights in `ultra_light.safetensors` are those of `fr_detect.onnx` in the npm package
 * `faceplugin-face-recognition-js` 0.0.1, copyright linzai, licensed under the MIT License
 * (`ultra_light.LICENSE.txt` beside this module), rounded to half precision. Batch normalization is
 * folded into them there. `deno task package-detector` writes the file.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { readSafetensors, type TensorData } from "../model/safetensors.ts";
import { smallConvolution } from "../ops/detector_convolutions.ts";
import { filledUp } from "./filled_up.ts";

/** How a convolution is done: its name, stride, dilation and whether a ReLU follows. */
interface Convolution {
  readonly stride?: 1 | 2;
  readonly dilation?: number;
  readonly relu?: boolean;
}

/** The strides of the backbone's blocks. */
const STRIDES = [1, 2, 1, 2, 1, 1, 2, 1, 1, 2, 1] as const;
/** The block after whose output the receptive field block comes, and the first head. */
const FIELD = 5;
/** The blocks whose output the second and third head look at. */
const HEADS = [8, 10];

/** Branches of the receptive field block: how far apart the last convolution of each looks. */
const DILATIONS = [2, 3, 5];

/**
 * Weights with channels in fours, as our programs read them, on whatever computes: the picture has a
 * fourth channel, opacity, which counts for nothing, and the scores of three anchors two of zeros.
 */
function inFours(name: string, tensor: TensorData): TensorData {
  if (name === "stem.weight") return filledUp(tensor, 2);
  const isScores = /^head\d\.scores\.(?:pointwise\.)?(weight|bias)$/.test(name);
  return isScores ? filledUp(tensor, tensor.shape.length - 1) : tensor;
}

/** The network, on tfjs's current backend. */
export class UltraLight {
  /** Uploaded where they are first used. */
  readonly #tensors: ReadonlyMap<string, tf.Tensor>;

  /**
   * Makes the network.
   *
   * @param bytes The weight file.
   */
  constructor(bytes: Uint8Array) {
    const { tensors } = readSafetensors(bytes, "the face detector");
    const keep = ({ data, shape }: TensorData): tf.Tensor =>
      tf.keep(tf.tensor(data as Float32Array, [...shape]));
    this.#tensors = new Map(
      [...tensors].map(([name, tensor]) => [name, keep(inFours(name, tensor))]),
    );
  }

  #weight<T extends tf.Tensor>(name: string): T {
    const weight = this.#tensors.get(name);
    if (!weight) throw new TypeError(`Cannot find weight ${name} of the face detector`);
    return weight as T;
  }

  #convolution(x: tf.Tensor4D, name: string, how: Convolution = {}): tf.Tensor4D {
    const { stride = 1, dilation = 1, relu = false } = how;
    const filter = this.#weight<tf.Tensor4D>(`${name}.weight`);
    const bias = this.#weight(`${name}.bias`);
    // PyTorch's padding: the same at both ends, also where the stride is 2.
    const pad = filter.shape[0] === 1 ? 0 : dilation;
    return smallConvolution(x, filter, bias, { stride, dilation, pad, relu }, false);
  }

  #depthwise(x: tf.Tensor4D, name: string, stride: 1 | 2): tf.Tensor4D {
    const filter = this.#weight<tf.Tensor4D>(`${name}.weight`);
    const bias = this.#weight(`${name}.bias`);
    return smallConvolution(x, filter, bias, { stride, dilation: 1, pad: 1, relu: true }, true);
  }

  /** A depthwise, then a pointwise convolution. */
  #separable(x: tf.Tensor4D, name: string, { stride = 1, relu = true }: Convolution): tf.Tensor4D {
    const deep = this.#depthwise(x, `${name}.depthwise`, stride);
    return this.#convolution(deep, `${name}.pointwise`, { relu });
  }

  /** Looks at the same place in three widths, and straight through. */
  #receptiveField(x: tf.Tensor4D): tf.Tensor4D {
    const branches = DILATIONS.map((dilation, i) => {
      let y = this.#convolution(x, `field.branch${i}.0`);
      y = this.#convolution(y, `field.branch${i}.1`, { relu: true });
      if (i === 2) y = this.#convolution(y, `field.branch${i}.2`, { relu: true });
      return this.#convolution(y, `field.branch${i}.last`, { dilation });
    });
    const y = this.#convolution(tf.concat(branches, 3) as tf.Tensor4D, "field.together");
    return tf.relu(tf.add(y, this.#convolution(x, "field.straight")));
  }

  /**
   * Looks at a picture. Call it inside `tf.tidy()`.
   *
   * @param pixels RGBA, `[height, width, 4]`; opacity is ignored.
   * @param height Its height, a multiple of 32.
   * @param width Its width, likewise.
   * @returns What `decodePriors()` reads: for each of the four grids the scores of all anchors, then
   * their boxes.
   */
  apply(pixels: Uint8Array, height: number, width: number): tf.Tensor1D {
    const samples = new Float32Array(pixels.length);
    for (let i = 0; i < samples.length; i++) samples[i] = (pixels[i] - 127) / 128;
    const input = tf.tensor4d(samples, [1, height, width, 4]);
    const outputs: tf.Tensor1D[] = [];
    let x = this.#convolution(input, "stem", { stride: 2, relu: true });
    const look = (scores: tf.Tensor4D, boxes: tf.Tensor4D): void => {
      outputs.push(tf.reshape(scores, [-1]), tf.reshape(boxes, [-1]));
    };
    const head = (index: number): void =>
      look(
        this.#separable(x, `head${index}.scores`, { relu: false }),
        this.#separable(x, `head${index}.boxes`, { relu: false }),
      );
    STRIDES.forEach((stride, block) => {
      x = this.#separable(x, `block${block}`, { stride });
      if (block === FIELD) {
        x = this.#receptiveField(x);
        head(0);
      }
      const index = HEADS.indexOf(block);
      if (index >= 0) head(index + 1);
    });
    x = this.#convolution(x, "extra.squeeze", { relu: true });
    x = this.#separable(x, "extra", { stride: 2 });
    look(this.#convolution(x, "head3.scores"), this.#convolution(x, "head3.boxes"));
    // In one tensor, since each that is read back costs a wait.
    return tf.concat(outputs) as tf.Tensor1D;
  }

  /** Frees the weights. */
  dispose(): void {
    tf.dispose([...this.#tensors.values()]);
  }
}
