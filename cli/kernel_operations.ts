/**
 * What this library's own WGSL programs compute, for the self-test: each operation runs them on
 * tfjs's `webgpu` backend, and plain operations of tfjs on its other backends.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { matMul, type MatMulShape } from "../src/kernels/matmul.ts";
import type { ProductCandidate } from "../src/kernels/product.ts";
import { operation, tensorOf } from "../src/ops/operation.ts";
import { applyInference, applyTraining, type FerModel, pixelsToInput } from "../src/model.ts";
import { BatchNorm2d } from "../src/model/batch_norm.ts";
import { SeededDropout, SeededDropout2d } from "../src/model/dropout.ts";
import { AdamW, Muon } from "../src/train.ts";
import { crossEntropyAndHits } from "../src/ops/cross_entropy.ts";

/** Inputs by number: the same values on every backend. */
export type Inputs = (stream: number, shape: number[]) => tf.Tensor;

/** Something that every backend has to agree on. */
export type Operation = (input: Inputs) => tf.Tensor | tf.Tensor[];

function convolve(x: tf.Tensor, filter: tf.Tensor, stride = 1): tf.Tensor {
  return tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, "same");
}

/** A convolution and both of its gradients. */
function convolution(size: number, channels: number, filters: number, stride = 1): Operation {
  return (input) => {
    const x = input(1, [3, 13, 11, channels]);
    const filter = input(2, [size, size, channels, filters]);
    const y = convolve(x, filter, stride);
    const gradients = tf.grads((x, filter) => convolve(x, filter, stride));
    return [y, ...gradients([x, filter], input(3, y.shape))];
  };
}

/** What a candidate is called. */
function nameOf({ family, rows, columns, down, across, depth }: ProductCandidate): string {
  const deep = family === "tile" ? `, depth ${depth}` : "";
  return `${family} of ${rows}x${columns}, ${down}x${across} threads${deep}`;
}

/** Products by one candidate of matrices as they lie, of one turned round, and of the other. */
function product(candidate: ProductCandidate): Operation {
  const { rows: high, columns: wide, down, across } = candidate;
  // One tile and a bit: whole tiles hide mistakes at the edges.
  const [rows, columns, depth] = [high * down + 3, wide * across + 5, 21];
  return (input) =>
    [[false, false], [false, true], [true, false]].map(([transposeA, transposeB], i) => {
      const a = input(2 * i, transposeA ? [depth, rows] : [rows, depth]);
      const b = input(2 * i + 1, transposeB ? [columns, depth] : [depth, columns]);
      const shape = {
        ...{ rows, columns, depth, batch: 1, sharedA: false, sharedB: false },
        ...{ transposeA, transposeB },
      };
      return productOf(a, b, shape, candidate) as tf.Tensor;
    });
}

/** A product by a candidate where there are programs, by tfjs elsewhere. */
const productOf = operation({
  name: "product by a candidate",
  reference: (
    a: tf.Tensor,
    b: tf.Tensor,
    { transposeA, transposeB }: MatMulShape,
    _candidate: ProductCandidate,
  ) => tf.matMul(a, b, transposeA, transposeB),
  program: (backend, a, b, shape, candidate) => tensorOf(matMul(backend, a, b, shape, candidate)),
});

/**
 * An operation for each candidate that an adapter's table names.
 *
 * @param candidates The table's.
 */
export function productOperations(
  candidates: readonly ProductCandidate[],
): Readonly<Record<string, Operation>> {
  return Object.fromEntries(
    candidates.map((each) => [`matrix products by ${nameOf(each)}`, product(each)]),
  );
}

/** A network of a normalization and what follows it, with given weights. */
function normalization(input: Inputs, ...after: readonly tf.layers.Layer[]): FerModel {
  const image = tf.input({ shape: [13, 11, 5] });
  const norm = new BatchNorm2d();
  const outputs = [norm, ...after].reduce<tf.SymbolicTensor>(
    (x, layer) => layer.apply(x) as tf.SymbolicTensor,
    image,
  );
  const variance = tf.square(input(7, [5]));
  norm.setWeights([input(4, [5]), input(5, [5]), input(6, [5]), tf.add(variance, 1)]);
  return tf.model({ inputs: image, outputs });
}

/** A training pass, its gradients and running statistics, and a pass in inference. */
function normalize(makeAfter: () => tf.layers.Layer[], shape: number[]): Operation {
  return (input) => {
    const x = input(1, [3, 13, 11, 5]);
    const model = normalization(input, ...makeAfter());
    const weights = model.weights.map((weight) => weight.read() as tf.Variable);
    const [gamma, beta, ...running] = weights;
    const variable = tf.variable(x);
    const dy = input(3, shape);
    let y: tf.Tensor | undefined;
    const { grads } = tf.variableGrads(() => {
      y = tf.keep(applyTraining(model, variable));
      return tf.sum(tf.mul(y, dy)).asScalar();
    }, [variable, gamma, beta]);
    const results = [
      ...(y ? [y.clone()] : []),
      ...[variable, gamma, beta].map(({ name }) => grads[name]),
      ...running.map((statistic) => tf.clone(statistic as tf.Tensor)),
      applyInference(model, x),
    ];
    y?.dispose();
    variable.dispose();
    model.dispose();
    return results;
  };
}

/** Inference of a convolution 3x3 and the normalization, ReLU and pooling after it. */
function folded(channels: number, filters: number): Operation {
  return (input) => {
    const convolution = tf.layers.conv2d({ filters, kernelSize: 3, padding: "same" });
    const norm = new BatchNorm2d();
    const image = tf.layers.inputLayer({ inputShape: [13, 11, channels] });
    const model = tf.sequential({ layers: [image, convolution, norm, relu(), pool()] });
    convolution.setWeights([input(2, [3, 3, channels, filters]), input(3, [filters])]);
    const [gamma, beta, mean, spread] = [4, 5, 6, 7].map((stream) => input(stream, [filters]));
    norm.setWeights([gamma, beta, mean, tf.add(tf.square(spread), 1)]);
    const y = applyInference(model, input(1, [3, 13, 11, channels]));
    model.dispose();
    return y;
  };
}

/** A layer's output and its gradient in the input. */
function differentiated(makeLayer: () => tf.layers.Layer, shape: number[]): Operation {
  return (input) => {
    const image = tf.layers.inputLayer({ inputShape: [13, 11, 5] });
    const model = tf.sequential({ layers: [image, makeLayer()] });
    const x = input(1, [3, 13, 11, 5]);
    const gradient = tf.grad((x) => applyTraining(model, x))(x, input(3, shape));
    return [applyInference(model, x), gradient];
  };
}

/** Whether dropout drops the same again, scales what it keeps, and drops about its share. */
function dropout(make: () => SeededDropout): Operation {
  return (input) => {
    const x = tf.add(tf.abs(input(1, [13, 5, 7, 40])), 1);
    const [y, again] = [make(), make()].map((layer) => layer.call(x, { training: true }));
    const isKept = tf.cast(tf.notEqual(y, 0), "float32");
    const dropped = tf.sub(1, tf.mean(isKept));
    return [
      tf.sub(y, again),
      // 1 everywhere: what is kept is divided by its share.
      tf.add(tf.div(tf.mul(y, 0.75), x), tf.sub(1, isKept)),
      // 520 draws of a quarter at the least: 0.019 is the deviation.
      tf.cast(tf.less(tf.abs(tf.sub(dropped, 0.25)), 0.095), "float32"),
    ];
  };
}

/** Weights after two steps of an optimizer. */
function twoSteps(
  shapes: readonly number[][],
  optimizerOf: (weights: ReadonlyMap<string, tf.Variable>) => AdamW | Muon,
): Operation {
  return (input) => {
    const weights = shapes.map((shape, i) => tf.variable(input(i, shape)));
    const optimizer = optimizerOf(new Map(weights.map((weight, i) => [`${i}`, weight])));
    const gradients = shapes.map((shape, i) => [`${i}`, input(10 + i, shape)] as const);
    optimizer.step(new Map(gradients));
    optimizer.step(new Map(gradients));
    const results = weights.map((weight) => tf.clone(weight as tf.Tensor));
    optimizer.dispose();
    tf.dispose(weights);
    return results;
  };
}

const dropoutOptions = { rate: 0.25, seed: 1, keys: [2] } as const;
const relu = (): tf.layers.Layer => tf.layers.reLU();
const pool = (): tf.layers.Layer => tf.layers.maxPooling2d({ poolSize: 2 });

/** Operations by what people call them. */
export const KERNEL_OPERATIONS: Readonly<Record<string, Operation>> = {
  "convolution 3x3 of many channels (Winograd), gradients": convolution(3, 20, 16),
  "convolution 3x3 of odd channels, gradients": convolution(3, 17, 18),
  "convolution 3x3 of one channel, gradients": convolution(3, 1, 12),
  "convolution 1x1, gradients": convolution(1, 6, 9),
  "convolution 2x2 by steps of 2, gradients": convolution(2, 5, 8, 2),
  "matrix product with bias and ReLU": (input) =>
    tf.fused.matMul({
      a: input(1, [13, 37]),
      b: input(2, [19, 37]),
      transposeB: true,
      bias: input(3, [19]),
      activation: "relu",
    }),
  "normalization, gradients": normalize(() => [], [3, 13, 11, 5]),
  "normalization and ReLU, gradients": normalize(() => [relu()], [3, 13, 11, 5]),
  "normalization, ReLU and pooling, gradients": normalize(() => [relu(), pool()], [3, 6, 5, 5]),
  "convolution with the normalization folded in": folded(5, 7),
  "convolution with the normalization folded in (Winograd)": folded(20, 16),
  "convolution with the normalization folded in, of one channel": folded(1, 8),
  "global average pooling, gradient": differentiated(
    () => tf.layers.globalAveragePooling2d({}),
    [3, 5],
  ),
  "global max pooling, gradient": differentiated(() => tf.layers.globalMaxPooling2d({}), [3, 5]),
  "cross-entropy and hits, gradient": (input) => {
    const logits = input(1, [13, 7]);
    const targets = tf.softmax(input(2, [13, 7]));
    const { loss, correct } = crossEntropyAndHits(logits, targets);
    const gradient = tf.grad((logits) => crossEntropyAndHits(logits, targets).loss)(logits);
    return [loss, correct, gradient];
  },
  "AdamW over several weights": twoSteps(
    [[37, 19], [5], [3, 3, 2, 4]],
    (weights) => new AdamW(weights),
  ),
  "Muon over several filters": twoSteps(
    [[3, 3, 1, 16], [3, 3, 2, 9], [3, 3, 5, 16], [7, 5]],
    (weights) => new Muon(weights),
  ),
  "dropout, the same again": dropout(() => new SeededDropout(dropoutOptions)),
  "dropout of channels, the same again": dropout(() => new SeededDropout2d(dropoutOptions)),
  "channels last to first and back": (input) => {
    const [odd, blocks] = [input(1, [3, 5, 7, 9]), input(2, [3, 4, 2, 12])];
    return [odd, blocks].flatMap((x) => {
      const first = tf.transpose(x, [0, 3, 1, 2]);
      return [first, tf.transpose(first, [0, 2, 3, 1])];
    });
  },
  "pixels to input": () => {
    const pixels = Uint8Array.from({ length: 3 * 7 * 5 }, (_, i) => 31 * i % 256);
    return pixelsToInput(pixels, [3, 7, 5, 1], { mean: 0.4, std: 0.25 });
  },
};
