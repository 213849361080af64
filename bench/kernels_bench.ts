// deno-lint-ignore-file no-console
/**
 * tfjs's kernels against ours, in one run: the products of the recipe's network and its training
 * step. `deno run -A bench/kernels_bench.ts [batch] [rounds] [step]` prints milliseconds and ratios; rounds
 * alternate between the two, and the least time of each counts; `step` leaves the single products out.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../src/backend.ts";
import { useFerKernels, useStockKernels } from "../src/kernels/install.ts";
import { checkPrograms, gpuBackend } from "../src/kernels/program.ts";
import { applyTraining, buildFerCnn } from "../src/model.ts";

type Work = () => tf.Tensor[];

const [batch = 64, rounds = 2] = Deno.args.map(Number).filter((n) => n > 0);
const onlyStep = Deno.args.includes("step");
const gpu = await useWebGpu({ kernels: "stock" });
const isCard = !gpu.isSoftware && !/llvmpipe|swiftshader/i.test(gpu.description);

/** Milliseconds until the GPU has done some work. */
async function clock(work: Work): Promise<number> {
  const backend = gpuBackend();
  const start = performance.now();
  const tensors = work();
  backend.endComputePassEncoder();
  backend.ensureCommandEncoderReady();
  backend.submitQueue();
  await gpu.device.queue.onSubmittedWorkDone();
  const time = performance.now() - start;
  tf.dispose(tensors);
  return time;
}

/** The least time of some work with tfjs's kernels and with ours, taking turns. */
async function compare(name: string, flop: number, work: Work): Promise<void> {
  const least = { stock: Infinity, ours: Infinity };
  for (let round = 0; round <= rounds; round++) {
    for (const side of ["ours", "stock"] as const) {
      const remove = side === "ours"
        ? useFerKernels({ adapter: isCard ? "hardware" : "software" })
        : useStockKernels();
      const time = await clock(work);
      remove();
      // The first round compiles.
      if (round > 0) least[side] = Math.min(least[side], time);
    }
    await checkPrograms();
    gpu.check();
  }
  const rate = (ms: number) => flop ? ` (${(flop / ms / 1e6).toFixed(1).padStart(5)} GFLOP/s)` : "";
  console.log(
    `${name.padEnd(34)} stock ${least.stock.toFixed(0).padStart(6)} ms${rate(least.stock)}  ours ` +
      `${least.ours.toFixed(0).padStart(6)} ms${rate(least.ours)}  stock / ours ${
        (least.stock / least.ours).toFixed(1)
      }`,
  );
}

if (import.meta.main) {
  console.log(`${gpu.description}, batch ${batch}, least of ${rounds}`);
  const layers = onlyStep ? [] : [[48, 1, 64], [24, 64, 128], [12, 128, 256]];
  for (const [size, channels, filters] of layers) {
    const x = tf.randomNormal<tf.Rank.R4>([batch, size, size, channels]);
    const filter = tf.randomNormal<tf.Rank.R4>([3, 3, channels, filters]);
    const dy = tf.randomNormal<tf.Rank.R4>([batch, size, size, filters]);
    const flop = 2 * batch * size * size * 9 * channels * filters;
    const convolution = (x: tf.Tensor, filter: tf.Tensor) =>
      tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, "same");
    const name = `${size}x${size} ${channels}->${filters}`;
    await compare(`${name} forward`, flop, () => [convolution(x, filter)]);
    if (channels > 1) {
      const inputGradient = tf.grad((x) => convolution(x, filter));
      await compare(`${name} input gradient`, flop, () => [inputGradient(x, dy)]);
    }
    const filterGradient = tf.grad((filter) => convolution(x, filter));
    await compare(`${name} filter gradient`, flop, () => [filterGradient(filter, dy)]);
    tf.dispose([x, filter, dy]);
  }
  if (!onlyStep) {
    const a = tf.randomNormal<tf.Rank.R2>([1024, 1024]);
    await compare("matMul 1024", 2 * 1024 ** 3, () => [tf.matMul(a, a)]);
    a.dispose();
  }

  const model = buildFerCnn();
  const images = tf.randomUniform([batch, 48, 48, 1], -1, 1);
  const labels = tf.tidy(() =>
    tf.oneHot(tf.tensor1d(Array.from({ length: batch }, (_, i) => i % 7), "int32"), 7)
  );
  await compare("forward and backward", 0, () => {
    const { value, grads } = tf.variableGrads(() =>
      tf.losses.softmaxCrossEntropy(labels, applyTraining(model, images)).asScalar()
    );
    return [value, ...Object.values(grads)];
  });
  for (const size of [1, batch]) {
    const part = tf.randomUniform([size, 48, 48, 1], -1, 1);
    await compare(`prediction of ${size}`, 0, () => [model.predict(part) as tf.Tensor]);
    part.dispose();
  }
  tf.dispose([images, labels]);
  model.dispose();
  gpu.dispose();
}
