/**
 * What is the same for every peer that computes with tfjs.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type Job, noise, type Task } from "./serve.ts";
import { type Product, productJob } from "./work.ts";

/** The parts of tfjs's WebGPU backend that tell when it is done and what it holds. */
interface WebGpuBackend {
  readonly device: GPUDevice;
  readonly bufferManager: { readonly numBytesAllocated: number };
  endComputePassEncoder(): void;
  ensureCommandEncoderReady(): void;
  submitQueue(): void;
}

const webGpu = (): WebGpuBackend => tf.backend() as unknown as WebGpuBackend;

/** Resolves when the GPU has done all that tfjs has recorded. */
export async function waitForGpu(): Promise<void> {
  const backend = webGpu();
  backend.endComputePassEncoder();
  backend.ensureCommandEncoderReady();
  backend.submitQueue();
  await backend.device.queue.onSubmittedWorkDone();
}

/** Bytes on the GPU: those of tensors, and all that tfjs has allocated and keeps. */
export function gpuMemory(): Promise<{ inUse: number; allocated: number }> {
  const { numBytesInGPU = 0 } = tf.memory() as { numBytesInGPU?: number };
  const { numBytesAllocated } = webGpu().bufferManager;
  return Promise.resolve({ inUse: numBytesInGPU, allocated: numBytesAllocated });
}

/** The first `count` images as a tensor. */
export function imageTensor({ work, images }: Task, count: number): tf.Tensor4D {
  const { size } = work.network;
  return tf.tensor4d(images.subarray(0, count * size ** 2), [count, size, size, 1]);
}

/** Forward passes of 1 and of all images, each until the logits are back, and what they give. */
export function forward(
  task: Task,
  apply: (x: tf.Tensor) => tf.Tensor,
): { jobs: Record<string, Job>; logits: () => Promise<number[]> } {
  const [one, all] = [1, task.work.batch].map((count) => imageTensor(task, count));
  const logits = async (x: tf.Tensor) => {
    const result = tf.tidy(() => apply(x));
    const values = await result.data();
    result.dispose();
    return [...values];
  };
  const job = (x: tf.Tensor): Job => ({
    async run() {
      await logits(x);
    },
  });
  return { jobs: { forward1: job(one), forward64: job(all) }, logits: () => logits(one) };
}

function productOf({ kind, batch, size, channels, filters }: Product): () => tf.Tensor {
  const random = (seed: number, shape: number[]) =>
    tf.tensor(noise(seed, shape.reduce((a, b) => a * b)), shape);
  if (kind === "matMul") {
    const [a, b] = [random(1, [size, size]), random(2, [size, size])];
    return () => tf.matMul(a, b);
  }
  const convolve = (x: tf.Tensor, filter: tf.Tensor) =>
    tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, "same");
  const [x, filter, dy] = [
    random(1, [batch, size, size, channels]),
    random(2, [3, 3, channels, filters]),
    random(3, [batch, size, size, filters]),
  ];
  // tf.grad() would compute the forward convolution as well.
  const attributes = { strides: [1, 1], pad: "same", dataFormat: "NHWC" };
  const kernel = (name: string, inputs: tf.NamedTensorMap, shape: Record<string, number[]>) => () =>
    tf.engine().runKernel(name, inputs, { ...attributes, ...shape }) as tf.Tensor;
  switch (kind) {
    case "forward":
      return () => convolve(x, filter);
    case "inputGradient":
      return kernel("Conv2DBackpropInput", { dy, filter }, { inputShape: x.shape });
    case "filterGradient":
      return kernel("Conv2DBackpropFilter", { x, dy }, { filterShape: filter.shape });
  }
}

/** The products, on tfjs's `webgpu` backend. Their inputs are made when they are first asked for. */
export function productJobs({ work }: Task): Record<string, Job> {
  return Object.fromEntries(work.products.map((product) => {
    let compute: (() => tf.Tensor) | undefined;
    const run = () => {
      compute ??= productOf(product);
      compute().dispose();
    };
    return [productJob(product), { run, wait: waitForGpu }];
  }));
}
