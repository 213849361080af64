// deno-lint-ignore-file no-console
/**
 * What a training step of the recipe's network does besides products: tfjs's operations against the
 * library's programs, in one run. `deno run -A bench/step_kernels_bench.ts [batch] [rounds]` prints
 * milliseconds and ratios; rounds alternate between the two, the least time of each counts.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../src/backend.ts";
import { useStockKernels } from "../src/kernels/install.ts";
import { checkPrograms, gpuBackend } from "../src/kernels/program.ts";
import { BatchNorm2d } from "../src/model/batch_norm.ts";
import { SeededDropout, SeededDropout2d } from "../src/model/dropout.ts";
import { applyTraining, buildFerCnn, namedWeights, pixelsToInput } from "../src/model.ts";
import { AdamW, crossEntropy, WeightAverage } from "../src/train.ts";

const [batch = 64, rounds = 3] = Deno.args.map(Number);
const gpu = await useWebGpu();

/** How often work is done before the GPU is waited for, which takes some 10 ms of its own. */
const REPEATS = 4;

async function clock(work: () => tf.TensorContainer): Promise<number> {
  const backend = gpuBackend();
  const start = performance.now();
  for (let i = 0; i < REPEATS; i++) tf.dispose(work());
  backend.endComputePassEncoder();
  backend.ensureCommandEncoderReady();
  backend.submitQueue();
  await gpu.device.queue.onSubmittedWorkDone();
  return (performance.now() - start) / REPEATS;
}

const totals = { stock: 0, ours: 0 };

async function compare(
  name: string,
  work: () => tf.TensorContainer,
  isPartOfStep = true,
): Promise<void> {
  const least = { stock: Infinity, ours: Infinity };
  for (let round = 0; round <= rounds; round++) {
    for (const side of ["ours", "stock"] as const) {
      const restore = side === "ours" ? () => {} : useStockKernels();
      const time = await clock(work);
      restore();
      // The first round compiles.
      if (round > 0) least[side] = Math.min(least[side], time);
    }
    await checkPrograms();
    gpu.check();
  }
  if (isPartOfStep) {
    totals.stock += least.stock;
    totals.ours += least.ours;
  }
  print(name, least.stock, least.ours);
}

function print(name: string, stock: number, ours: number): void {
  const [a, b] = [stock, ours].map((ms) => ms.toFixed(1).padStart(8));
  console.log(
    `${name.padEnd(44)} stock ${a} ms  ours ${b} ms  stock / ours ${(stock / ours).toFixed(1)}`,
  );
}

console.log(`${gpu.description}, batch ${batch}, least of ${rounds}`);

for (const [size, filters] of [[48, 64], [24, 128], [12, 256]]) {
  const input = tf.input({ shape: [size, size, filters] });
  const norm = new BatchNorm2d().apply(input) as tf.SymbolicTensor;
  const relu = tf.layers.reLU().apply(norm) as tf.SymbolicTensor;
  const pool = tf.layers.maxPooling2d({ poolSize: 2 }).apply(relu) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs: pool });
  const x = tf.randomNormal([batch, size, size, filters]);
  const dy = tf.randomNormal([batch, size / 2, size / 2, filters]);
  const gradients = tf.grads((x) => applyTraining(model, x));
  const name = `BatchNorm, ReLU, pool ${size}x${size}x${filters}`;
  await compare(`${name} forward`, () => applyTraining(model, x), false);
  await compare(`${name} both ways`, () => gradients([x], dy));
  tf.dispose([x, dy]);
  model.dispose();
}

for (
  const layer of [
    new SeededDropout2d({ rate: 0.25, seed: 42, keys: [0] }),
    new SeededDropout({ rate: 0.5, seed: 42, keys: [1] }),
  ]
) {
  const x = tf.ones(layer instanceof SeededDropout2d ? [batch, 6, 6, 256] : [batch, 512]);
  const gradient = tf.grad((x) => layer.apply(x, { training: true }) as tf.Tensor);
  await compare(`${layer.getClassName()} [${x.shape}]`, () => gradient(x));
  x.dispose();
}

const logits = tf.randomNormal([batch, 7]);
const targets = tf.softmax(tf.randomNormal([batch, 7]));
const loss = tf.valueAndGrad((logits: tf.Tensor) => crossEntropy(logits, targets));
await compare("cross-entropy", () => {
  const { value, grad } = loss(logits);
  return [value, grad];
});

const pixels = Uint8Array.from({ length: batch * 48 * 48 }, (_, i) => i % 251);
await compare("bytes to input", () => pixelsToInput(pixels, [batch, 48, 48, 1]));

const model = buildFerCnn();
const weights = namedWeights(model);
const trained = new Map([...weights].filter(([, variable]) => variable.trainable));
const gradients = new Map([...trained].map(([name, { shape }]) => [name, tf.fill(shape, 1e-3)]));
const optimizer = new AdamW(trained);
await compare("AdamW, 5,093,255 parameters", () => {
  optimizer.step(gradients);
  return [];
});
print("all of a step but products", totals.stock, totals.ours);
const average = new WeightAverage(weights, 0.999);
let steps = 0;
await compare("weight average, 5,094,151 parameters", () => {
  average.update(++steps);
  return [];
}, false);
gpu.dispose();
