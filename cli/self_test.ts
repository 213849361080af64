/**
 * Whether the GPU computes what it should: each operation of training against tfjs's `cpu` backend.
 *
 * A WebGPU program that fails does not throw in tfjs, it returns zeros: only a comparison tells.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { Generator, type WebGpu } from "../mod.ts";
import { checkPrograms } from "../src/kernels.ts";
import { applyTraining, buildFerCnn, namedWeights } from "../src/model.ts";
import type { ProductCandidate } from "../src/kernels/product.ts";
import {
  type Inputs,
  KERNEL_OPERATIONS,
  type Operation,
  productOperations,
} from "./kernel_operations.ts";

/** What became of one operation. */
export interface SelfTestResult {
  /** The operation. */
  readonly name: string;
  /** Whether both backends agree. */
  readonly passed: boolean;
  /** Largest difference, as a share of the largest value; infinite where it failed otherwise. */
  readonly error: number;
  /** Seconds that the GPU took, compiling its programs included. */
  readonly seconds: number;
  /** What the GPU said against it, if it did. */
  readonly message?: string;
}

/** Largest difference that rounding may explain, as a share of the largest value. */
const TOLERANCE = 1e-4;

function image(input: Inputs, channels: number): tf.Tensor4D {
  return input(1, [3, 13, 11, channels]) as tf.Tensor4D;
}

function convolve(x: tf.Tensor, filter: tf.Tensor): tf.Tensor {
  return tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, "same");
}

function crossEntropy(logits: tf.Tensor, labels: tf.Tensor): tf.Tensor {
  return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), labels), -1)));
}

/** Odd sizes on purpose: whole tiles hide mistakes at the edges. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  "convolution 3x3": (input) => convolve(image(input, 5), input(2, [3, 3, 5, 7])),
  "convolution of one channel": (input) => convolve(image(input, 1), input(2, [3, 3, 1, 9])),
  "convolution, gradient of the input": (input) => {
    const filter = input(2, [3, 3, 5, 7]);
    return tf.grad((x) => convolve(x, filter))(image(input, 5), input(3, [3, 13, 11, 7]));
  },
  "convolution, gradient of the filters": (input) => {
    const x = image(input, 5);
    return tf.grad((filter) => convolve(x, filter))(
      input(2, [3, 3, 5, 7]),
      input(3, [3, 13, 11, 7]),
    );
  },
  "max pooling": (input) => tf.maxPool(image(input, 5), 2, 2, "valid"),
  "max pooling, gradient": (input) =>
    tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, "valid"))(
      image(input, 5),
      input(3, [3, 6, 5, 5]),
    ),
  "matrix product": (input) => tf.matMul(input(1, [13, 37]), input(2, [37, 19])),
  "matrix product, gradients": (input) =>
    tf.grads((a, b) => tf.matMul(a, b))(
      [input(1, [13, 37]), input(2, [37, 19])],
      input(3, [13, 19]),
    ),
  "batch statistics": (input) => {
    const { mean, variance } = tf.moments(image(input, 5), [0, 1, 2]);
    return [mean, variance];
  },
  "batch normalization, gradients": (input) =>
    tf.grads((x, gamma, beta) => {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      return x.sub(mean).mul(tf.rsqrt(variance.add(1e-5))).mul(gamma).add(beta);
    })([image(input, 5), input(2, [5]), input(4, [5])], input(3, [3, 13, 11, 5])),
  "relu": (input) => tf.relu(image(input, 5)),
  "relu, gradient": (input) =>
    tf.grad((x) => tf.relu(x))(image(input, 5), input(3, [3, 13, 11, 5])),
  "permutation": (input) => tf.transpose(image(input, 5), [0, 3, 1, 2]),
  "softmax": (input) => tf.softmax(input(1, [13, 7])),
  "cross-entropy, gradient": (input) => {
    const labels = tf.softmax(input(2, [13, 7]));
    return tf.grad((logits) => crossEntropy(logits, labels))(input(1, [13, 7]));
  },
  "sum of squares": (input) => tf.sum(tf.square(image(input, 5))),
  "AdamW step": (input) => {
    const [weight, gradient] = [input(1, [37, 19]), input(2, [37, 19])];
    const m = gradient.mul(0.1);
    const v = tf.square(gradient).mul(0.001);
    const update = m.div(0.1).div(tf.sqrt(v.div(0.001)).add(1e-8));
    return weight.mul(1 - 1e-7).sub(update.mul(1e-3));
  },
  "a whole network, its loss and gradients": (input) => {
    // No dropout: each backend draws masks of its own.
    const options = { filters: [3, 5, 7], hidden: 11, dropout: 0, dropout2d: 0, size: 24, seed: 1 };
    const model = buildFerCnn(options);
    const images = input(1, [5, 24, 24, 1]);
    const labels = tf.softmax(input(2, [5, 7]));
    const weights = [...namedWeights(model)].filter(([, { trainable }]) => trainable);
    const { value, grads } = tf.variableGrads(
      () => crossEntropy(applyTraining(model, images), labels) as tf.Scalar,
      weights.map(([, variable]) => variable),
    );
    // A bias before a normalization has no gradient but rounding.
    const gradients = weights.filter(([name]) => !/^conv\d+\.bias$/.test(name))
      .map(([, variable]) => grads[variable.name]);
    model.dispose();
    return [value, ...gradients];
  },
  ...KERNEL_OPERATIONS,
};

function inputsOfSeed(seed: number): Inputs {
  return (stream, shape) => {
    const generator = new Generator(seed, stream);
    const values = Float32Array.from(
      { length: shape.reduce((a, b) => a * b, 1) },
      () => generator.normal(),
    );
    return tf.tensor(values, shape);
  };
}

async function compute(operation: Operation): Promise<Float32Array[]> {
  const results = tf.tidy(() => [operation(inputsOfSeed(1))].flat());
  const values: Float32Array[] = [];
  for (const result of results) values.push(await result.data<"float32">());
  tf.dispose(results);
  return values;
}

function largestError(expected: readonly Float32Array[], actual: readonly Float32Array[]): number {
  let worst = 0;
  expected.forEach((values, at) => {
    let difference = 0;
    let scale = 1e-6;
    values.forEach((value, i) => {
      const gap = Math.abs(value - actual[at][i]);
      difference = Math.max(difference, Number.isNaN(gap) ? Infinity : gap);
      scale = Math.max(scale, Math.abs(value));
    });
    worst = Math.max(worst, difference / scale);
  });
  return worst;
}

/**
 * Computes every operation on both backends.
 *
 * @param gpu The device that tfjs's `webgpu` backend computes on.
 * @param candidates How products are computed there: each is tried.
 * @param onResult Called after each operation.
 * @returns One result an operation; the backend is `webgpu` again afterwards.
 */
export async function selfTest(
  gpu: WebGpu,
  candidates: readonly ProductCandidate[],
  onResult: (result: SelfTestResult) => void = () => {},
): Promise<SelfTestResult[]> {
  const results: SelfTestResult[] = [];
  tf.env().set("PROD", true); // no advice from tfjs to install other backends
  const operations = { ...OPERATIONS, ...productOperations(candidates) };
  for (const [name, operation] of Object.entries(operations)) {
    let result: SelfTestResult;
    let begun = performance.now();
    const seconds = () => (performance.now() - begun) / 1000;
    try {
      await tf.setBackend("cpu");
      const expected = await compute(operation);
      await tf.setBackend("webgpu");
      begun = performance.now();
      const actual = await gpu.wait(compute(operation));
      // A program that the GPU refused is named, with what its compiler says.
      await checkPrograms();
      const error = largestError(expected, actual);
      result = { name, passed: error <= TOLERANCE, error, seconds: seconds() };
    } catch (error) {
      await tf.setBackend("webgpu");
      const { message } = error as Error;
      result = { name, passed: false, error: Infinity, seconds: seconds(), message };
    }
    results.push(result);
    onResult(result);
  }
  return results;
}
