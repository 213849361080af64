/**
 * tfjs's WebAssembly backend: inference.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { importPackage, versionOf } from "./optional.ts";
import { servePeer } from "./serve.ts";
import { forward } from "./tfjs_jobs.ts";
import { tfjsNetwork } from "./tfjs_network.ts";

await servePeer(async (task) => {
  tf.env().set("PROD", true);
  await importPackage("@tensorflow/tfjs-backend-wasm");
  if (!await tf.setBackend("wasm")) throw new Error("tfjs's wasm backend does not start");
  const model = await tfjsNetwork(task);
  const { batch } = task.work;
  const passes = forward(task, (x) => model.predict(x, { batchSize: batch }) as tf.Tensor);
  return {
    version: versionOf("@tensorflow/tfjs-backend-wasm"),
    jobs: passes.jobs,
    answers: { logits: passes.logits },
  };
});
