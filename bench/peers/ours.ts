/**
 * This library: its kernels, its network, its training step.
 *
 * @module
 */
import { useWebGpu } from "../../mod.ts";
import { checkPrograms } from "../../src/kernels.ts";
import { applyInference, loadModel, namedWeights } from "../../src/model.ts";
import { AdamW } from "../../src/train.ts";
import { trainingStep } from "../../src/train/training_step.ts";
import { VERSION } from "../../src/version.ts";
import { servePeer } from "./serve.ts";
import { forward, gpuMemory, productJobs, waitForGpu } from "./tfjs_jobs.ts";

await servePeer(async (task) => {
  const { work: { batch, network: { size, seed }, classes }, folder, images } = task;
  const gpu = await useWebGpu();
  const { model } = await loadModel(await Deno.readFile(`${folder}/weights.safetensors`));
  const variables = new Map([...namedWeights(model)].filter(([, { trainable }]) => trainable));
  const optimizer = new AdamW(variables, { lr: 1e-3, weightDecay: 1e-4 });
  const drawn = {
    pixels: Uint8Array.from(images, (value) => Math.round(127.5 * (value + 1))),
    shape: [batch, size, size, 1] as [number, number, number, 1],
    labels: Int32Array.from({ length: batch }, (_, i) => i % classes),
    indices: Uint32Array.from({ length: batch }, (_, i) => i),
  };
  let step = 0;
  const train = () => {
    const options = { classes, mixup: 0, seed };
    const { loss, correct, gradients } = trainingStep(model, variables, drawn, step++, options);
    optimizer.step(gradients);
    for (const gradient of gradients.values()) gradient.dispose();
    loss.dispose();
    correct.dispose();
  };
  const passes = forward(task, (x) => applyInference(model, x));
  return {
    version: `@fer/core ${VERSION}, ${gpu.description}`,
    jobs: {
      trainStep64: {
        async run() {
          train();
          await waitForGpu();
          await checkPrograms();
          gpu.check();
        },
      },
      ...passes.jobs,
      ...productJobs(task),
    },
    answers: {
      logits: passes.logits,
      memory: gpuMemory,
      adapter: () => Promise.resolve(gpu.description),
    },
  };
});
