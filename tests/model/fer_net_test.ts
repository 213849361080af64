import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../../src/backend.ts";
import {
  applyInference,
  applyTraining,
  buildFerNet,
  CheckpointError,
  describeModel,
  encodeModel,
  type FerModel,
  type FerNetOptions,
  largestBatch,
  loadModel,
  namedWeights,
  readSafetensors,
  toStateDict,
  writeSafetensors,
} from "../../src/model.ts";
import { Generator } from "../../src/random.ts";
import { findTorch } from "../find_torch.ts";

await tf.setBackend("cpu");

const SMALL = { filters: [3, 5, 6], size: 12, classes: ["a", "b", "c"], seed: 3 };

const python = findTorch();

function images(shape: [number, number, number, number]): tf.Tensor4D {
  const generator = new Generator(9);
  const count = shape.reduce((a, b) => a * b, 1);
  return tf.tensor4d(Float32Array.from({ length: count }, () => generator.uniform(-1, 1)), shape);
}

Deno.test("buildFerNet() has 1,176,359 parameters, of which 1,174,439 are trained", () => {
  const model = buildFerNet();
  // Filters 9 * (1*32 + 32*32 + 32*64 + 64*64 + 64*128 + 128*128 + 128*256 + 256*256); BatchNorm
  // 2 * 2 * (32 + 64 + 128 + 256), twice that with running statistics; 257 * 7 to the classes.
  assertEquals(model.countParams(), 1_170_720 + 2 * 1_920 + 1_799);
  const trained = [...namedWeights(model).values()].filter(({ trainable }) => trainable);
  assertEquals(trained.reduce((sum, { size }) => sum + size, 0), 1_170_720 + 1_920 + 1_799);
  assertEquals(model.inputs[0].shape, [null, null, null, 1]);
  assertEquals(model.outputShape, [null, 7]);
  model.dispose();
});

Deno.test("buildFerNet() names its weights as PyTorch would", async () => {
  const model = buildFerNet({ ...SMALL, filters: [3, 5] });
  const layers = ["1_1", "1_2", "2_1", "2_2"];
  const state = await toStateDict(model);
  assertEquals([...state.keys()], [
    ...layers.flatMap((n) => [
      `conv${n}.weight`,
      `bn${n}.weight`,
      `bn${n}.bias`,
      `bn${n}.running_mean`,
      `bn${n}.running_var`,
    ]),
    "fc.weight",
    "fc.bias",
  ]);
  assertEquals(state.get("conv2_1.weight")?.shape, [5, 3, 3, 3]);
  assertEquals(state.get("fc.weight")?.shape, [3, 5]);
  model.dispose();
});

Deno.test("buildFerNet() takes images of 40, of 48 and of odd sizes", () => {
  const model = buildFerNet({ filters: [2, 2, 3, 4] });
  for (const [height, width] of [[40, 40], [48, 48], [41, 29], [8, 8]]) {
    const logits = tf.tidy(() => {
      const x = images([2, height, width, 1]);
      assertEquals(applyTraining(model, x).shape, [2, 7]);
      return applyInference(model, x).dataSync();
    });
    assert(logits.every(Number.isFinite));
  }
  model.dispose();
});

Deno.test("buildFerNet() draws weights from U(-1/sqrt(fan_in), 1/sqrt(fan_in))", () => {
  const model = buildFerNet({ filters: [16, 32] });
  const weights = namedWeights(model);
  const fanIn = { "conv1_1": 9, "conv1_2": 144, "conv2_1": 144, "conv2_2": 288, "fc": 32 };
  for (const [layer, count] of Object.entries(fanIn)) {
    const bound = 1 / Math.sqrt(count);
    const values = weights.get(`${layer}.weight`)?.dataSync<"float32">() ?? new Float32Array();
    const [low, high] = [Math.min(...values), Math.max(...values)];
    assert(low >= -Math.fround(bound) && high <= Math.fround(bound), layer);
    assert(low < -0.9 * bound && high > 0.9 * bound, `${layer} fills the interval`);
  }
  model.dispose();
});

Deno.test("buildFerNet() gives the same weights for a seed, others for another", () => {
  const values = (seed: number) => {
    const model = buildFerNet({ ...SMALL, seed });
    const all = [...namedWeights(model).values()].flatMap((each) => [...each.dataSync()]);
    model.dispose();
    return all;
  };
  assertEquals(values(3), values(3));
  assertNotEquals(values(3), values(4));
});

Deno.test("buildFerNet() refuses options out of range", () => {
  const wrong: [FerNetOptions, string][] = [
    [{ filters: [] }, "filters must be positive integers, one a stage"],
    [{ filters: [8, 0] }, "filters must be positive integers"],
    [{ convolutions: 0 }, "convolutions must be a positive integer, got 0"],
    [{ dropout: 1 }, "dropout must be from 0 to below 1, got 1"],
    [{ classes: ["a"] }, "classes must be two or more different names"],
    [{ size: 7 }, "size must be an integer from 8 on for 4 stages, got 7"],
    [{ seed: 0.5 }, "seed must be an integer from 0"],
  ];
  for (const [options, message] of wrong) {
    assertThrows(() => buildFerNet(options), RangeError, message);
  }
});

Deno.test("buildFerNet() comes back from its file with the same logits", async () => {
  const model = buildFerNet(SMALL);
  assertEquals(describeModel(model), {
    architecture: {
      name: "ferNet",
      options: { filters: [3, 5, 6], convolutions: 2, dropout: 0.3, size: 12, seed: 3 },
    },
    classes: ["a", "b", "c"],
    preprocessing: { size: 12, mean: 0.5, std: 0.5, resize: "bilinear" },
    temperature: 1,
  });
  const bytes = await encodeModel(model);
  assertEquals(readSafetensors(bytes).tensors.get("conv1_1.weight")?.shape, [3, 1, 3, 3]);
  const { model: loaded } = await loadModel(bytes);
  assertEquals(describeModel(loaded), describeModel(model));
  const x = images([2, 12, 12, 1]);
  const [before, after] = [model, loaded].map((each) => (each.predict(x) as tf.Tensor).dataSync());
  assertEquals(after, before);
  model.dispose();
  loaded.dispose();
  const { tensors, metadata } = readSafetensors(bytes);
  const preprocessing = JSON.stringify({ ...JSON.parse(metadata.preprocessing), size: 3 });
  await assertRejects(
    () => loadModel(writeSafetensors(tensors, { ...metadata, preprocessing })),
    CheckpointError,
    "its preprocessing gives images of 3x3, its network takes larger ones",
  );
});

Deno.test("buildFerNet() makes a model that tfjs saves and loads", async () => {
  const model = buildFerNet(SMALL);
  let artifacts: tf.io.ModelArtifacts = {};
  await model.save(tf.io.withSaveHandler((saved) => {
    artifacts = saved;
    return Promise.resolve({
      modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" },
    });
  }));
  artifacts.modelTopology = JSON.parse(JSON.stringify(artifacts.modelTopology));
  const loaded = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
  assertEquals(describeModel(loaded), describeModel(model));
  const x = images([2, 11, 13, 1]);
  const [before, after] = [model, loaded].map((each) => (each.predict(x) as tf.Tensor).dataSync());
  assertEquals(after, before);
  model.dispose();
  loaded.dispose();
});

Deno.test("largestBatch() of a network of any size goes by the images it describes", () => {
  const model = buildFerNet({ filters: [64, 8], size: 48 });
  // 48 x 48 x 64 floats take 589,824 bytes.
  assertEquals(largestBatch(model, 589_824 * 7 - 1), 6);
  assertEquals(largestBatch(model, 589_824 * 7 - 1, 24), 27);
  model.dispose();
});

/** Logits, gradients and running statistics by the names that the twin gives them. */
async function computed(
  model: FerModel,
  x: tf.Tensor4D,
  labels: readonly number[],
): Promise<Map<string, Float32Array>> {
  const out = new Map<string, Float32Array>();
  const take = async (name: string, tensor: tf.Tensor) => {
    out.set(name, (await tensor.data<"float32">()).slice());
    tensor.dispose();
  };
  await take("evaluation", tf.tidy(() => applyInference(model, x)));
  const weights = namedWeights(model);
  const trained = [...weights].filter(([, { trainable }]) => trainable);
  const kept: tf.Tensor[] = [];
  const { value, grads } = tf.variableGrads(() => {
    const logits = applyTraining(model, x);
    kept.push(tf.keep(tf.clone(logits)));
    const targets = tf.oneHot(tf.tensor1d([...labels], "int32"), logits.shape[1] ?? 0);
    return tf.losses.softmaxCrossEntropy(targets, logits) as tf.Scalar;
  }, trained.map(([, variable]) => variable));
  value.dispose();
  await take("training", kept[0]);
  const axes = [[], [0], [1, 0], [], [3, 2, 0, 1]];
  for (const [name, variable] of trained) {
    const gradient = grads[variable.name];
    await take(`gradient of ${name}`, tf.transpose(gradient, axes[gradient.rank]));
    gradient.dispose();
  }
  for (const [name, variable] of weights) {
    if (name.includes("running")) await take(name, tf.clone(variable));
  }
  return out;
}

Deno.test({
  name: "buildFerNet() gives PyTorch's logits and gradients on both backends (python)",
  ignore: python === undefined,
  fn: async () => {
    const options = { ...SMALL, filters: [3, 8], dropout: 0 };
    const shape: [number, number, number, number] = [3, 14, 11, 1];
    const labels = [2, 0, 1];
    const sample = buildFerNet(options);
    const state = [...await toStateDict(sample)].map(([name, { shape, data }]) =>
      [name, { shape, data: Array.from(data as Float32Array) }] as const
    );
    sample.dispose();
    const x = images(shape);
    const task = JSON.stringify({
      filters: options.filters,
      state: Object.fromEntries(state),
      images: { shape, data: [...x.dataSync()] },
      labels,
    });
    x.dispose();
    const script = new URL("fer_net_torch.py", import.meta.url).pathname;
    const twin = new Deno.Command(python ?? "", {
      args: [script],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const output = new Response(twin.stdout).json();
    await new Blob([task]).stream().pipeTo(twin.stdin);
    const expected: Record<string, { data: number[] }> = await output;
    assert((await twin.status).success);

    const compare = async () => {
      const model = buildFerNet(options);
      const input = images(shape);
      const actual = await computed(model, input, labels);
      assertEquals([...actual.keys()].sort(), Object.keys(expected).sort());
      for (const [name, { data }] of Object.entries(expected)) {
        const scale = Math.max(1e-2, ...data.map(Math.abs));
        const values = actual.get(name) ?? [];
        data.forEach((value, i) =>
          assertLessOrEqual(Math.abs(value - values[i]) / scale, 1e-4, `${name} ${i}`)
        );
      }
      input.dispose();
      model.dispose();
    };
    await compare();
    const gpu = await useWebGpu();
    try {
      await compare();
      gpu.check();
    } finally {
      gpu.dispose();
      await tf.setBackend("cpu");
    }
  },
});
