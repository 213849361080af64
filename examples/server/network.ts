/**
 * The network on what computes: logits of a batch.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { describeModel, type Engine, type FerModel } from "../../mod.ts";
import { applyInference, largestBatch } from "../../src/model.ts";
import type { ServedModel } from "./protocol.ts";

/** A network that answers. */
export class Network {
  /** What the protocol says of it. */
  readonly served: ServedModel;
  readonly #model: FerModel;
  readonly #gpu: Engine["gpu"];

  /**
   * @param model The network.
   * @param engine What it computes on.
   */
  constructor(model: FerModel, { gpu }: Pick<Engine, "gpu">) {
    this.#model = model;
    this.#gpu = gpu;
    const { preprocessing: { size, mean, std }, classes, temperature } = describeModel(model);
    const range = [-mean / std, (1 - mean) / std] as const;
    this.served = { name: "fer", version: "1", size, classes, range, temperature };
  }

  /** The largest batch that the GPU takes; the processor takes any. */
  get largestBatch(): number {
    const { maxStorageBufferBindingSize } = this.#gpu?.device.limits ?? {};
    return largestBatch(this.#model, maxStorageBufferBindingSize ?? Infinity);
  }

  /**
   * Computes a batch.
   *
   * @param images `[1, size, size]` each.
   * @returns For each image its logits.
   */
  async logits(images: readonly Float32Array[]): Promise<Float32Array[]> {
    const { size, classes } = this.served;
    const area = size * size;
    const pixels = new Float32Array(images.length * area);
    images.forEach((image, i) => pixels.set(image, i * area));
    const output = tf.tidy(() => {
      // With one channel, [N,1,H,W] and [N,H,W,1] are the same numbers in the same order.
      const input = tf.tensor4d(pixels, [images.length, size, size, 1]);
      return applyInference(this.#model, input) as tf.Tensor2D;
    });
    try {
      const result = output.data<"float32">();
      const values = await (this.#gpu?.wait(result) ?? result);
      return images.map((_, i) => values.slice(i * classes.length, (i + 1) * classes.length));
    } finally {
      output.dispose();
    }
  }
}

/** Bytes on the GPU that tfjs knows of; 0 where it computes on the processor. */
export function gpuBytes(): number {
  return (tf.memory() as { numBytesInGPU?: number }).numBytesInGPU ?? 0;
}

/** Tensors that are alive. */
export function tensors(): number {
  return tf.memory().numTensors;
}
