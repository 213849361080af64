/**
 * Where a network stops seeing places and begins to weigh what it saw.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import { chainOf } from "../model/chain.ts";
import type { FerModel } from "../model/description.ts";

/** A network in two: what looks, and what decides. */
export interface SplitNetwork {
  /** From the image to the last feature map. */
  readonly features: readonly tf.layers.Layer[];
  /** From that map to the logits. */
  readonly head: readonly tf.layers.Layer[];
}

const isConvolution = (layer: tf.layers.Layer): boolean =>
  /conv/i.test(layer.getClassName()) && layer.outputShape.length === 4;

/** Whether a layer treats every place alike and keeps it where it is: normalization, activation. */
const belongsToConvolution = (layer: tf.layers.Layer): boolean =>
  /norm|e?lu|activation/i.test(layer.getClassName());

/**
 * Splits a network after its last convolution and the normalization and activation that follow it.
 *
 * @param model A chain of layers with a convolution.
 * @returns The layers before and after the last feature map.
 * @throws {TypeError} When its layers do not follow one another, or none is a convolution.
 */
export function splitAtFeatures(model: FerModel): SplitNetwork {
  const chain = chainOf(model);
  if (!chain) {
    throw new TypeError(
      `Cannot explain model ${model.name}: its layers do not simply follow one another`,
    );
  }
  const last = chain.findLastIndex(isConvolution);
  if (last < 0) {
    throw new TypeError(`Cannot explain model ${model.name}: it has no convolution`);
  }
  let end = last + 1;
  while (end < chain.length && belongsToConvolution(chain[end])) end++;
  return { features: chain.slice(0, end), head: chain.slice(end) };
}
