/**
 * The layers of a network as ONNX's operators.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import { BatchNorm2d } from "../model/batch_norm.ts";
import { blocksOf, layersOf } from "../model/blocks.ts";
import type { FerModel } from "../model/description.ts";
import { SeededDropout } from "../model/dropout.ts";
import { type StateDict, toStateDict } from "../model/weights.ts";
import type { OnnxGraph } from "./onnx_graph.ts";
import type { OnnxAttribute } from "./onnx_message.ts";

type Layer = tf.layers.Layer;
type Attributes = Record<string, OnnxAttribute>;

/** What a layer is written with. */
interface Context {
  readonly graph: OnnxGraph;
  /** The layer's own settings. */
  readonly config: tf.serialization.ConfigDict;
  /** The weights of the network, in PyTorch's layouts, which are ONNX's too. */
  readonly weights: StateDict;
  /** BatchNorm after it, to be folded in. */
  readonly norm?: BatchNorm2d;
  /** The layer after it. */
  readonly next?: Layer;
  /** Refuses the layer. */
  readonly refuse: (why: string) => never;
}

/** Writes a layer. */
type Write = (layer: Layer, context: Context) => void;

function floats(
  weights: StateDict,
  name: string,
): { shape: readonly number[]; data: Float32Array } {
  const tensor = weights.get(name);
  if (!(tensor?.data instanceof Float32Array)) throw new Error(`Cannot find weight ${name}`);
  return { shape: tensor.shape, data: tensor.data };
}

/** Where windows begin and end: ONNX's `pads` or, where they depend on the size, `auto_pad`. */
function padding(
  same: boolean,
  window: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
): Attributes {
  if (!same) return {};
  // Where the stride is 1, tfjs pads by the window alone, the odd pixel at the end.
  if (strides.some((stride) => stride !== 1)) return { auto_pad: "SAME_UPPER" };
  const totals = window.map((size, axis) => (size - 1) * dilations[axis]);
  const begins = totals.map((total) => Math.floor(total / 2));
  return { pads: [...begins, ...totals.map((total, axis) => total - begins[axis])] };
}

function activate(layer: Layer, { graph, config, refuse }: Context): void {
  const { activation } = config;
  if (activation === "relu") graph.then("Relu", `${layer.name}.relu`);
  else if (activation !== "linear") refuse(`has the activation ${activation}`);
}

/**
 * A convolution's filters and bias, with a normalization after it folded in: it scales each output
 * channel by gamma / sqrt(variance + epsilon), and shifts what is left of the mean by beta.
 */
function folded(
  layer: Layer,
  norm: BatchNorm2d | undefined,
  weights: StateDict,
): { shape: readonly number[]; kernel: Float32Array; bias: Float32Array } {
  const { shape, data } = floats(weights, `${layer.name}.weight`);
  const channels = shape[0];
  const bias = layer.getConfig().useBias
    ? floats(weights, `${layer.name}.bias`).data
    : new Float32Array(channels);
  if (!norm) return { shape, kernel: data, bias };
  const [gamma, beta, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map(
    (part) => floats(weights, `${norm.name}.${part}`).data,
  );
  const { epsilon } = norm.parts();
  const scale = Float64Array.from(gamma, (each, c) => each / Math.sqrt(variance[c] + epsilon));
  const size = data.length / channels;
  return {
    shape,
    kernel: data.map((each, i) => each * scale[Math.floor(i / size)]),
    bias: bias.map((each, c) => beta[c] + (each - mean[c]) * scale[c]),
  };
}

const convolution: Write = (layer, context) => {
  const { graph, config, weights, norm } = context;
  const { strides, dilationRate } = config as Record<string, number[]>;
  const { shape, kernel, bias } = folded(layer, norm, weights);
  const window = shape.slice(2);
  graph.then("Conv", layer.name, [
    graph.constant(`${layer.name}.weight`, shape, kernel),
    graph.constant(`${layer.name}.bias`, [shape[0]], bias),
  ], {
    kernel_shape: window,
    ...(strides.every((each) => each === 1) ? {} : { strides }),
    ...(dilationRate.every((each) => each === 1) ? {} : { dilations: dilationRate }),
    ...padding(config.padding === "same", window, strides, dilationRate),
  });
  activate(layer, context);
};

const pool = (opType: "MaxPool" | "AveragePool"): Write => (layer, { graph, config }) => {
  const { poolSize, strides } = config as Record<string, number[]>;
  graph.then(opType, layer.name, [], {
    kernel_shape: poolSize,
    strides,
    ...padding(config.padding === "same", poolSize, strides, [1, 1]),
  });
};

const globalPool = (opType: "GlobalMaxPool" | "GlobalAveragePool"): Write => (layer, { graph }) => {
  graph.then(opType, `${layer.name}.pool`);
  graph.then("Flatten", layer.name, [], { axis: 1 });
};

const dense: Write = (layer, context) => {
  const { graph, config, weights, refuse } = context;
  if (layer.outputShape.length !== 2) refuse("is not applied to flat values");
  const { shape, data } = floats(weights, `${layer.name}.weight`);
  const inputs = [graph.constant(`${layer.name}.weight`, shape, data)];
  if (config.useBias) {
    const bias = floats(weights, `${layer.name}.bias`);
    inputs.push(graph.constant(`${layer.name}.bias`, bias.shape, bias.data));
  }
  graph.then("Gemm", layer.name, inputs, { transB: 1 });
  activate(layer, context);
};

const permute: Write = (_layer, { config, next, refuse }) => {
  // ONNX has channels first anyway.
  if (`${config.dims}` !== "3,1,2") refuse(`permutes [${config.dims}]`);
  if (next?.getClassName() !== "Flatten") refuse("is not followed by Flatten");
};

const flatten: Write = (layer, { graph }) => {
  const before = layer.inboundNodes[0].inboundLayers[0];
  if (before.getClassName() !== "Permute" && before.outputShape.length === 4) {
    graph.then("Transpose", `${layer.name}.channels_last`, [], { perm: [0, 2, 3, 1] });
  }
  graph.then("Flatten", layer.name, [], { axis: 1 });
};

const relu: Write = (layer, { graph, config, refuse }) => {
  if ((config.maxValue ?? null) !== null) refuse(`has the largest value ${config.maxValue}`);
  graph.then("Relu", layer.name);
};

const nothing: Write = () => {};

/** By the names under which tfjs knows them. */
const WRITERS: Readonly<Record<string, Write>> = {
  Conv2D: convolution,
  ReLU: relu,
  MaxPooling2D: pool("MaxPool"),
  AveragePooling2D: pool("AveragePool"),
  GlobalMaxPooling2D: globalPool("GlobalMaxPool"),
  GlobalAveragePooling2D: globalPool("GlobalAveragePool"),
  Permute: permute,
  Flatten: flatten,
  Dense: dense,
  Dropout: nothing,
};

/**
 * Appends a network to a graph whose last value is its input, `[batch, 1, height, width]`: dropout
 * left out, BatchNorm folded into the convolution before it.
 *
 * @param model The network, its layers one after the other.
 * @param graph The graph.
 * @throws {TypeError} When a layer has no counterpart.
 */
export async function appendLayers(model: FerModel, graph: OnnxGraph): Promise<void> {
  const parts = blocksOf(model);
  if (!parts) {
    throw new TypeError(
      `Cannot export model ${model.name} as ONNX: its layers do not follow one another in a row`,
    );
  }
  const weights = await toStateDict(model);
  const chain = parts.flatMap((part) =>
    layersOf(part).map((layer) => ({ layer, block: part.kind === "block" ? part : undefined }))
  );
  for (const [i, { layer, block }] of chain.entries()) {
    // A convolution is written with the normalization after it.
    if (layer === block?.norm && block.convolution) continue;
    const kind = layer.getClassName();
    const refuse = (why: string): never => {
      throw new TypeError(
        `Cannot export model ${model.name} as ONNX: layer ${layer.name} (${kind}) ${why}`,
      );
    };
    const config = layer.getConfig();
    if ((config.dataFormat ?? "channelsLast") !== "channelsLast") {
      refuse(`takes ${config.dataFormat}`);
    }
    const write = layer instanceof SeededDropout
      ? nothing
      : Object.hasOwn(WRITERS, kind)
      ? WRITERS[kind]
      : layer instanceof BatchNorm2d
      ? refuse("does not follow a convolution")
      : refuse("has no counterpart");
    const norm = layer === block?.convolution ? block.norm : undefined;
    write(layer, { graph, config, weights, norm, next: chain[i + 1]?.layer, refuse });
  }
}
