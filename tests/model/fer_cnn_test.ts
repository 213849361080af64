import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  applyTraining,
  buildFerCnn,
  describeModel,
  type FerCnnOptions,
  largestBatch,
  namedWeights,
} from "../../src/model.ts";

await tf.setBackend("cpu");

const SMALL = { filters: [4, 6], hidden: 8, size: 12, classes: ["a", "b", "c"], seed: 3 };

Deno.test("buildFerCnn() has 5,094,151 parameters, of which 5,093,255 are trained", () => {
  const model = buildFerCnn();
  assertEquals(model.countParams(), 5_094_151);
  const trained = [...namedWeights(model).values()].filter(({ trainable }) => trainable);
  assertEquals(trained.reduce((sum, { size }) => sum + size, 0), 5_093_255);
  assertEquals(model.inputs[0].shape, [null, 48, 48, 1]);
  assertEquals(model.outputShape, [null, 7]);
  model.dispose();
});

Deno.test("buildFerCnn() names its weights as PyTorch would", () => {
  const model = buildFerCnn(SMALL);
  assertEquals([...namedWeights(model).keys()], [
    ...[1, 2].flatMap((n) => [
      `conv${n}.weight`,
      `conv${n}.bias`,
      `bn${n}.weight`,
      `bn${n}.bias`,
      `bn${n}.running_mean`,
      `bn${n}.running_var`,
    ]),
    "fc1.weight",
    "fc1.bias",
    "fc2.weight",
    "fc2.bias",
  ]);
  model.dispose();
});

Deno.test("buildFerCnn() draws weights and biases from U(-1/sqrt(fan_in), 1/sqrt(fan_in))", () => {
  const model = buildFerCnn({ filters: [32, 64], hidden: 64, size: 16 });
  const weights = namedWeights(model);
  // Inputs of one output: input channels times kernel area, or the features before.
  const fanIn = { conv1: 9, conv2: 32 * 9, fc1: 64 * 4 * 4, fc2: 64 };
  for (const [layer, count] of Object.entries(fanIn)) {
    const bound = 1 / Math.sqrt(count);
    for (const field of ["weight", "bias"]) {
      const values = weights.get(`${layer}.${field}`)?.dataSync<"float32">() ?? new Float32Array();
      const [low, high] = [Math.min(...values), Math.max(...values)];
      assert(low >= -Math.fround(bound) && high <= Math.fround(bound), `${layer}.${field}`);
      if (values.length < 200) continue;
      assert(low < -0.95 * bound && high > 0.95 * bound, `${layer}.${field} fills the interval`);
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      const deviation = bound / Math.sqrt(3) / Math.sqrt(values.length);
      assert(Math.abs(mean) < 5 * deviation, `${layer}.${field} is centred`);
    }
  }
  const ones = weights.get("bn1.weight")?.dataSync() ?? [];
  assert(ones.every((value) => value === 1));
  model.dispose();
});

Deno.test("buildFerCnn() gives the same weights for a seed, others for another", () => {
  const bytes = (seed: number) => {
    const model = buildFerCnn({ ...SMALL, seed });
    const values = [...namedWeights(model).values()].flatMap((each) => [...each.dataSync()]);
    model.dispose();
    return values;
  };
  assertEquals(bytes(3), bytes(3));
  assertNotEquals(bytes(3), bytes(4));
});

Deno.test("buildFerCnn() refuses options out of range", () => {
  const wrong: [FerCnnOptions, string][] = [
    [{ filters: [] }, "filters must be positive integers"],
    [{ filters: [8, 0] }, "filters must be positive integers"],
    [{ hidden: 1.5 }, "hidden must be a positive integer"],
    [{ dropout: 1 }, "dropout must be from 0 to below 1, got 1"],
    [{ dropout2d: NaN }, "dropout2d must be from 0 to below 1, got NaN"],
    [{ classes: ["a", "a"] }, "classes must be two or more different names"],
    [{ size: 7 }, "size must be an integer from 8 on for 3 blocks, got 7"],
    [{ seed: -1 }, "seed must be an integer from 0"],
  ];
  for (const [options, message] of wrong) {
    assertThrows(() => buildFerCnn(options), RangeError, message);
  }
});

Deno.test("buildFerCnn() describes itself", () => {
  const model = buildFerCnn(SMALL);
  assertEquals(describeModel(model), {
    architecture: {
      name: "ferCnn",
      options: { filters: [4, 6], hidden: 8, dropout2d: 0.25, dropout: 0.5, size: 12, seed: 3 },
    },
    classes: ["a", "b", "c"],
    preprocessing: { size: 12, mean: 0.5, std: 0.5, resize: "bilinear" },
    temperature: 1,
  });
  model.dispose();
  const foreign = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] });
  assertThrows(
    () => describeModel(foreign),
    TypeError,
    "build it with buildFerCnn(), buildFerNet() or loadModel()",
  );
  foreign.dispose();
});

Deno.test("buildFerCnn() makes a model that tfjs summarizes, saves and loads", async () => {
  const model = buildFerCnn(SMALL);
  const lines: string[] = [];
  model.summary(undefined, undefined, (line) => lines.push(line));
  assert(lines.some((line) => /bn2 \(FerBatchNorm2d\)/.test(line)), lines.join("\n"));

  let artifacts: tf.io.ModelArtifacts = {};
  await model.save(tf.io.withSaveHandler((saved) => {
    artifacts = saved;
    return Promise.resolve({
      modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" },
    });
  }));
  // As if it had gone over the wire.
  artifacts.modelTopology = JSON.parse(JSON.stringify(artifacts.modelTopology));
  const loaded = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
  assertEquals(describeModel(loaded), describeModel(model));
  const x = tf.randomUniform([2, 12, 12, 1], -1, 1, "float32", 5);
  const [before, after] = [model, loaded].map((each) => (each.predict(x) as tf.Tensor).dataSync());
  assertEquals(after, before);
  // Dropout and its stream come back too.
  const [left, right] = [model, loaded].map((each) =>
    tf.tidy(() => (each.apply(x, { training: true }) as tf.Tensor).dataSync().slice())
  );
  assertEquals(right, left);
  model.dispose();
  loaded.dispose();
});

Deno.test("applyTraining() leaves no tensors behind and updates running statistics once", async () => {
  const model = buildFerCnn(SMALL);
  const weights = namedWeights(model);
  const trained = [...weights.values()].filter(({ trainable }) => trainable);
  const x = tf.randomUniform([4, 12, 12, 1], -1, 1, "float32", 1);
  const step = () => {
    const { value, grads } = tf.variableGrads(
      () => tf.mean(tf.square(applyTraining(model, x))) as tf.Scalar,
      trained,
    );
    value.dispose();
    tf.dispose(grads);
  };
  const mean = async () => [...await weights.get("bn1.running_mean")?.data() ?? []];
  const before = tf.memory();
  step();
  const once = await mean();
  step();
  const twice = await mean();
  const after = tf.memory();
  assertEquals(after.numTensors, before.numTensors);
  assertEquals(after.numBytes, before.numBytes);
  // The same batch twice: running = 0.1 m, then 0.1 m + 0.9 (0.1 m).
  once.forEach((value, i) => assert(Math.abs(twice[i] - 1.9 * value) < 1e-6));
  x.dispose();
  model.dispose();
});

Deno.test("largestBatch() goes by the biggest output of a layer", () => {
  // 48 x 48 x 64 floats take 589,824 bytes.
  const model = buildFerCnn({ filters: [64, 8], hidden: 4 });
  assertEquals(largestBatch(model, 589_824), 1);
  assertEquals(largestBatch(model, 589_823), 0);
  assertEquals(largestBatch(model, 589_824 * 7 - 1), 6);
  assertEquals(largestBatch(model, Infinity), Infinity);
  model.dispose();
});
