/** Twenty AdamW steps against PyTorch's, on both backends. */
import { assert, assertAlmostEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../../src/backend.ts";
import {
  applyTraining,
  buildFerCnn,
  type FerTensor,
  loadStateDict,
  namedWeights,
  readSafetensors,
  type TensorData,
} from "../../src/model.ts";
import { AdamW, crossEntropy, targetCoefficients } from "../../src/train.ts";

const folder = Deno.env.get("FER_PARITY_DIR") ?? new URL("../parity", import.meta.url).pathname;
const { tensors, metadata } = readSafetensors(
  await Deno.readFile(`${folder}/model.safetensors`),
  "model.safetensors",
);

function fixture(name: string): TensorData {
  const tensor = tensors.get(name);
  assert(tensor, `the fixture has no ${name}`);
  return tensor;
}
const floats = (name: string) => fixture(name).data as Float32Array;

async function train(): Promise<void> {
  const before = tf.memory().numTensors;
  const model = buildFerCnn({
    filters: JSON.parse(metadata.filters),
    hidden: Number(metadata.hidden),
    dropout2d: 0,
    dropout: 0,
  });
  const initial = [...tensors].filter(([name]) => /^initial\..*\./.test(name));
  loadStateDict(model, new Map(initial.map(([name, tensor]) => [name.slice(8), tensor])));
  const weights = namedWeights(model);
  const trained = new Map([...weights].filter(([, variable]) => variable.trainable));
  const names = new Map([...trained].map(([name, variable]) => [variable.name, name]));
  const optimizer = new AdamW(trained, {
    lr: Number(metadata.lr),
    weightDecay: Number(metadata.weight_decay),
  });
  const labels = fixture("labels").data as Int32Array;
  const images = tf.tensor4d(floats("images"), [labels.length, 48, 48, 1]);
  const targets = tf.tensor2d(targetCoefficients(labels, { classes: 7 }), [labels.length, 7]);
  const losses = floats("losses");
  let level = 0;
  for (let step = 0; step < 20; step++) {
    const { value, grads } = tf.variableGrads(
      () => crossEntropy(applyTraining(model, images), targets) as tf.Scalar,
      [...trained.values()],
    );
    const gradients = new Map<string, FerTensor>(
      Object.entries(grads).map(([key, gradient]) => [names.get(key) ?? key, gradient]),
    );
    optimizer.step(gradients);
    assertAlmostEquals((await value.data())[0], losses[step], 1e-4, `loss of step ${step + 1}`);
    tf.dispose([value, grads]);
    if (step === 1) level = tf.memory().numTensors;
  }
  assert(tf.memory().numTensors === level, "tensors leak");

  const logits = tf.tidy(() => model.predict(images) as FerTensor);
  const expected = floats("after20.eval_logits");
  (await logits.data()).forEach((value, i) => assertAlmostEquals(value, expected[i], 2e-2));

  // A bias before BatchNorm drifts on rounding noise; what counts is the mean without it.
  for (const n of [1, 2, 3]) {
    const mean = await weights.get(`bn${n}.running_mean`)?.data();
    const bias = await weights.get(`conv${n}.bias`)?.data();
    assert(mean && bias);
    const expectedMean = floats(`after20.bn${n}.running_mean`);
    const expectedBias = floats(`after20.conv${n}.bias`);
    mean.forEach((value, i) =>
      assertAlmostEquals(value - bias[i], expectedMean[i] - expectedBias[i], 2e-2)
    );
  }
  optimizer.dispose();
  model.dispose();
  tf.dispose([logits, images, targets]);
  assert(tf.memory().numTensors === before, "tensors are left");
}

Deno.test("AdamW and crossEntropy() train the network as PyTorch does, on the processor", async () => {
  await tf.setBackend("cpu");
  await train();
});

Deno.test("AdamW and crossEntropy() train the network as PyTorch does, on WebGPU", async () => {
  const gpu = await useWebGpu();
  await train();
  gpu.check();
  gpu.dispose();
});
