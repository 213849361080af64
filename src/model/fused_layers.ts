/**
 * A network's layers one after the other, and groups of them as one operation: convolution without
 * its bias, BatchNorm, ReLU and 2x2 max pooling, in the library's own WebGPU programs.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { runsPrograms } from "../kernels/active.ts";
import { type AfterNorm, normalizeByRunning } from "../kernels/batch_norm.ts";
import { gpuBackend } from "../kernels/program.ts";
import { BatchNorm2d } from "./batch_norm.ts";
import type { FerModel } from "./description.ts";
import { fusedBatchNorm } from "./fused_batch_norm.ts";
import type { FerTensor } from "./tensor.ts";

/** A convolution whose bias BatchNorm takes out again, so that training can do without. */
interface PlainConvolution {
  readonly kernel: tf.Variable;
  readonly bias?: tf.Variable;
  readonly strides: [number, number];
  readonly padding: "same" | "valid";
  readonly dilations: [number, number];
}

/** What is applied at once. */
type Part =
  | { readonly kind: "layer"; readonly layer: tf.layers.Layer }
  | {
    readonly kind: "norm";
    readonly convolution?: tf.layers.Layer;
    readonly norm: BatchNorm2d;
    readonly after: AfterNorm;
  };

const plans = new WeakMap<FerModel, { layers: number; parts: readonly Part[] | null }>();

/** The layers from input to output if each has one predecessor and one successor, else null. */
function chainOf(model: FerModel): readonly tf.layers.Layer[] | null {
  const { layers } = model;
  if (model.inputs.length !== 1 || model.outputs.length !== 1) return null;
  if (layers[0].getClassName() !== "InputLayer") return null;
  for (let i = 1; i < layers.length; i++) {
    const [before, layer] = [layers[i - 1], layers[i]];
    if (layer.inboundNodes.length !== 1 || before.outboundNodes.length !== 1) return null;
    const [node] = layer.inboundNodes;
    if (node.inboundLayers.length !== 1 || node.inboundLayers[0] !== before) return null;
  }
  const isLast = model.outputs[0].sourceLayer === layers[layers.length - 1];
  return isLast ? layers.slice(1) : null;
}

const isPair = (value: unknown, each: number): boolean =>
  Array.isArray(value) && value.length === 2 && value.every((v) => v === each);

function isReLU(layer: tf.layers.Layer | undefined): boolean {
  return layer?.getClassName() === "ReLU" && (layer.getConfig().maxValue ?? null) === null;
}

function isHalvingPool(layer: tf.layers.Layer | undefined): boolean {
  if (layer?.getClassName() !== "MaxPooling2D") return false;
  const { poolSize, strides, padding, dataFormat } = layer.getConfig();
  const [, height, width] = layer.inboundNodes[0].inputShapes[0] as (number | null)[];
  return isPair(poolSize, 2) && isPair(strides, 2) && padding === "valid" &&
    dataFormat === "channelsLast" && Number(height) >= 2 && Number(width) >= 2;
}

/** Whether a layer is a convolution that gives its product and bias as they are. */
function isLinearConvolution(layer: tf.layers.Layer | undefined): boolean {
  if (layer?.getClassName() !== "Conv2D") return false;
  const { activation, dataFormat, padding } = layer.getConfig();
  return activation === "linear" && dataFormat === "channelsLast" &&
    (padding === "same" || padding === "valid");
}

/** The parts of a chain of layers; null for another network. */
function partsOf(model: FerModel): readonly Part[] | null {
  const known = plans.get(model);
  if (known?.layers === model.layers.length) return known.parts;
  const chain = chainOf(model);
  const parts: Part[] = [];
  for (let i = 0; chain && i < chain.length;) {
    const convolution = isLinearConvolution(chain[i]) ? chain[i] : undefined;
    const norm = chain[i + (convolution ? 1 : 0)];
    if (!(norm instanceof BatchNorm2d)) {
      parts.push({ kind: "layer", layer: chain[i++] });
      continue;
    }
    i += convolution ? 2 : 1;
    let after: AfterNorm = "nothing";
    if (isReLU(chain[i])) {
      i++;
      after = "relu";
      if (isHalvingPool(chain[i])) {
        i++;
        after = "relu and pool";
      }
    }
    parts.push({ kind: "norm", convolution, norm, after });
  }
  const plan = { layers: model.layers.length, parts: chain && parts };
  plans.set(model, plan);
  return plan.parts;
}

function plainConvolution(layer: tf.layers.Layer): PlainConvolution {
  const { strides, padding, dilationRate } = layer.getConfig();
  const [kernel, bias] = layer.weights.map((weight) => weight.read() as tf.Variable);
  return {
    kernel,
    bias,
    strides: strides as [number, number],
    padding: padding as "same" | "valid",
    dilations: dilationRate as [number, number],
  };
}

/**
 * A training pass: dropout drops, BatchNorm uses the batch and updates its running statistics.
 *
 * Call it inside `tf.variableGrads()` or `tf.tidy()`, which frees what lies between. Where tfjs
 * computes on WebGPU, BatchNorm and what stands around it are one operation.
 *
 * @param model The model.
 * @param x `[batch, size, size, 1]`, float32 in [-1, 1].
 * @returns Logits, `[batch, classes]`.
 */
export function applyTraining(model: FerModel, x: FerTensor): FerTensor {
  const parts = runsPrograms() ? partsOf(model) : null;
  if (!parts) return model.apply(x, { training: true }) as FerTensor;
  return tf.tidy(() => {
    let y = x as tf.Tensor;
    for (const part of parts) {
      if (part.kind === "layer") {
        y = part.layer.apply(y, { training: true }) as tf.Tensor;
        continue;
      }
      const { convolution, norm, after } = part;
      let bias: tf.Variable | undefined;
      if (convolution) {
        const plain = plainConvolution(convolution);
        bias = plain.bias;
        y = tf.conv2d(
          y as tf.Tensor4D,
          plain.kernel as tf.Tensor as tf.Tensor4D,
          plain.strides,
          plain.padding,
          "NHWC",
          plain.dilations,
        );
      }
      norm.checkBatch(y.shape);
      const { gamma, beta, running, epsilon } = norm.parts();
      y = fusedBatchNorm(
        y as tf.Tensor4D,
        gamma as tf.Tensor as tf.Tensor1D,
        beta as tf.Tensor as tf.Tensor1D,
        { epsilon, running, after, bias: bias as tf.Tensor | undefined as tf.Tensor1D | undefined },
      );
    }
    return y;
  });
}

/**
 * A pass outside of training, for its values: it is not differentiable.
 *
 * Call it inside `tf.tidy()`. Where tfjs computes on WebGPU, BatchNorm, ReLU and pooling are one
 * program.
 *
 * @param model The model.
 * @param x `[batch, size, size, 1]`, float32 in [-1, 1].
 * @returns Logits, `[batch, classes]`.
 */
export function applyInference(model: FerModel, x: FerTensor): FerTensor {
  const parts = runsPrograms() ? partsOf(model) : null;
  if (!parts) return model.apply(x) as FerTensor;
  return tf.tidy(() => {
    let y = x as tf.Tensor;
    for (const part of parts) {
      if (part.kind === "layer") {
        y = part.layer.apply(y) as tf.Tensor;
        continue;
      }
      if (part.convolution) y = part.convolution.apply(y) as tf.Tensor;
      const { gamma, beta, running: { mean, variance }, epsilon } = part.norm.parts();
      const weights = { mean, variance, gamma, beta };
      y = tf.engine().makeTensorFromTensorInfo(
        normalizeByRunning(gpuBackend(), y, weights, epsilon, part.after),
      );
    }
    return y;
  });
}
