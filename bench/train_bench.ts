/**
 * A training step of the recipe: forward, backward, AdamW, on a batch of 64 faces.
 *
 *     deno bench bench/train_bench.ts
 *
 * One iteration is one step; images/s are 64 over its time.
 */
import * as tf from "@tensorflow/tfjs";
import { buildFerCnn, drawnFaces, Trainer, useWebGpu } from "../mod.ts";

const BATCH = 64;
const gpu = await useWebGpu();
const faces = drawnFaces(2 * BATCH, 42);
const batch = faces.subset(Array.from({ length: BATCH }, (_, i) => i));
const one = faces.subset([0]);
const model = buildFerCnn();

/** Trains on one batch and waits until the GPU has done it. */
async function step(): Promise<void> {
  const config = { batchSize: BATCH, maxSteps: 1, workers: 0, augment: "none" } as const;
  await new Trainer(model, config, { gpu }).fit(batch, one);
}

await step(); // compiles the programs
// A software adapter takes seconds a step.
const n = gpu.isSoftware ? 1 : 20;
Deno.bench({ name: `training step of ${BATCH}, ${gpu.description}`, n, warmup: 0, fn: step });
addEventListener("unload", () => {
  tf.dispose(model.weights.map((weight) => weight.read()));
  gpu.dispose();
});
