import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { WeightAverage } from "../../src/train/ema.ts";

tf.env().set("PROD", true);
await tf.setBackend("cpu");

Deno.test("WeightAverage warms its decay up as (1 + steps) / (10 + steps)", () => {
  const before = tf.memory().numTensors;
  const weight = tf.tidy(() => tf.variable(tf.scalar(0)));
  const average = new WeightAverage(new Map([["w", weight]]), 0.99);
  tf.tidy(() => weight.assign(tf.scalar(1)));
  average.update(1);
  // 0 * 2 / 11 + 1 * 9 / 11
  assertAlmostEquals(average.state().get("w")?.dataSync()[0] ?? NaN, 9 / 11, 1e-6);
  average.dispose();
  weight.dispose();
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("WeightAverage.lend() gives the network the averages and takes them back", async () => {
  const weight = tf.tidy(() => tf.variable(tf.scalar(0)));
  const average = new WeightAverage(new Map([["w", weight]]), 0.5);
  tf.tidy(() => weight.assign(tf.scalar(8)));
  assertEquals(await average.lend(() => Promise.resolve(weight.dataSync()[0])), 0);
  assertEquals(weight.dataSync()[0], 8);
  await assertRejects(() => average.lend(() => Promise.reject(new Error("no"))), Error, "no");
  assertEquals(weight.dataSync()[0], 8);
});
