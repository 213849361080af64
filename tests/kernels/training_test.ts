import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { columnSum } from "../../src/kernels/column_sum.ts";
import { crossEntropy, fusedCrossEntropy } from "../../src/kernels/cross_entropy.ts";
import { fusedDropout } from "../../src/kernels/dropout.ts";
import { normalizedPixels } from "../../src/kernels/pixels.ts";
import { assertClose, gpuTest, onCpu, randomTensor, take } from "./harness.ts";

gpuTest("columnSum() sums all but the last axis", async (backend) => {
  for (const shape of [[1, 1], [3, 5, 7, 257], [1000, 4], [70, 64, 8]]) {
    const x = randomTensor(1, shape);
    const [expected] = await onCpu([x], (x) => tf.sum(x, shape.slice(1).map((_, i) => i)));
    assertClose(await take(columnSum(backend, x)), expected, 1e-5, `[${shape}]`);
    x.dispose();
  }
});

gpuTest("crossEntropy() agrees with tfjs for hard and soft targets", async (backend) => {
  for (const [rows, classes] of [[1, 1], [5, 7], [129, 3]]) {
    const logits = tf.tidy(() => tf.mul(randomTensor(1, [rows, classes]), 30));
    const targets = tf.tidy(() => tf.abs(randomTensor(2, [rows, classes])));
    const loss = (logits: tf.Tensor, targets: tf.Tensor) =>
      tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), targets)));
    const expected = await onCpu([logits, targets], (logits, targets) => [
      loss(logits, targets),
      tf.grad((logits) => loss(logits, targets))(logits),
      tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), tf.argMax(targets, 1)), "float32")),
    ]);
    const ours = crossEntropy(backend, logits, targets);
    assertClose(await take(ours.loss), expected[0], 1e-5);
    assertClose(await take(ours.gradient), expected[1], 1e-5);
    assertEquals(await take(ours.correct), expected[2]);
    tf.dispose([logits, targets]);
  }
});

gpuTest("fusedCrossEntropy() passes the gradient on", async () => {
  const logits = tf.tensor2d([[0, 0], [2, 2]]);
  const targets = tf.tensor2d([[1, 0], [0, 1]]);
  const { value, grad } = tf.valueAndGrad((logits: tf.Tensor) =>
    tf.mul(fusedCrossEntropy(logits as tf.Tensor2D, targets).loss, 3)
  )(logits);
  assertAlmostEquals((await value.data())[0], 6 * Math.log(2), 1e-5);
  assertClose(await grad.data(), [-1.5, 1.5, 1.5, -1.5], 1e-6);
  // Of equal logits the first one counts.
  const { loss, correct } = fusedCrossEntropy(logits, targets);
  assertEquals(await correct.data(), new Float32Array([1]));
  tf.dispose([logits, targets, value, grad, loss, correct]);
});

gpuTest("fusedDropout() drops the same elements again, forward and backward", async () => {
  const x = tf.ones([50, 40]);
  const key = { seed: 42, counter: 3 };
  const drop = (x: tf.Tensor, counter = 3) => fusedDropout(x, 0.25, { ...key, counter }, false);
  const [first, again, other, gradient] = await Promise.all(
    tf.tidy(() => [drop(x), drop(x), drop(x, 4), tf.grad((x) => drop(x))(x)]).map(async (t) => {
      const data = await t.data();
      t.dispose();
      return data;
    }),
  );
  assertEquals(first, again);
  assertEquals(first, gradient);
  assert(first.some((value, i) => value !== other[i]));
  const dropped = first.filter((value) => value === 0).length;
  // 2,000 draws: 500 expected, 19 the deviation.
  assert(Math.abs(dropped - 500) < 5 * 19, `${dropped} of 2000`);
  assert(first.every((value) => value === 0 || Math.abs(value - 4 / 3) < 1e-6));
  x.dispose();
});

gpuTest("fusedDropout() drops whole channels of an image", async () => {
  const x = tf.ones([8, 3, 3, 20]);
  const y = fusedDropout(x, 0.5, { seed: 1, counter: 0 }, true);
  const data = await y.data();
  const seen = new Set<number>();
  for (let b = 0; b < 8; b++) {
    for (let c = 0; c < 20; c++) {
      const values = Array.from({ length: 9 }, (_, i) => data[(b * 9 + i) * 20 + c]);
      assertEquals(new Set(values).size, 1);
      seen.add(values[0]);
    }
  }
  assertEquals([...seen].sort(), [0, 2]);
  tf.dispose([x, y]);
});

gpuTest("normalizedPixels() is (byte / 255 - mean) / deviation", async () => {
  for (const length of [1, 6, 256]) {
    const bytes = Uint8Array.from({ length }, (_, i) => 255 - i);
    const y = normalizedPixels(bytes, [length], 0.5, 0.25);
    assertClose(await y.data(), [...bytes].map((byte) => (byte / 255 - 0.5) / 0.25), 1e-6);
    y.dispose();
  }
});
