/**
 * A network's layers one after the other, and groups of them as one operation in the library's own
 * WebGPU programs: in training convolution without its bias, then BatchNorm, ReLU and 2x2 max pooling;
 * in inference convolution with BatchNorm folded into it, ReLU and pooling.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type AfterNorm, normalizeByRunning } from "../kernels/batch_norm.ts";
import { convolutionShape } from "../kernels/convolution_plan.ts";
import { fusedGlobalMaxPool, fusedGlobalPool } from "../kernels/global_pool.ts";
import { installedPlanner } from "../kernels/install.ts";
import { inOneSubmit } from "../kernels/one_submit.ts";
import { gpuBackend } from "../kernels/program.ts";
import { fusedBatchNorm } from "../ops/batch_norm_program.ts";
import { type Operation, operation, tensorOf } from "../ops/operation.ts";
import { type Block, blocksOf, layersOf, type SingleLayer } from "./blocks.ts";
import type { FerModel } from "./description.ts";
import type { FoldableWeights } from "./folded_weights.ts";
import type { FerTensor } from "./tensor.ts";

type Layer = tf.layers.Layer;

type GlobalPool = (x: tf.Tensor4D) => tf.Tensor2D;

const GLOBAL_POOLS: ReadonlyMap<string, GlobalPool> = new Map([
  ["GlobalAveragePooling2D", fusedGlobalPool],
  ["GlobalMaxPooling2D", fusedGlobalMaxPool],
]);

/** A convolution's weights, and what else tfjs wants to know. */
function plainConvolution(layer: Layer) {
  const { strides, padding, dilationRate } = layer.getConfig();
  const [kernel, bias] = layer.weights.map((weight) => weight.read() as tf.Tensor);
  return {
    kernel: kernel as tf.Tensor4D,
    bias: bias as tf.Tensor1D | undefined,
    strides: strides as [number, number],
    pad: padding as "same" | "valid",
    dilations: dilationRate as [number, number],
  };
}

/** Whether a pool leaves anything of an image: what is open in the model shows here. */
const hasWindows = (height: number, width: number) => height >= 2 && width >= 2;

/** A block in training. */
function trainBlock({ convolution, norm, relu, pool }: Block, x: tf.Tensor): tf.Tensor {
  let y = x as tf.Tensor4D;
  let bias: tf.Tensor1D | undefined;
  if (convolution) {
    // BatchNorm takes a bias out again: training does without.
    const plain = plainConvolution(convolution);
    bias = plain.bias;
    y = tf.conv2d(y, plain.kernel, plain.strides, plain.pad, "NHWC", plain.dilations);
  }
  norm.checkBatch(y.shape);
  const isFused = pool && hasWindows(y.shape[1], y.shape[2]);
  const { gamma, beta, running, epsilon } = norm.parts();
  const [scale, shift] = [gamma, beta] as tf.Tensor[] as [tf.Tensor1D, tf.Tensor1D];
  const after: AfterNorm = isFused ? "relu and pool" : relu ? "relu" : "nothing";
  const z = fusedBatchNorm(y, scale, shift, { epsilon, running, after, bias });
  return pool && !isFused ? pool.apply(z) as tf.Tensor : z;
}

/** A block outside of training. */
function inferBlock({ convolution, norm, relu, pool }: Block, x: tf.Tensor): tf.Tensor {
  const backend = gpuBackend();
  const { gamma, beta, running: { mean, variance }, epsilon } = norm.parts();
  const weights = { mean, variance, gamma, beta };
  const plan = installedPlanner();
  if (convolution && plan && x.size > 0) {
    const { kernel, bias, ...attributes } = plainConvolution(convolution);
    const shape = convolutionShape(x.shape, kernel.shape, attributes);
    if (shape && shape.outHeight > 0 && shape.outWidth > 0) {
      const isFused = pool !== undefined && hasWindows(shape.outHeight, shape.outWidth);
      const y = tensorOf(norm.folded.apply(
        backend,
        x,
        { ...weights, filter: kernel, bias, epsilon },
        shape,
        plan(backend, shape, x.shape[0]),
        { activation: relu ? "relu" : "linear", pool: isFused },
      ));
      return pool && !isFused ? pool.apply(y) as tf.Tensor : y;
    }
  }
  const y = convolution ? convolution.apply(x) as tf.Tensor : x;
  const isFused = pool && hasWindows(y.shape[1] ?? 0, y.shape[2] ?? 0);
  const after: AfterNorm = isFused ? "relu and pool" : relu ? "relu" : "nothing";
  const z = tensorOf(normalizeByRunning(backend, y, weights, epsilon, after));
  return pool && !isFused ? pool.apply(z) as tf.Tensor : z;
}

/** A block outside of training, in tfjs's own operations. */
function inferPlainBlock({ convolution, norm, relu, pool }: Block, x: tf.Tensor): tf.Tensor {
  const { gamma, beta, running: { mean, variance }, epsilon } = norm.parts();
  const weights = { mean, variance, gamma, beta, epsilon } as unknown as Omit<
    FoldableWeights,
    "filter" | "bias"
  >;
  let y: tf.Tensor;
  if (convolution) {
    const { kernel, bias, strides, pad, dilations } = plainConvolution(convolution);
    const folded = norm.foldedWeights.of({ ...weights, filter: kernel, bias });
    y = tf.fused.conv2d({
      x: x as tf.Tensor4D,
      ...folded,
      strides,
      pad,
      dilations,
      activation: relu ? "relu" : "linear",
    });
  } else {
    const z = norm.apply(x) as tf.Tensor;
    y = relu ? tf.relu(z) : z;
  }
  return pool ? tf.maxPool(y as tf.Tensor4D, 2, 2, "valid") : y;
}

/** A layer that is no part of a block. */
function applyLayer(
  { layer }: SingleLayer,
  x: tf.Tensor,
  kwargs: { training?: boolean },
): tf.Tensor {
  const pool = layer.getConfig().dataFormat === "channelsLast"
    ? GLOBAL_POOLS.get(layer.getClassName())
    : undefined;
  return pool && x.size > 0 ? pool(x as tf.Tensor4D) : layer.apply(x, kwargs) as tf.Tensor;
}

/** tfjs casts integers to float32 in name only; programs would take them at their word. */
function floats(x: tf.Tensor): tf.Tensor {
  return gpuBackend().tensorMap.get(x.dataId).dtype === "float32" ? x : tf.mul(x, 1);
}

const trainingPass: Operation<[model: FerModel, x: FerTensor], FerTensor> = operation({
  name: "training pass",
  reference: (model, x) => model.apply(x, { training: true }) as FerTensor,
  fits: (model) => blocksOf(model) !== null,
  program: (_backend, model, x) =>
    tf.tidy(() =>
      (blocksOf(model) ?? []).reduce<tf.Tensor>(
        (y, part) =>
          part.kind === "block" ? trainBlock(part, y) : applyLayer(part, y, { training: true }),
        floats(x),
      )
    ),
});

/**
 * A training pass: dropout drops, BatchNorm uses the batch and updates its running statistics.
 *
 * Call it inside `tf.variableGrads()` or `tf.tidy()`, which frees what lies between. Where tfjs
 * computes on WebGPU, BatchNorm and what stands around it are one operation.
 *
 * @param model The model.
 * @param x `[batch, height, width, 1]`, float32 in [-1, 1].
 * @returns Logits, `[batch, classes]`.
 */
export function applyTraining(model: FerModel, x: FerTensor): FerTensor {
  return trainingPass(model, x);
}

/** A part of a pass outside of training, for whoever wants to look at each. */
export interface InferenceStep {
  /** The layers that it stands for. */
  readonly layers: readonly tf.layers.Layer[];
  /** Applies them. */
  readonly apply: (x: tf.Tensor) => tf.Tensor;
}

/**
 * What {@linkcode applyInference} does one after the other where tfjs has this library's programs.
 *
 * @param model The model.
 * @returns Null where its layers do not simply follow one another: then it is applied whole.
 */
export function inferenceSteps(model: FerModel): readonly InferenceStep[] | null {
  const parts = blocksOf(model);
  return parts && parts.map((part) => ({
    layers: layersOf(part),
    apply: (x) => part.kind === "block" ? inferBlock(part, x) : applyLayer(part, x, {}),
  }));
}

/** A pass in tfjs's own operations. */
function plainPass(model: FerModel, x: FerTensor): FerTensor {
  // Other backends are for comparisons: there nothing but the layers computes.
  const parts = tf.getBackend() === "wasm" ? blocksOf(model) : null;
  if (!parts) {
    const outputs = model.apply(x);
    return Array.isArray(outputs) ? tf.concat(outputs as tf.Tensor[], 1) : outputs as FerTensor;
  }
  return tf.tidy(() =>
    parts.reduce<tf.Tensor>(
      (y, part) =>
        part.kind === "block" ? inferPlainBlock(part, y) : part.layer.apply(y) as tf.Tensor,
      x,
    )
  );
}

const inferencePass: Operation<[model: FerModel, x: FerTensor], FerTensor> = operation({
  name: "inference pass",
  reference: plainPass,
  fits: (model) => blocksOf(model) !== null,
  program: (_backend, model, x) =>
    tf.tidy(() =>
      inOneSubmit(() =>
        (inferenceSteps(model) ?? []).reduce<tf.Tensor>((y, { apply }) => apply(y), floats(x))
      )
    ),
});

/**
 * A pass outside of training, for its values: it is not differentiable.
 *
 * Call it inside `tf.tidy()`. Where tfjs computes on WebGPU or wasm, BatchNorm is folded into the convolution
 * before it: the folded weights are kept with the model, and made anew when a weight has changed.
 *
 * @param model The model.
 * @param x `[batch, height, width, 1]`, float32 in [-1, 1].
 * @returns Logits, `[batch, classes]`; those of a second output follow.
 */
export function applyInference(model: FerModel, x: FerTensor): FerTensor {
  return inferencePass(model, x);
}
