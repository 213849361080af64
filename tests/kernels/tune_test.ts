import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { candidatesFor, PRODUCT_CANDIDATES } from "../../src/kernels/candidates.ts";
import { useFerKernels } from "../../src/kernels/install.ts";
import { chooserOf, tuneKernels } from "../../src/kernels/tune.ts";
import { assertClose, gpuTest, onCpu, randomTensor } from "./harness.ts";

gpuTest("tuneKernels() finds a candidate for each product of some work", async () => {
  const a = randomTensor<tf.Tensor2D>(1, [20, 12]);
  const b = randomTensor<tf.Tensor2D>(2, [12, 8]);
  const work = () => [tf.matMul(a, b), tf.matMul(b, a, true, true), tf.matMul(a, b)];
  const candidates = PRODUCT_CANDIDATES.filter(({ rows }) => rows === 4);
  const seen: number[] = [];
  const tuned = await tuneKernels(work, {
    candidates,
    rounds: 1,
    onProduct: (_, done, all) => seen.push(done, all),
  });
  assertEquals(seen, [1, 2, 2, 2]);
  assertEquals(tuned.map(({ size }) => [size.rows, size.columns, size.depth]), [
    [20, 8, 12],
    [8, 20, 12],
  ]);
  for (const { milliseconds, untuned } of tuned) {
    assert(milliseconds > 0 && milliseconds <= untuned);
  }
  // It goes through JSON, and the products that it chooses for stay right.
  const choose = chooserOf(JSON.parse(JSON.stringify(tuned)), "software");
  assertEquals(choose(tuned[1].size, 0), tuned[1].candidate);
  const remove = useFerKernels({ choose });
  const [expected] = await onCpu([a, b], (a, b) => tf.matMul(a, b));
  const c = tf.matMul(a, b);
  assertClose(await c.data(), expected, 1e-5);
  remove();
  tf.dispose([a, b, c]);
});

Deno.test("candidatesFor() leaves out what a card has no registers for, and adds small depths", () => {
  const onCards = candidatesFor("hardware", 0);
  assert(onCards.every(({ rows, columns }) => rows * columns <= 128));
  assert(onCards.some(({ depth, down }) => depth === 8 && down === 16));
  assertEquals(candidatesFor("software", 0), PRODUCT_CANDIDATES);
});
