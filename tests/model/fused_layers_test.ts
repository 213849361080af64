import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../../src/backend.ts";
import { useStockKernels } from "../../src/kernels/install.ts";
import { BatchNorm2d } from "../../src/model/batch_norm.ts";
import {
  applyInference,
  applyTraining,
  buildFerCnn,
  type FerModel,
  namedWeights,
} from "../../src/model.ts";
import { Generator } from "../../src/random.ts";

function images(shape: number[]): tf.Tensor {
  const generator = new Generator(7);
  const count = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(Float32Array.from({ length: count }, () => generator.normal()), shape);
}

/** Logits of training and after it, gradients and running statistics, by name. */
async function pass(model: FerModel, x: tf.Tensor): Promise<Map<string, Float32Array>> {
  const out = new Map<string, Float32Array>();
  const take = async (name: string, tensor: tf.Tensor) => {
    out.set(name, (await tensor.data<"float32">()).slice());
    tensor.dispose();
  };
  const weights = namedWeights(model);
  const names = new Map([...weights].map(([name, variable]) => [variable.name, name]));
  const kept: tf.Tensor[] = [];
  const { value, grads } = tf.variableGrads(() => {
    const y = applyTraining(model, x);
    kept.push(tf.keep(tf.clone(y)));
    return tf.sum(tf.mul(y, tf.cos(tf.range(0, y.size)).reshape(y.shape)));
  });
  await take("training", kept[0]);
  await take("loss", value);
  for (const [key, gradient] of Object.entries(grads)) {
    await take(`gradient of ${names.get(key)}`, gradient);
  }
  for (const [name, variable] of weights) {
    if (name.includes("running")) await take(name, tf.clone(variable));
  }
  await take("evaluation", tf.tidy(() => applyInference(model, x)));
  return out;
}

function assertSame(actual: Map<string, Float32Array>, expected: Map<string, Float32Array>): void {
  assertEquals([...actual.keys()].sort(), [...expected.keys()].sort());
  for (const [name, values] of expected) {
    // A bias that BatchNorm takes out again has a gradient of rounding noise; the loss is a sum of
    // values of either sign.
    const scale = /gradient of conv.*bias/.test(name)
      ? 100
      : Math.max(name === "loss" ? 1 : 1e-3, ...values.map(Math.abs));
    actual.get(name)?.forEach((value, i) => {
      assertAlmostEquals(value / scale, values[i] / scale, 2e-4, `${name} ${i}`);
    });
  }
}

const networks: Record<string, { build: () => FerModel; shape: number[] }> = {
  "the recipe's network on odd sizes": {
    build: () =>
      buildFerCnn({ filters: [3, 8], hidden: 5, dropout: 0, dropout2d: 0, size: 11, seed: 3 }),
    shape: [3, 11, 11, 1],
  },
  "BatchNorm without pool, without ReLU and after no convolution": {
    build: () => {
      const layers = [
        tf.layers.inputLayer({ inputShape: [5, 7, 2] }),
        new BatchNorm2d({ name: "bn0" }),
        tf.layers.conv2d({
          name: "conv1",
          filters: 4,
          kernelSize: 3,
          strides: 2,
          padding: "same",
          useBias: false,
        }),
        new BatchNorm2d({ name: "bn1" }),
        tf.layers.reLU({ name: "relu1" }),
        tf.layers.maxPooling2d({ name: "pool1", poolSize: 2, strides: 1, padding: "same" }),
        tf.layers.flatten({ name: "flatten" }),
      ];
      return tf.sequential({ layers });
    },
    shape: [4, 5, 7, 2],
  },
  "convolutions without bias, odd heights and a global pool, sizes left open": {
    build: () => {
      const layers: tf.layers.Layer[] = [tf.layers.inputLayer({ inputShape: [null, null, 1] })];
      for (const [i, filters] of [4, 16, 20].entries()) {
        layers.push(
          tf.layers.conv2d({
            name: `conv${i}`,
            filters,
            kernelSize: 3,
            padding: "same",
            useBias: false,
          }),
          new BatchNorm2d({ name: `bn${i}` }),
          tf.layers.reLU({ name: `relu${i}` }),
        );
        if (i < 2) layers.push(tf.layers.maxPooling2d({ name: `pool${i}`, poolSize: 2 }));
      }
      layers.push(
        tf.layers.globalAveragePooling2d({ name: "average" }),
        tf.layers.dense({ name: "fc", units: 3 }),
      );
      return tf.sequential({ layers });
    },
    // 22, 11 and 5 rows; 17, 8 and 4 columns.
    shape: [2, 22, 17, 1],
  },
  "transformed convolutions that end in a pool, in ReLU and in neither": {
    build: () => {
      const convolution = (name: string, useBias: boolean) =>
        tf.layers.conv2d({ name, filters: 16, kernelSize: 3, padding: "same", useBias });
      return tf.sequential({
        layers: [
          tf.layers.inputLayer({ inputShape: [11, 9, 16] }),
          convolution("conv1", true),
          new BatchNorm2d({ name: "bn1" }),
          convolution("conv2", false),
          new BatchNorm2d({ name: "bn2" }),
          tf.layers.reLU({ name: "relu2" }),
          convolution("conv3", true),
          new BatchNorm2d({ name: "bn3" }),
          tf.layers.reLU({ name: "relu3" }),
          tf.layers.maxPooling2d({ name: "pool3", poolSize: 2 }),
          tf.layers.globalMaxPooling2d({ name: "largest" }),
        ],
      });
    },
    shape: [3, 11, 9, 16],
  },
  "a network with a branch": {
    build: () => {
      const input = tf.input({ shape: [6, 6, 3] });
      const y = new BatchNorm2d({ name: "bn1" }).apply(input) as tf.SymbolicTensor;
      const z = tf.layers.reLU({ name: "relu1" }).apply(y) as tf.SymbolicTensor;
      const sum = tf.layers.add({ name: "add" }).apply([y, z]) as tf.SymbolicTensor;
      return tf.model({ inputs: input, outputs: sum });
    },
    shape: [2, 6, 6, 3],
  },
};

for (const [name, { build, shape }] of Object.entries(networks)) {
  Deno.test(`applyTraining() and applyInference() give what the layers give: ${name}`, async () => {
    const gpu = await useWebGpu();
    const model = build();
    const x = images(shape);
    const initial = model.getWeights().map((weight) => weight.clone());
    const before = tf.memory().numTensors;
    const fused = await pass(model, x);
    assertEquals(tf.memory().numTensors, before);
    model.setWeights(initial);
    const restore = useStockKernels();
    try {
      const plain = await pass(model, x);
      assert(plain.size > 4);
      assertSame(fused, plain);
    } finally {
      restore();
    }
    tf.dispose([x, ...initial]);
    model.dispose();
    gpu.check();
    gpu.dispose();
  });
}

Deno.test("applyTraining() gives the same bits again", async () => {
  const gpu = await useWebGpu();
  const run = async () => {
    const model = buildFerCnn({ filters: [4, 8, 8], hidden: 8, seed: 5 });
    const x = images([8, 48, 48, 1]);
    const result = await pass(model, x);
    model.dispose();
    x.dispose();
    return result;
  };
  assertEquals(await run(), await run());
  gpu.dispose();
});
