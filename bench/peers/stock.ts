/**
 * tfjs with its own WebGPU kernels, its own layers and its own Adam.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../../mod.ts";
import { servePeer } from "./serve.ts";
import { forward, gpuMemory, imageTensor, productJobs, waitForGpu } from "./tfjs_jobs.ts";
import { tfjsNetwork } from "./tfjs_network.ts";

await servePeer(async (task) => {
  const { batch, classes } = task.work;
  await useWebGpu({ kernels: "stock" });
  const model = await tfjsNetwork(task);
  model.compile({
    optimizer: tf.train.adam(1e-3),
    loss: (targets, logits) => tf.losses.softmaxCrossEntropy(targets, logits),
  });
  const images = imageTensor(task, batch);
  const labels = Array.from({ length: batch }, (_, i) => i % classes);
  const targets = tf.oneHot(tf.tensor1d(labels, "int32"), classes).toFloat();
  const passes = forward(task, (x) => model.predict(x, { batchSize: batch }) as tf.Tensor);
  return {
    version: `@tensorflow/tfjs-backend-webgpu ${tf.version_core}`,
    jobs: {
      trainStep64: {
        async run() {
          await model.trainOnBatch(images, targets);
          await waitForGpu();
        },
      },
      ...passes.jobs,
      ...productJobs(task),
    },
    answers: { logits: passes.logits, memory: gpuMemory },
  };
});
