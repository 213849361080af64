/**
 * The network as one writes it with tfjs alone.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { readSafetensors } from "../../src/model.ts";
import type { Task } from "./serve.ts";

/** Layers of tfjs, with the weights that every peer has. */
export async function tfjsNetwork({ work, folder }: Task): Promise<tf.Sequential> {
  const { network: { filters, hidden, size, dropout, dropout2d }, classes } = work;
  const model = tf.sequential();
  filters.forEach((count, i) => {
    model.add(tf.layers.conv2d({
      name: `conv${i + 1}`,
      filters: count,
      kernelSize: 3,
      padding: "same",
      ...(i === 0 && { inputShape: [size, size, 1] }),
    }));
    model.add(
      tf.layers.batchNormalization({ name: `bn${i + 1}`, momentum: 0.9, epsilon: 1e-5 }),
    );
    model.add(tf.layers.reLU());
    model.add(tf.layers.maxPooling2d({ poolSize: 2 }));
  });
  const last = filters[filters.length - 1];
  model.add(tf.layers.dropout({ rate: dropout2d, noiseShape: [work.batch, 1, 1, last] }));
  model.add(tf.layers.permute({ dims: [3, 1, 2] }));
  model.add(tf.layers.flatten());
  model.add(tf.layers.dense({ name: "fc1", units: hidden, activation: "relu" }));
  model.add(tf.layers.dropout({ rate: dropout }));
  model.add(tf.layers.dense({ name: "fc2", units: classes }));

  const { tensors } = readSafetensors(await Deno.readFile(`${folder}/weights.safetensors`));
  const read = (name: string, order?: number[]) => {
    const found = tensors.get(name);
    if (!found) throw new Error(`weights.safetensors has no ${name}`);
    const tensor = tf.tensor(found.data as Float32Array, [...found.shape], "float32");
    return order ? tf.transpose(tensor, order) : tensor;
  };
  tf.tidy(() => {
    filters.forEach((_, i) => {
      const [conv, bn] = [`conv${i + 1}`, `bn${i + 1}`];
      const filter = read(`${conv}.weight`, [2, 3, 1, 0]);
      model.getLayer(conv).setWeights([filter, read(`${conv}.bias`)]);
      const parts = ["weight", "bias", "running_mean", "running_var"];
      model.getLayer(bn).setWeights(parts.map((part) => read(`${bn}.${part}`)));
    });
    for (const name of ["fc1", "fc2"]) {
      model.getLayer(name).setWeights([read(`${name}.weight`, [1, 0]), read(`${name}.bias`)]);
    }
  });
  return model;
}
