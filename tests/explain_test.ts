import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../src/backend.ts";
import { decodeImage, encodePng } from "../src/data.ts";
import { colourMap, colourStops } from "../src/explain/colour_map.ts";
import { splitAtFeatures } from "../src/explain/feature_map.ts";
import { resizeMap } from "../src/explain/scalar_map.ts";
import { type ColourMap, explain, type Explanation, overlayExplanation } from "../src/explain.ts";
import {
  buildFerCnn,
  buildFerNet,
  encodeModel,
  type FerModel,
  loadModel,
  namedWeights,
} from "../src/model.ts";
import { BatchNorm2d } from "../src/model/batch_norm.ts";
import { setDescription } from "../src/model/description.ts";
import { dropoutStates } from "../src/model/dropout.ts";
import { predict } from "../src/predict.ts";
import { Generator } from "../src/random.ts";
import type { Image } from "../src/transforms/transform.ts";
import { findTorch } from "./find_torch.ts";

await tf.setBackend("cpu");

const CLASSES = ["calm", "cross", "keen"];

function noise(size: number, seed: number): Image {
  const generator = new Generator(seed);
  const data = Uint8Array.from({ length: size * size }, () => generator.integer(256));
  return { data, width: size, height: size };
}

/** Replaces weights, scales and running statistics by numbers that leave nothing at 0 or 1. */
function shuffleWeights(model: FerModel, seed: number): FerModel {
  const generator = new Generator(seed);
  for (const [name, variable] of namedWeights(model)) {
    const fanIn = variable.shape.slice(0, -1).reduce((a, b) => a * b, 1);
    const values = Float32Array.from({ length: variable.size }, () => {
      const value = generator.normal();
      if (/running_var/.test(name)) return 0.5 + value * value;
      return /^bn.*weight/.test(name) ? 1 + 0.3 * value : value * Math.sqrt(2 / fanIn);
    });
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
  return model;
}

/** A chain of layers as a model of this library. */
function chain(size: number, layers: readonly tf.layers.Layer[]): FerModel {
  const input = tf.input({ shape: [size, size, 1] });
  const output = layers.reduce((x, layer) => layer.apply(x) as tf.SymbolicTensor, input);
  return described(tf.model({ inputs: input, outputs: output }), size);
}

function described(model: FerModel, size: number): FerModel {
  setDescription(model, {
    architecture: { name: "test", options: {} },
    classes: CLASSES,
    preprocessing: { size, mean: 0.5, std: 0.5, resize: "bilinear" },
    temperature: 1,
  });
  return model;
}

/** An image as the networks take it. */
function inputOf({ data, width, height }: Image): tf.Tensor4D {
  const values = Float32Array.from(data, (sample) => (sample / 255 - 0.5) / 0.5);
  return tf.tensor4d(values, [1, height, width, 1]);
}

/** What a layer gives for an image, `[height, width, channels]`. */
function outputOf(model: FerModel, name: string, image: Image): tf.Tensor3D {
  const { output } = model.getLayer(name);
  const upTo = tf.model({ inputs: model.inputs, outputs: output as tf.SymbolicTensor });
  return tf.tidy(() => tf.squeeze<tf.Tensor3D>(upTo.predict(inputOf(image)) as tf.Tensor, [0]));
}

/** ReLU of the weighted sum of the channels, upsampled by tfjs, its most 1. */
function mapOf(features: tf.Tensor3D, weights: readonly number[], size: number): Float32Array {
  return tf.tidy(() => {
    const sum = tf.sum(tf.mul(features, tf.tensor1d([...weights])), 2, true);
    const resized = tf.image.resizeBilinear(tf.relu(sum) as tf.Tensor3D, [size, size], false, true);
    return tf.div(resized, tf.maximum(tf.max(resized), 1e-30)).dataSync<"float32">();
  });
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-4) {
  assertEquals(actual.length, expected.length);
  Array.from(actual).forEach((value, i) => {
    assertAlmostEquals(value, expected[i], tolerance, `element ${i}`);
  });
}

function assertVaries(map: Float32Array): void {
  assertEquals(Math.max(...map), 1);
  assert(new Set(map).size > 10);
}

Deno.test("explain() weighs channels by the dense column after global average pooling", async () => {
  const model = shuffleWeights(
    buildFerNet({ filters: [2, 3, 4, 5], classes: CLASSES, size: 24, seed: 3 }),
    1,
  );
  const image = noise(24, 1);
  const relu = model.layers.findLast((layer) => layer.getClassName() === "ReLU");
  const features = outputOf(model, relu?.name ?? "", image);
  assertEquals(features.shape, [3, 3, 5]);
  const dense = [...namedWeights(model)].findLast(([name]) => name.endsWith(".weight"));
  const columns = dense?.[1].arraySync() as number[][];
  for (const [k, label] of CLASSES.entries()) {
    const { map, ...rest } = await explain(model, image, { label });
    assertEquals([rest.label, rest.size], [label, 24]);
    const weights = columns.map((row) => row[k]);
    assertClose(map, mapOf(features, weights, 24));
    assertVaries(map);
  }
  features.dispose();
  model.dispose();
});

Deno.test("explain() weighs channels by the slope of the logit in a channel's bias", async () => {
  // A convolution's bias is added at every place: its slope is the gradient summed over them.
  const model = shuffleWeights(
    chain(9, [
      tf.layers.conv2d({ filters: 3, kernelSize: 3, activation: "tanh" }),
      tf.layers.conv2d({ name: "last", filters: 4, kernelSize: 2 }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 6, activation: "tanh" }),
      tf.layers.dense({ units: 3 }),
    ]),
    2,
  );
  const image = noise(9, 2);
  const x = inputOf(image);
  const [, bias] = model.getLayer("last").weights.map((weight) => weight.read() as tf.Variable);
  const at = bias.dataSync().slice();
  const logits = (channel: number, step: number) => {
    tf.tidy(() => bias.assign(tf.tensor1d(at.map((v, i) => i === channel ? v + step : v))));
    return tf.tidy(() => (model.predict(x) as tf.Tensor).dataSync());
  };
  const slopes = Array.from(at, (_, channel) => {
    const [more, less] = [logits(channel, 1e-2), logits(channel, -1e-2)];
    return CLASSES.map((_, k) => (more[k] - less[k]) / 2e-2);
  });
  logits(-1, 0);
  const features = outputOf(model, "last", image);
  for (const [k, label] of CLASSES.entries()) {
    const { map } = await explain(model, image, { label });
    assertClose(map, mapOf(features, slopes.map((row) => row[k]), 9), 2e-3);
  }
  tf.dispose([x, features]);
  model.dispose();
});

/** Grad-CAM by PyTorch's autograd, the network written there once more. */
const IN_PYTORCH = `
import json, struct, sys
import torch
from torch.nn import functional as F

bytes_ = open(sys.argv[1], "rb").read()
length, = struct.unpack("<Q", bytes_[:8])
header = json.loads(bytes_[8:8 + length])
w = {}
for name, entry in header.items():
    if name == "__metadata__" or entry["dtype"] != "F32": continue
    a, b = entry["data_offsets"]
    w[name] = torch.frombuffer(bytearray(bytes_[8 + length + a:8 + length + b]), dtype=torch.float32).reshape(entry["shape"])
given = json.load(sys.stdin)
x = (torch.tensor(given["pixels"]).float() / 255 - 0.5) / 0.5
x = x.reshape(1, 1, given["size"], given["size"])
blocks = sum(name.startswith("conv") and name.endswith("weight") for name in w)
for n in range(1, blocks + 1):
    x = F.conv2d(x, w[f"conv{n}.weight"], w[f"conv{n}.bias"], padding=1)
    x = F.relu(F.batch_norm(x, w[f"bn{n}.running_mean"], w[f"bn{n}.running_var"], w[f"bn{n}.weight"], w[f"bn{n}.bias"]))
    if n == blocks: x = x.detach().requires_grad_(); features = x
    x = F.max_pool2d(x, 2)
x = F.relu(F.linear(x.flatten(1), w["fc1.weight"], w["fc1.bias"]))
logits = F.linear(x, w["fc2.weight"], w["fc2.bias"])[0]
maps = []
for logit in logits:
    gradient, = torch.autograd.grad(logit, features, retain_graph=True)
    cam = F.relu((gradient.mean((2, 3), keepdim=True) * features).sum(1, keepdim=True))
    cam = F.interpolate(cam, size=given["size"], mode="bilinear", align_corners=False)
    maps.append((cam / cam.max().clamp(min=1e-30)).flatten().tolist())
print(json.dumps({"probabilities": logits.softmax(0).tolist(), "maps": maps}))
`;

const python = findTorch();

async function inPyTorch(
  model: FerModel,
  { data, width }: Image,
): Promise<{ probabilities: number[]; maps: number[][] }> {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeFile(file, await encodeModel(model));
    const child = new Deno.Command(python ?? "", {
      args: ["-c", IN_PYTORCH, file],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(
      new TextEncoder().encode(JSON.stringify({ pixels: [...data], size: width })),
    );
    await writer.close();
    return JSON.parse(new TextDecoder().decode((await child.output()).stdout));
  } finally {
    await Deno.remove(file);
  }
}

const tested = () =>
  shuffleWeights(buildFerCnn({ filters: [4, 5, 6], hidden: 8, classes: CLASSES, size: 24 }), 5);

Deno.test({
  name: "explain() gives PyTorch's maps of the recipe's network (python)",
  ignore: !python,
  fn: async () => {
    const model = tested();
    const image = noise(24, 3);
    const { probabilities, maps } = await inPyTorch(model, image);
    for (const [k, label] of CLASSES.entries()) {
      const explanation = await explain(model, image, { label });
      assertClose(explanation.map, maps[k]);
      const own = explanation.probabilities.find((each) => each.label === label);
      assertAlmostEquals(own?.probability ?? NaN, probabilities[k], 1e-5);
    }
    assert(maps.some((map) => Math.max(...map) === 1));
    model.dispose();
  },
});

Deno.test("explain() gives the same on webgpu as on cpu, and refuses no program", async () => {
  const networks = [
    tested,
    () => shuffleWeights(buildFerNet({ filters: [2, 3, 4, 5], classes: CLASSES, size: 24 }), 1),
  ];
  const images = [1, 2, 3].map((seed) => noise(24, seed));
  const onCpu: Explanation[][] = [];
  for (const build of networks) {
    const model = build();
    onCpu.push(await explain(model, images));
    model.dispose();
  }
  const gpu = await useWebGpu();
  for (const [i, build] of networks.entries()) {
    const model = build();
    const before = tf.memory().numTensors;
    const explanations = await gpu.wait(explain(model, images));
    assertEquals(tf.memory().numTensors, before);
    explanations.forEach(({ label, map, probabilities }, j) => {
      assertEquals(label, onCpu[i][j].label);
      assertClose(map, onCpu[i][j].map, 1e-3);
      assertAlmostEquals(
        probabilities[0].probability,
        onCpu[i][j].probabilities[0].probability,
        1e-4,
      );
    });
    model.dispose();
  }
  gpu.dispose();
  await tf.setBackend("cpu");
});

Deno.test("explain() explains the likeliest class and ranks as predict() does", async () => {
  const model = tested();
  for (const seed of [1, 2, 3]) {
    const ranked = await predict(model, noise(24, seed));
    const { label, probabilities } = await explain(model, noise(24, seed));
    assertEquals(label, ranked[0].label);
    assertEquals(probabilities.map((each) => each.label), ranked.map((each) => each.label));
    assertClose(
      probabilities.map((each) => each.probability),
      ranked.map((each) => each.probability),
      1e-6,
    );
  }
  model.dispose();
});

Deno.test("explain() leaves the model and tfjs's memory as they were", async () => {
  const model = tested();
  const states = () =>
    JSON.stringify([
      dropoutStates(model),
      [...namedWeights(model)].map(([name, variable]) => [name, [...variable.dataSync()]]),
    ]);
  const [before, tensors] = [states(), tf.memory().numTensors];
  await explain(model, [noise(24, 1), noise(24, 2)]);
  await explain(model, noise(24, 1), { label: "keen" });
  assertEquals(states(), before);
  assertEquals(tf.memory().numTensors, tensors);
  model.dispose();
});

Deno.test("explain() gives one map an image, whatever else is in the batch", async () => {
  const model = tested();
  // More than are on the device at once.
  const images = Array.from({ length: 19 }, (_, seed) => noise(24, seed));
  const explanations = await explain(model, images);
  assertEquals(explanations.length, 19);
  for (const i of [0, 15, 16, 18]) {
    const alone = await explain(model, images[i]);
    assertEquals(explanations[i].label, alone.label);
    assertClose(explanations[i].map, alone.map, 1e-5);
  }
  assertEquals(await explain(model, []), []);
  model.dispose();
});

Deno.test("explain() takes every image that predict() takes", async () => {
  const model = tested();
  const image = noise(24, 4);
  const { map } = await explain(model, image);
  const tensor = tf.tensor2d([...image.data], [24, 24]);
  const loaded = await loadModel(await encodeModel(model));
  assertEquals((await explain(model, tensor)).map, map);
  assertEquals((await explain(model, await encodePng(image))).map, map);
  assertEquals((await explain(loaded, image)).map, map);
  assertEquals((await explain(model, noise(31, 4))).map.length, 24 * 24);
  tensor.dispose();
  loaded.model.dispose();
  model.dispose();
});

Deno.test("explain() gives zeros where every place speaks against the class", async () => {
  const model = chain(8, [
    tf.layers.conv2d({ filters: 2, kernelSize: 3, activation: "relu", biasInitializer: "ones" }),
    tf.layers.globalAveragePooling2d({}),
    tf.layers.dense({ units: 3 }),
  ]);
  const [kernel] = model.layers[3].weights.map((weight) => weight.read() as tf.Variable);
  tf.tidy(() => kernel.assign(tf.tensor2d([[-1, 0, 1], [-2, 0, 1]])));
  const { map } = await explain(model, noise(8, 1), { label: "calm" });
  assertEquals(map, new Float32Array(64));
  const { map: indifferent } = await explain(model, noise(8, 1), { label: "cross" });
  assertEquals(indifferent, new Float32Array(64));
  assertVaries((await explain(model, noise(8, 1), { label: "keen" })).map);
  model.dispose();
});

Deno.test("explain() finds the last feature map after its normalization and activation", () => {
  const cases: [tf.layers.Layer[], number][] = [
    [[tf.layers.conv2d({ filters: 2, kernelSize: 3 })], 1],
    [[
      tf.layers.conv2d({ filters: 2, kernelSize: 3 }),
      new BatchNorm2d(),
      tf.layers.leakyReLU(),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.reLU(),
    ], 3],
    [[
      tf.layers.conv2d({ filters: 2, kernelSize: 3 }),
      tf.layers.reLU(),
      tf.layers.separableConv2d({ filters: 2, kernelSize: 3 }),
      tf.layers.batchNormalization({}),
      tf.layers.activation({ activation: "elu" }),
      tf.layers.dropout({ rate: 0.1 }),
    ], 5],
  ];
  for (const [layers, expected] of cases) {
    const model = chain(8, [...layers, tf.layers.flatten(), tf.layers.dense({ units: 3 })]);
    const { features, head } = splitAtFeatures(model);
    assertEquals(features.length, expected);
    assertEquals([...features, ...head], model.layers.slice(1));
    model.dispose();
  }
});

Deno.test("explain() takes tfjs's sequential models", async () => {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [8, 8, 1] }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 3 }),
    ],
  });
  const { map } = await explain(described(model, 8), noise(8, 1));
  assertEquals(map.length, 64);
  model.dispose();
});

Deno.test("explain() refuses networks that it cannot explain, and strange classes", async () => {
  const input = tf.input({ shape: [8, 8, 1] });
  const [a, b] = [1, 2].map(() =>
    tf.layers.conv2d({ filters: 2, kernelSize: 3 }).apply(input) as tf.SymbolicTensor
  );
  const flat = tf.layers.flatten().apply(tf.layers.add().apply([a, b])) as tf.SymbolicTensor;
  const branches = tf.model({
    inputs: input,
    outputs: tf.layers.dense({ units: 3 }).apply(flat) as tf.SymbolicTensor,
  });
  const flatOnly = chain(8, [tf.layers.flatten(), tf.layers.dense({ units: 3 })]);
  await assertRejects(
    () => explain(described(branches, 8), noise(8, 1)),
    TypeError,
    "its layers do not simply follow one another",
  );
  await assertRejects(
    () => explain(flatOnly, noise(8, 1)),
    TypeError,
    "it has no convolution",
  );
  const model = tested();
  await assertRejects(
    () => explain(model, noise(8, 1), { label: "joy" }),
    RangeError,
    "Cannot explain class joy: the model's classes are calm, cross, keen",
  );
  const bias = namedWeights(model).get("fc2.bias");
  tf.tidy(() => bias?.assign(tf.fill([3], NaN)));
  const before = tf.memory().numTensors;
  await assertRejects(
    () => explain(model, noise(8, 1)),
    RangeError,
    "Cannot explain image 1 of 1: the model gives NaN",
  );
  assertEquals(tf.memory().numTensors, before);
  for (const each of [branches, flatOnly, model]) each.dispose();
});

Deno.test("explain() explains a trained class, not another", async () => {
  // A detector of bright places: its map is where the bright square is.
  const model = chain(12, [
    tf.layers.conv2d({ filters: 1, kernelSize: 3, padding: "same", kernelInitializer: "ones" }),
    tf.layers.reLU(),
    tf.layers.globalAveragePooling2d({}),
    tf.layers.dense({ units: 3, kernelInitializer: "ones" }),
  ]);
  const data = new Uint8Array(144);
  for (let y = 6; y < 10; y++) data.fill(255, 12 * y + 1, 12 * y + 5);
  const { map } = await explain(model, { data, width: 12, height: 12 });
  map.forEach((value, i) => {
    const [x, y] = [i % 12, Math.floor(i / 12)];
    if (x > 5 || y < 5 || y > 10) assertEquals(value, 0);
    if (x >= 2 && x <= 3 && y >= 7 && y <= 8) assertAlmostEquals(value, 1, 1e-6);
  });
  model.dispose();
});

Deno.test("resizeMap() is PyTorch's interpolate without aligned corners", () => {
  // torch.nn.functional.interpolate(torch.tensor([[[[0., 1.], [2., 4.]]]]), size=(3, 4),
  // mode="bilinear", align_corners=False)
  assertClose(resizeMap([0, 1, 2, 4], 2, 2, 3, 4), [
    ...[0, 0.25, 0.75, 1],
    ...[1, 1.375, 2.125, 2.5],
    ...[2, 2.5, 3.5, 4],
  ], 1e-6);
  assertEquals(resizeMap([5], 1, 1, 2, 3), new Float32Array(6).fill(5));
});

Deno.test("colour maps are matplotlib's, and brighter from end to end", () => {
  // matplotlib.colormaps["viridis"](0.0), (0.5), (1.0), and the same of inferno.
  const known: Record<ColourMap, [number, number[]][]> = {
    viridis: [[0, [68, 1, 84]], [0.5, [33, 145, 140]], [1, [253, 231, 37]]],
    inferno: [[0, [0, 0, 4]], [0.5, [188, 55, 84]], [1, [252, 255, 164]]],
  };
  for (const [name, colours] of Object.entries(known) as [ColourMap, [number, number[]][]][]) {
    const colourOf = colourMap(name);
    for (const [at, colour] of colours) assertClose(colourOf(at), colour, 1);
    assertEquals(colourOf(-1), colourOf(0));
    assertEquals(colourOf(2), colourOf(1));
    const luminances = Array.from({ length: 101 }, (_, i) => {
      const [r, g, b] = colourOf(i / 100).map((channel) => (channel / 255) ** 2.2);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    });
    luminances.slice(1).forEach((value, i) => assert(value > luminances[i], `${name} at ${i}`));
    assertEquals(colourStops(name).length, 17);
    assertEquals(colourStops(name).every((stop) => /^#[0-9a-f]{6}$/.test(stop)), true);
  }
});

Deno.test("overlayExplanation() mixes the grey face with the map's colours", async () => {
  const map = new Float32Array([0, 0.5, 1, 1]);
  const face = { data: Uint8Array.of(0, 100, 200, 255), width: 2, height: 2 };
  const { data, width, height } = await overlayExplanation({ map, size: 2 }, face, { alpha: 0.8 });
  assertEquals([width, height], [2, 2]);
  // matplotlib's viridis at 0.5 and 1; where the map is 0, the face is left as it is.
  const [half, whole] = [[33, 145, 140], [253, 231, 37]];
  const mixed = (
    grey: number,
    colour: number[],
    cover: number,
  ) => [...colour.map((channel) => grey * (1 - cover) + channel * cover), 255];
  assertClose(
    data,
    [[0, 0, 0, 255], mixed(100, half, 0.4), mixed(200, whole, 0.8), mixed(255, whole, 0.8)].flat(),
    0.51,
  );
});

Deno.test("overlayExplanation() has the image's size and makes colour grey", async () => {
  const model = tested();
  const rgb = Uint8Array.from({ length: 3 * 50 * 30 }, (_, i) => i * 7 % 256);
  const image = { data: rgb, width: 50, height: 30 };
  const explanation = await explain(model, image);
  const plain = await overlayExplanation(explanation, image, { alpha: 0 });
  assertEquals([plain.width, plain.height, plain.data.length], [50, 30, 4 * 50 * 30]);
  for (let i = 0; i < plain.data.length; i += 4) {
    const luma = 0.299 * rgb[i / 4 * 3] + 0.587 * rgb[i / 4 * 3 + 1] + 0.114 * rgb[i / 4 * 3 + 2];
    assertClose(plain.data.subarray(i, i + 4), [luma, luma, luma, 255], 1);
  }
  const [inferno, viridis] = await Promise.all(
    (["inferno", "viridis"] as const).map((colourMap) =>
      overlayExplanation(explanation, image, { colourMap })
    ),
  );
  assertNotEquals(inferno.data, viridis.data);
  assertEquals((await overlayExplanation(explanation, image)).data, viridis.data);
  model.dispose();
});

Deno.test("overlayExplanation() refuses strange options", async () => {
  const [map, face] = [{ map: [0], size: 1 }, noise(4, 1)];
  for (const alpha of [-0.1, 1.1, NaN]) {
    await assertRejects(
      () => overlayExplanation(map, face, { alpha }),
      RangeError,
      `Cannot overlay with alpha ${alpha}: expected 0 to 1`,
    );
  }
  await assertRejects(
    () => overlayExplanation(map, face, { colourMap: "jet" as ColourMap }),
    RangeError,
    "Cannot overlay with colour map jet: expected viridis or inferno",
  );
});

Deno.test("encodePng() writes what decodeImage() reads", async () => {
  for (const channels of [1, 3, 4]) {
    const data = Uint8Array.from({ length: 5 * 3 * channels }, (_, i) => i * 41 % 256);
    const image = await decodeImage(await encodePng({ data, width: 5, height: 3 }));
    assertEquals([image.width, image.height], [5, 3]);
    assertEquals(Uint8Array.from(image.data), data);
  }
  await assertRejects(
    () => encodePng({ data: new Uint8Array(5), width: 2, height: 2 }),
    TypeError,
    "Cannot read an image of 2x2",
  );
});
