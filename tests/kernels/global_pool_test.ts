import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { fusedGlobalMaxPool, fusedGlobalPool } from "../../src/kernels/global_pool.ts";
import { assertClose, gpuTest, onCpu, randomTensor } from "./harness.ts";

gpuTest("fusedGlobalMaxPool() agrees with tfjs, forward and backward", async () => {
  for (const shape of [[1, 1, 1, 1], [2, 3, 5, 257], [64, 6, 6, 4], [3, 2, 1, 3]]) {
    const [x, upstream] = [
      randomTensor<tf.Tensor4D>(1, shape),
      randomTensor(2, [shape[0], shape[3]]),
    ];
    const [y, dx] = await onCpu([x, upstream], (x, upstream) => [
      tf.max(x, [1, 2]),
      tf.grad((x) => tf.sum(tf.mul(tf.max(x, [1, 2]), upstream)))(x),
    ]);
    const pooled = fusedGlobalMaxPool(x);
    const gradient = tf.grad((x) => tf.sum(tf.mul(fusedGlobalMaxPool(x as tf.Tensor4D), upstream)))(
      x,
    );
    assertEquals(await pooled.data(), y);
    assertClose(await gradient.data(), dx, 1e-6);
    tf.dispose([x, upstream, pooled, gradient]);
  }
});

gpuTest("fusedGlobalMaxPool() sends the gradient to the first maximum", async () => {
  const x = tf.tensor4d([1, 3, 2, 3], [1, 2, 2, 1]);
  const gradient = tf.grad((x) => tf.sum(fusedGlobalMaxPool(x as tf.Tensor4D)))(x);
  assertEquals(await gradient.data(), new Float32Array([0, 1, 0, 0]));
  tf.dispose([x, gradient]);
});

gpuTest("fusedGlobalPool() agrees with tfjs, forward and backward", async () => {
  for (const shape of [[1, 1, 1, 1], [2, 5, 3, 257], [3, 4, 4, 8]]) {
    const x = randomTensor<tf.Tensor4D>(1, shape);
    const dy = randomTensor<tf.Tensor2D>(2, [shape[0], shape[3]]);
    const [y, dx] = await onCpu([x, dy], (x, dy) => {
      const pool = (x: tf.Tensor) => tf.mean(x, [1, 2]);
      return [pool(x), tf.grad(pool)(x, dy)];
    });
    const ours = fusedGlobalPool(x);
    const gradient = tf.grad((x) => fusedGlobalPool(x as tf.Tensor4D))(x, dy);
    assertClose(await ours.data(), y, 1e-5);
    assertClose(await gradient.data(), dx, 1e-5);
    tf.dispose([x, dy, ours, gradient]);
  }
});
