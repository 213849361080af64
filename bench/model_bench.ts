/**
 * The recipe's network forward on the GPU: one image, as an app that watches a camera would ask for,
 * and 64, as evaluation does. A run ends when the logits are back on the host.
 *
 * The second group reads and writes the network's file.
 */
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../src/backend.ts";
import { applyInference, buildFerCnn, encodeModel, loadModel } from "../src/model.ts";
import { Generator } from "../src/random.ts";

const gpu = await useWebGpu();
const model = buildFerCnn();
const generator = new Generator(42);

async function forward(x: tf.Tensor): Promise<void> {
  const logits = tf.tidy(() => applyInference(model, x));
  await gpu.wait(logits.data());
  logits.dispose();
}

for (const batch of [1, 64]) {
  const pixels = Float32Array.from({ length: batch * 48 * 48 }, () => generator.uniform(-1, 1));
  const x = tf.tensor4d(pixels, [batch, 48, 48, 1]);
  // The first run compiles the programs.
  await forward(x);
  const runs = batch === 1 ? 10 : 3;
  Deno.bench({
    name: `forward of ${batch}, ${gpu.description}`,
    // A software adapter takes its time for 64 images.
    n: gpu.isSoftware ? runs : 50,
    warmup: 0,
    fn: () => forward(x),
  });
}

const bytes = await encodeModel(model);
Deno.bench(
  "write the network's file",
  { group: "file", baseline: true, n: 5, warmup: 1 },
  async () => {
    await encodeModel(model);
  },
);
Deno.bench("read the network's file", { group: "file", n: 5, warmup: 1 }, async () => {
  const loaded = await loadModel(bytes);
  loaded.model.dispose();
});
addEventListener("unload", () => gpu.dispose());
