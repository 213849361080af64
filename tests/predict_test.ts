import { assert, assertAlmostEquals, assertEquals, assertLess, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../src/backend.ts";
import { FerDataset } from "../src/data/dataset.ts";
import {
  buildFerCnn,
  buildFerNet,
  encodeModel,
  type FerModel,
  loadModel,
  namedWeights,
  readSafetensors,
  writeSafetensors,
} from "../src/model.ts";
import { type ImageInput, predict, predictDataset } from "../src/predict.ts";
import type { Image } from "../src/transforms/transform.ts";

await tf.setBackend("cpu");

const SIZE = 8;
const CLASSES = ["calm", "cross", "keen"];

function smallModel(): FerModel {
  const model = buildFerCnn({ filters: [4], hidden: 8, size: SIZE, classes: CLASSES, seed: 5 });
  // A network without a preferred direction would hardly tell images apart.
  const weight = namedWeights(model).get("fc2.weight");
  tf.tidy(() => weight?.assign(tf.mul(weight, 20)));
  return model;
}

function grey(seed: number, size: number = SIZE): Image {
  const data = Uint8Array.from({ length: size * size }, (_, i) => (i * i * 31 + seed * 57) % 256);
  return { data, width: size, height: size };
}

function datasetOf(images: readonly Image[], size: number = SIZE): FerDataset {
  const pixels = new Uint8Array(images.length * size * size);
  images.forEach(({ data }, i) => pixels.set(data, i * size * size));
  return new FerDataset({
    pixels,
    labels: new Int8Array(images.length).fill(-1),
    usages: new Uint8Array(images.length),
    classes: CLASSES,
    size,
    source: "a test",
  });
}

/** Grey samples in [0, 255], whole or not. */
type Plane = Omit<Image, "data"> & { readonly data: ArrayLike<number> };

/** Softmax of the logits for grey samples, computed apart from the code under test. */
function expected(model: FerModel, image: Plane, mean = 0.5, std = 0.5): number[] {
  const { data, width, height } = image;
  const input = Float32Array.from(data, (sample) => (sample / 255 - mean) / std);
  const logits = tf.tidy(() =>
    (model.predict(tf.tensor4d(input, [1, height, width, 1])) as tf.Tensor).dataSync<"float32">()
  );
  const powers = Array.from(logits, Math.exp);
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

function mirrored({ data, width, height }: Image): Image {
  const flipped = data.map((_, i) => data[i - i % width + width - 1 - i % width]);
  return { data: flipped, width, height };
}

function assertClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  assertEquals(actual.length, expected.length);
  expected.forEach((value, i) => assertAlmostEquals(actual[i], value, 1e-5));
}

const inOrder = (ranked: readonly { label: string; probability: number }[]) =>
  CLASSES.map((label) => ranked.find((each) => each.label === label)?.probability ?? NaN);

Deno.test("predict() ranks the softmax of the logits", async () => {
  const model = smallModel();
  const ranked = await predict(model, grey(1));
  assertClose(inOrder(ranked), expected(model, grey(1)));
  const probabilities = ranked.map(({ probability }) => probability);
  assertEquals(probabilities, probabilities.toSorted((a, b) => b - a));
  assertAlmostEquals(probabilities.reduce((a, b) => a + b), 1, 1e-6);
  model.dispose();
});

Deno.test("predict() takes images, tensors and batches of them, and leaves no tensors behind", async () => {
  const model = smallModel();
  const image = grey(2);
  const { data } = image;
  const want = expected(model, image);
  const before = tf.memory().numTensors;
  const rgb = Uint8ClampedArray.from(
    { length: 3 * data.length },
    (_, i) => data[Math.floor(i / 3)],
  );
  const rgba = Uint8Array.from({ length: 4 * data.length }, (_, i) => {
    // Transparency changes nothing, as in Pillow's convert("L").
    return i % 4 === 3 ? 17 : data[Math.floor(i / 4)];
  });
  const tensors = [
    tf.tensor2d([...data], [SIZE, SIZE], "int32"),
    tf.tensor3d(Float32Array.from(data), [SIZE, SIZE, 1]),
    tf.tensor3d(Float32Array.from(rgb), [SIZE, SIZE, 3], "int32"),
  ];
  const inputs: ImageInput[] = [
    image,
    { ...image, data: rgb },
    { ...image, data: rgba },
    ...tensors,
  ];
  for (const input of inputs) assertClose(inOrder(await predict(model, input)), want);

  const batch = await predict(model, [grey(3), ...inputs]);
  assertEquals(batch.length, 7);
  assertClose(inOrder(batch[0]), expected(model, grey(3)));
  assertClose(inOrder(batch[6]), want);

  const stacked = tf.tensor4d([...data, ...grey(4).data], [2, SIZE, SIZE, 1]);
  const [first, second] = await predict(model, stacked);
  assertClose(inOrder(first), want);
  assertClose(inOrder(second), expected(model, grey(4)));
  assertEquals(await predict(model, []), []);

  tf.dispose([stacked, ...tensors]);
  assertEquals(tf.memory().numTensors, before);
  model.dispose();
});

Deno.test("predict() makes grey by the luma of ITU-R BT.601", async () => {
  const model = smallModel();
  const [r, g, b] = [200, 30, 90];
  const data = Uint8Array.from({ length: 3 * SIZE * SIZE }, (_, i) => [r, g, b][i % 3]);
  const luma = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
  const flat = { data: new Uint8Array(SIZE * SIZE).fill(luma), width: SIZE, height: SIZE };
  const ranked = await predict(model, { data, width: SIZE, height: SIZE });
  assertClose(inOrder(ranked), expected(model, flat));
  model.dispose();
});

Deno.test("predict() resizes an image of any size to the model's", async () => {
  const model = smallModel();
  // Each sample doubled in both directions: antialiased bilinear keeps a constant image constant.
  const flat = (size: number, height = size) => ({
    data: new Uint8Array(size * height).fill(77),
    width: size,
    height,
  });
  const want = expected(model, flat(SIZE));
  for (const image of [flat(1), flat(5), flat(100), flat(31, 7)]) {
    assertClose(inOrder(await predict(model, image)), want);
  }
  model.dispose();
});

Deno.test("predict() decodes the bytes of an image file", async () => {
  const model = smallModel();
  // A grey PNG of one pixel of value 128, written by Pillow.
  const png = Uint8Array.fromBase64(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==",
  );
  const flat = { data: new Uint8Array(SIZE * SIZE).fill(128), width: SIZE, height: SIZE };
  assertClose(inOrder(await predict(model, png)), expected(model, flat));
  model.dispose();
});

Deno.test("predict() averages an image and its mirror image with tta", async () => {
  const model = smallModel();
  const image = grey(6);
  const [direct, mirror] = [image, mirrored(image)].map((each) => expected(model, each));
  assert(Math.abs(direct[0] - mirror[0]) > 1e-3, "the two differ");
  assertClose(
    inOrder(await predict(model, image, { tta: true })),
    direct.map((value, i) => (value + mirror[i]) / 2),
  );
  model.dispose();
});

Deno.test("predict() averages five crops and their mirror images of a network of any size", async () => {
  const model = buildFerNet({ filters: [4, 6], size: 12, classes: CLASSES, seed: 5 });
  const weight = namedWeights(model).get("fc.weight");
  tf.tidy(() => weight?.assign(tf.mul(weight, 20)));
  const image = grey(6, 12);
  // The crops of 10 of 12 pixels, cut by hand.
  const views = [[0, 0], [0, 2], [2, 0], [2, 2], [1, 1]].map(([top, left]): Image => ({
    data: Uint8Array.from(
      { length: 100 },
      (_, i) => image.data[(top + Math.floor(i / 10)) * 12 + left + i % 10],
    ),
    width: 10,
    height: 10,
  }));
  const each = [...views, ...views.map(mirrored)].map((view) => expected(model, view));
  const mean = CLASSES.map((_, k) => each.reduce((sum, row) => sum + row[k], 0) / 10);
  const before = tf.memory().numTensors;
  assertClose(inOrder(await predict(model, image, { tta: "fiveCrop" })), mean);
  const [direct, mirror] = [image, mirrored(image)].map((view) => expected(model, view));
  assertClose(
    inOrder(await predict(model, image, { tta: "flip" })),
    direct.map((value, i) => (value + mirror[i]) / 2),
  );
  assertClose(inOrder(await predict(model, image)), direct);
  assertEquals(tf.memory().numTensors, before);
  model.dispose();
});

/** A plane resized bilinearly between the middles of its pixels, its edge repeated beyond it. */
function resized({ data, width, height }: Image, size: number): Plane {
  const at = (y: number, x: number) => data[y * width + x];
  const out = Array.from({ length: size * size }, (_, i) => {
    const [y, x] = [[Math.floor(i / size), height], [i % size, width]].map(([to, edge]) =>
      Math.min(edge - 1, Math.max(0, (to + 0.5) * edge / size - 0.5))
    );
    const [top, left] = [Math.floor(y), Math.floor(x)];
    const [down, right] = [Math.min(top + 1, height - 1), Math.min(left + 1, width - 1)];
    const above = at(top, left) + (at(top, right) - at(top, left)) * (x - left);
    const below = at(down, left) + (at(down, right) - at(down, left)) * (x - left);
    return above + (below - above) * (y - top);
  });
  return { data: out, width: size, height: size };
}

Deno.test("predict() averages three sizes and their mirror images of a network of any size", async () => {
  const model = buildFerNet({ filters: [4, 6], size: 12, classes: CLASSES, seed: 5 });
  const weight = namedWeights(model).get("fc.weight");
  tf.tidy(() => weight?.assign(tf.mul(weight, 20)));
  const image = grey(6, 12);
  const both = [image, mirrored(image)];
  const each = [
    ...both,
    ...both.map((view) => resized(view, 11)),
    ...both.map((view) => resized(view, 13)),
  ]
    .map((view) => expected(model, view));
  assert(Math.abs(each[0][0] - each[2][0]) > 1e-3, "the sizes differ");
  const mean = CLASSES.map((_, k) => each.reduce((sum, row) => sum + row[k], 0) / 6);
  const before = tf.memory().numTensors;
  assertClose(inOrder(await predict(model, image, { tta: "multiScale" })), mean);
  assertClose(inOrder(await predict(model, image, { tta: true })), mean);
  assertEquals(tf.memory().numTensors, before);
  model.dispose();
});

Deno.test("predict() averages mirror images with tta where a network takes no smaller ones", async () => {
  // Three poolings leave a pixel of 8, none of 7.
  const model = buildFerNet({ filters: [2, 2, 2, 2], size: 8, classes: CLASSES, seed: 5 });
  const image = grey(6);
  assertClose(
    inOrder(await predict(model, image, { tta: true })),
    inOrder(await predict(model, image, { tta: "flip" })),
  );
  await assertRejects(
    () => predict(model, image, { tta: "multiScale" }),
    RangeError,
    "Cannot predict with tta multiScale: model ferNet takes no images of 7x7",
  );
  model.dispose();
});

Deno.test("predict() refuses views that the network cannot take", async () => {
  const model = smallModel();
  await assertRejects(
    () => predict(model, grey(1), { tta: "fiveCrop" }),
    RangeError,
    "Cannot predict with tta fiveCrop: model ferCnn takes no images of 7x7",
  );
  await assertRejects(
    () => predict(model, grey(1), { tta: "multiScale" }),
    RangeError,
    "Cannot predict with tta multiScale: model ferCnn takes no images of 7x7",
  );
  await assertRejects(
    () => predict(model, grey(1), { tta: "tenCrop" as "fiveCrop" }),
    RangeError,
    "tta tenCrop: expected true, flip, multiScale or fiveCrop",
  );
  model.dispose();
});

Deno.test("predict() preprocesses as the model's file says", async () => {
  const original = smallModel();
  const { tensors, metadata } = readSafetensors(await encodeModel(original));
  const preprocessing = { ...JSON.parse(metadata.preprocessing), mean: 0.1, std: 0.7 };
  const loaded = await loadModel(
    writeSafetensors(tensors, { ...metadata, preprocessing: JSON.stringify(preprocessing) }),
  );
  const want = expected(original, grey(7), 0.1, 0.7);
  assertClose(inOrder(await predict(loaded, grey(7))), want);
  assertClose(inOrder(await predict(loaded.model, grey(7))), want);
  original.dispose();
  loaded.model.dispose();
});

Deno.test("predict() divides the logits by the model's temperature", async () => {
  const original = smallModel();
  const { tensors, metadata } = readSafetensors(await encodeModel(original));
  const warm = await loadModel(writeSafetensors(tensors, { ...metadata, temperature: "2" }));
  // Halved logits: the roots of the probabilities, made to sum to 1 again.
  const roots = inOrder(await predict(original, grey(7))).map(Math.sqrt);
  const sum = roots.reduce((a, b) => a + b);
  assertClose(inOrder(await predict(warm, grey(7))), roots.map((root) => root / sum));
  original.dispose();
  warm.model.dispose();
});

Deno.test("predict() gives probabilities for a blank image", async () => {
  const model = smallModel();
  for (const value of [0, 255]) {
    const data = new Uint8Array(SIZE * SIZE).fill(value);
    const ranked = await predict(model, { data, width: SIZE, height: SIZE });
    assertAlmostEquals(ranked.reduce((sum, { probability }) => sum + probability, 0), 1, 1e-6);
  }
  model.dispose();
});

Deno.test("predict() refuses what is no image", async () => {
  const model = smallModel();
  const scaled = tf.fill([SIZE, SIZE], 0.25) as tf.Tensor2D;
  const negative = tf.fill([SIZE, SIZE], -1) as tf.Tensor2D;
  const nan = tf.fill([SIZE, SIZE], NaN) as tf.Tensor2D;
  const flat = tf.zeros([SIZE]) as unknown as tf.Tensor2D;
  const before = tf.memory().numTensors;
  const cases: [ImageInput, typeof Error, string][] = [
    [scaled, RangeError, "its values seem scaled to 0 to 1, expected 0 to 255"],
    [negative, RangeError, "element 0 is -1, expected 0 to 255"],
    [nan, RangeError, "element 0 is NaN, expected 0 to 255"],
    [flat, TypeError, "Cannot predict a tensor of shape [8]"],
    [{ data: new Uint8Array(5), width: 2, height: 2 }, TypeError, "Cannot read an image of 2x2"],
    [{ data: new Uint8Array(), width: 0, height: 0 }, TypeError, "Cannot read an image of 0x0"],
    ["face.jpg" as unknown as Image, TypeError, "Cannot predict: expected {data, width, height}"],
    [null as unknown as Image, TypeError, "Cannot predict: expected {data, width, height}"],
    [Uint8Array.of(1, 2, 3), TypeError, ""],
  ];
  for (const [input, kind, message] of cases) {
    await assertRejects(() => predict(model, input), kind, message);
  }
  for (const batchSize of [0, 1.5, NaN]) {
    await assertRejects(
      () => predict(model, grey(1), { batchSize }),
      RangeError,
      `Cannot predict with a batch size of ${batchSize}`,
    );
  }
  assertEquals(tf.memory().numTensors, before);
  tf.dispose([scaled, negative, nan, flat]);
  model.dispose();
});

Deno.test("predict() says that a model gives no numbers", async () => {
  const model = smallModel();
  const bias = namedWeights(model).get("fc2.bias");
  tf.tidy(() => bias?.assign(tf.fill([3], NaN)));
  const before = tf.memory().numTensors;
  await assertRejects(
    () => predict(model, [grey(1)]),
    RangeError,
    "Cannot predict image 1 of 1: the model gives NaN",
  );
  assertEquals(tf.memory().numTensors, before);
  model.dispose();
});

Deno.test("predictDataset() gives the same probabilities whatever the batch size", async () => {
  const model = smallModel();
  const images = [1, 2, 3, 4, 5].map((seed) => grey(seed));
  const want = images.flatMap((image) => expected(model, image));
  const before = tf.memory().numTensors;
  for (const [batchSize, batches] of [[1, 5], [2, 3], [5, 1], [64, 2]]) {
    const progress: number[] = [];
    const actual = await predictDataset(model, datasetOf(images), {
      batchSize,
      onProgress: (done, total) => {
        assertEquals(total, 5);
        progress.push(done);
      },
    });
    assertClose(actual, want);
    assertEquals(progress.at(-1), 5);
    assertEquals(progress.length, batches);
  }
  assertEquals(await predictDataset(model, datasetOf([])), new Float32Array());
  assertEquals(tf.memory().numTensors, before);
  model.dispose();
});

Deno.test("predictDataset() holds no more GPU memory for many numbers of images than for a few", async () => {
  const gpu = await useWebGpu();
  const model = smallModel();
  const backend = tf.backend() as unknown as {
    readonly bufferManager: { readonly numBytesAllocated: number };
  };
  const run = (n: number) =>
    predictDataset(model, datasetOf(Array.from({ length: n }, (_, i) => grey(i))));
  for (const n of [64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1]) await run(n);
  const before = backend.bufferManager.numBytesAllocated;
  for (const n of [63, 61, 57, 47, 45, 31, 29, 27, 23, 19, 13, 11, 7, 5]) await run(n);
  const after = backend.bufferManager.numBytesAllocated;
  assertLess(after, 1.1 * before);
  model.dispose();
  gpu.dispose();
});

Deno.test("predictDataset() resizes images of another size as predict() does", async () => {
  const model = smallModel();
  const images = [1, 2, 3].map((seed) => grey(seed, 13));
  const actual = await predictDataset(model, datasetOf(images, 13), { tta: true });
  const ranked = await predict(model, images, { tta: true });
  assertClose(actual, ranked.flatMap(inOrder));
  model.dispose();
});

Deno.test("predictDataset() keeps within the adapter's binding limit", async () => {
  const model = smallModel();
  // 8 x 8 x 4 floats an image: three fit, a fourth does not.
  const limits = { maxStorageBufferBindingSize: 3 * 1024 + 500 };
  const backend = tf.backend() as unknown as { device?: unknown };
  backend.device = { limits };
  const batches: number[] = [];
  const apply = model.apply.bind(model);
  model.apply = (x, kwargs) => {
    batches.push((x as tf.Tensor).shape[0]);
    return apply(x, kwargs);
  };
  try {
    await predictDataset(model, datasetOf([1, 2, 3, 4, 5, 6, 7].map((seed) => grey(seed))));
    assertEquals(batches, [3, 3, 1]);
    limits.maxStorageBufferBindingSize = 1023;
    await assertRejects(
      () => predictDataset(model, datasetOf([grey(1)])),
      RangeError,
      "a single image exceeds the adapter's binding limit of 1,023 bytes",
    );
  } finally {
    delete backend.device;
  }
  model.dispose();
});

Deno.test("predictDataset() keeps enlarged views within the adapter's binding limit", async () => {
  const model = buildFerNet({ filters: [4], convolutions: 1, size: 12, classes: CLASSES, seed: 5 });
  const backend = tf.backend() as unknown as { device?: unknown };
  const done: number[] = [];
  // 12 x 12 x 4 floats an image, 13 x 13 x 4 a larger view: three images fit, of views two.
  backend.device = { limits: { maxStorageBufferBindingSize: 3 * 12 * 12 * 4 * 4 } };
  const onProgress = (images: number) => done.push(images);
  try {
    const images = datasetOf([1, 2, 3].map((seed) => grey(seed, 12)), 12);
    await predictDataset(model, images, { onProgress });
    await predictDataset(model, images, { onProgress, tta: "multiScale" });
    assertEquals(done, [3, 2, 3]);
  } finally {
    delete backend.device;
  }
  model.dispose();
});

for (
  const build of [
    smallModel,
    () => buildFerNet({ filters: [4], convolutions: 1, size: SIZE, classes: CLASSES, seed: 5 }),
  ]
) {
  Deno.test(`predictDataset() gives the same on webgpu as on cpu: ${build().name}`, async () => {
    const images = [1, 2, 3, 4, 5].map((seed) => grey(seed));
    const model = build();
    const want = [...await predictDataset(model, datasetOf(images), { tta: true })];
    model.dispose();
    const gpu = await useWebGpu();
    const same = build();
    const before = tf.memory().numTensors;
    assertClose(
      await gpu.wait(predictDataset(same, datasetOf(images), { tta: true, batchSize: 2 })),
      want,
    );
    assertEquals(tf.memory().numTensors, before);
    same.dispose();
    gpu.dispose();
    await tf.setBackend("cpu");
  });
}
