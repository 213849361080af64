/**
 * A network as its layers one after the other.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import type { FerModel } from "./description.ts";

/**
 * The layers from input to output, where each takes what the one before gives and nothing else.
 *
 * @param model The model.
 * @returns Its layers without the input layer; null for another network.
 */
export function chainOf(model: FerModel): readonly tf.layers.Layer[] | null {
  if (model.inputs.length !== 1 || model.outputs.length !== 1) return null;
  const chain: tf.layers.Layer[] = [];
  let layer = model.outputs[0].sourceLayer;
  while (layer.getClassName() !== "InputLayer") {
    chain.push(layer);
    if (layer.inboundNodes.length !== 1) return null;
    const { inboundLayers } = layer.inboundNodes[0];
    if (inboundLayers.length !== 1) return null;
    [layer] = inboundLayers;
  }
  return chain.reverse();
}
