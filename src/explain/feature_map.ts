/**
 * Where a network stops seeing places and begins to weigh what it saw.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import { blocksOf, layersOf } from "../model/blocks.ts";
import type { FerModel } from "../model/description.ts";

/** A network in two: what looks, and what decides. */
export interface SplitNetwork {
  /** From the image to the last feature map. */
  readonly features: readonly tf.layers.Layer[];
  /** From that map to the logits. */
  readonly head: readonly tf.layers.Layer[];
}

/** Layers that look at places around each place. */
const CONVOLUTIONS: ReadonlySet<string> = new Set([
  "Conv2D",
  "Conv2DTranspose",
  "DepthwiseConv2D",
  "SeparableConv2D",
]);

/** Layers that treat every place alike and keep it where it is. */
const PLACEWISE: ReadonlySet<string> = new Set([
  "Activation",
  "BatchNormalization",
  "ELU",
  "FerBatchNorm2d",
  "LayerNormalization",
  "LeakyReLU",
  "PReLU",
  "ReLU",
]);

const isConvolution = (layer: tf.layers.Layer): boolean =>
  CONVOLUTIONS.has(layer.getClassName()) && layer.outputShape.length === 4;

/**
 * Splits a network after its last convolution and the normalization and activation that follow it.
 *
 * @param model A chain of layers with a convolution.
 * @returns The layers before and after the last feature map.
 * @throws {TypeError} When its layers do not follow one another, or none is a convolution.
 */
export function splitAtFeatures(model: FerModel): SplitNetwork {
  const parts = blocksOf(model);
  if (!parts) {
    throw new TypeError(
      `Cannot explain model ${model.name}: its layers do not simply follow one another`,
    );
  }
  const chain = parts.flatMap(layersOf);
  const last = chain.findLastIndex(isConvolution);
  if (last < 0) {
    throw new TypeError(`Cannot explain model ${model.name}: it has no convolution`);
  }
  let end = last + 1;
  while (end < chain.length && PLACEWISE.has(chain[end].getClassName())) end++;
  return { features: chain.slice(0, end), head: chain.slice(end) };
}
