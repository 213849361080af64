/**
 * A network as what is applied at once: the one walk over its layers that fusing, folding, exporting
 * and explaining go by.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import { BatchNorm2d } from "./batch_norm.ts";
import { chainOf } from "./chain.ts";
import type { FerModel } from "./description.ts";

type Layer = tf.layers.Layer;

/** BatchNorm with what stands around it. */
export interface Block {
  /** Which kind of part this is. */
  readonly kind: "block";
  /** Before it: a convolution that gives its product and bias as they are. */
  readonly convolution?: Layer;
  /** BatchNorm itself. */
  readonly norm: BatchNorm2d;
  /** After it: ReLU without an upper bound. */
  readonly relu?: Layer;
  /** After ReLU: max pooling that halves height and width. */
  readonly pool?: Layer;
}

/** A layer that is no part of a block. */
export interface SingleLayer {
  /** Which kind of part this is. */
  readonly kind: "layer";
  /** The layer. */
  readonly layer: Layer;
}

/** What is applied at once. */
export type NetworkPart = Block | SingleLayer;

const isPair = (value: unknown, each: number): boolean =>
  Array.isArray(value) && value.length === 2 && value.every((v) => v === each);

function isReLU(layer: Layer | undefined): layer is Layer {
  return layer?.getClassName() === "ReLU" && (layer.getConfig().maxValue ?? null) === null;
}

function isHalvingPool(layer: Layer | undefined): layer is Layer {
  if (layer?.getClassName() !== "MaxPooling2D") return false;
  const { poolSize, strides, padding, dataFormat } = layer.getConfig();
  return isPair(poolSize, 2) && isPair(strides, 2) && padding === "valid" &&
    dataFormat === "channelsLast";
}

/** Whether a layer is a convolution that gives its product and bias as they are. */
function isLinearConvolution(layer: Layer): boolean {
  if (layer.getClassName() !== "Conv2D") return false;
  const { activation, dataFormat, padding } = layer.getConfig();
  return activation === "linear" && dataFormat === "channelsLast" &&
    (padding === "same" || padding === "valid");
}

const known = new WeakMap<
  FerModel,
  { readonly layers: number; readonly parts: readonly NetworkPart[] | null }
>();

/** The parts of a chain of layers. */
function partsOf(chain: readonly Layer[]): NetworkPart[] {
  const parts: NetworkPart[] = [];
  for (let i = 0; i < chain.length;) {
    const convolution = isLinearConvolution(chain[i]) ? chain[i] : undefined;
    const norm: Layer | undefined = chain[i + (convolution ? 1 : 0)];
    if (!(norm instanceof BatchNorm2d)) {
      parts.push({ kind: "layer", layer: chain[i++] });
      continue;
    }
    i += convolution ? 2 : 1;
    const relu = isReLU(chain[i]) ? chain[i++] : undefined;
    const pool = relu && isHalvingPool(chain[i]) ? chain[i++] : undefined;
    parts.push({ kind: "block", convolution, norm, relu, pool });
  }
  return parts;
}

/**
 * The parts of a network, in the order in which they are applied.
 *
 * @param model The network.
 * @returns Blocks and single layers; null where its layers do not simply follow one another.
 */
export function blocksOf(model: FerModel): readonly NetworkPart[] | null {
  const before = known.get(model);
  if (before?.layers === model.layers.length) return before.parts;
  const chain = chainOf(model);
  const parts = chain && partsOf(chain);
  known.set(model, { layers: model.layers.length, parts });
  return parts;
}

/**
 * A part's layers, in their order.
 *
 * @param part The part.
 */
export function layersOf(part: NetworkPart): readonly Layer[] {
  if (part.kind === "layer") return [part.layer];
  return [part.convolution, part.norm, part.relu, part.pool].filter((each) => each !== undefined);
}
