import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { GradientAccumulator } from "../../src/train/gradient_accumulator.ts";

const gradient = (...values: number[]) => new Map([["w", tf.tensor1d(values)]]);

Deno.test("GradientAccumulator averages every two batches, and the one that is left over alone", () => {
  const accumulator = new GradientAccumulator(2, 3);
  const before = tf.memory().numTensors;
  assertEquals(accumulator.stepsPerEpoch, 2);
  assertEquals(accumulator.add(gradient(1, 3), 1), null);
  assertEquals(accumulator.isWaiting, true);
  const mean = accumulator.add(gradient(3, 5), 2);
  assertEquals([...mean?.get("w")?.dataSync() ?? []], [2, 4]);
  assertEquals(accumulator.isWaiting, false);
  const last = accumulator.add(gradient(7, 9), 3);
  assertEquals([...last?.get("w")?.dataSync() ?? []], [7, 9]);
  tf.dispose([...mean?.values() ?? [], ...last?.values() ?? []]);
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("GradientAccumulator.dispose() frees gradients that wait", () => {
  const before = tf.memory().numTensors;
  const accumulator = new GradientAccumulator(4, 8);
  accumulator.add(gradient(1), 1);
  accumulator.add(gradient(2), 2);
  accumulator.dispose();
  assertEquals(tf.memory().numTensors, before);
});
