import { assertAlmostEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { clippingFactor } from "../../src/kernels/gradient_norm.ts";
import { clipGradientNorm } from "../../src/train/adamw.ts";
import { assertClose, gpuTest, normals, take } from "./harness.ts";

gpuTest("clippingFactor() is that of the common norm, and at most 1", async (backend) => {
  const values = [1, 3, 257, 1024, 5000].map((size, i) => normals(i, size));
  const norm = Math.sqrt(values.flatMap((v) => [...v]).reduce((sum, v) => sum + v * v, 0));
  const gradients = values.map((v) => tf.tensor1d(v));
  const [clipped] = await take(clippingFactor(backend, gradients, 2));
  assertAlmostEquals(clipped, 2 / (norm + 1e-6), 1e-6);
  const [left] = await take(clippingFactor(backend, gradients, 2 * norm));
  assertAlmostEquals(left, 1, 0);
  tf.dispose(gradients);
});

gpuTest("clipGradientNorm() scales as clip_grad_norm_ does, on WebGPU", async () => {
  const gradients = new Map<string, tf.Tensor>([
    ["p", tf.tensor1d([3, 4, 0])],
    ["q", tf.tensor1d([12])],
  ]);
  clipGradientNorm(gradients, 1);
  const [p, q] = [...gradients.values()];
  assertClose(await p.data(), [3 / 13, 4 / 13, 0], 1e-6);
  assertClose(await q.data(), [12 / 13], 1e-6);
  tf.dispose([p, q]);
});
