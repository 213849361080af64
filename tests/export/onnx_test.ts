import { assert, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import protobuf from "protobufjs";
import { EMOTIONS } from "../../src/emotions.ts";
import { encodeOnnx, saveOnnx } from "../../src/export.ts";
import { buildFerCnn, buildFerNet, type FerModel } from "../../src/model.ts";
import { calibrate, setDescription } from "../../src/model/description.ts";
import { predict } from "../../src/predict.ts";
import { VERSION } from "../../src/version.ts";
import { assertClose, logitsOf, noise, normalized, seeminglyTrained } from "./networks.ts";
import { hasOnnxRuntime, runOnnx, type RuntimeTensor } from "./onnx_runtime.ts";

tf.env().set("PROD", true);
await tf.setBackend("cpu");

const runtime = { ignore: !await hasOnnxRuntime() };

/** Images as the file takes them. */
function images(pixels: Float32Array, from: number, count: number, size = 48): RuntimeTensor {
  const area = size * size;
  const data = pixels.slice(from * area, (from + count) * area);
  return { dims: [count, 1, size, size], data };
}

/** Top-level fields of a protocol buffer, by number. */
function fieldsOf(bytes: Uint8Array): Map<number, (Uint8Array | number)[]> {
  const reader = protobuf.Reader.create(bytes);
  const fields = new Map<number, (Uint8Array | number)[]>();
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const value = (tag & 7) === 2 ? Uint8Array.from(reader.bytes()) : reader.uint32();
    fields.set(tag >>> 3, [...fields.get(tag >>> 3) ?? [], value]);
  }
  return fields;
}

const text = (value: Uint8Array | number | undefined): string =>
  new TextDecoder().decode(value as Uint8Array);

for (
  const [name, build] of Object.entries({
    buildFerCnn: () => buildFerCnn({ filters: [3, 4, 5], hidden: 6 }),
    buildFerNet: () => buildFerNet({ filters: [3, 4, 5] }),
  })
) {
  Deno.test({
    name: `encodeOnnx() gives ONNX Runtime the network of ${name}(), in batches of any size ` +
      "(onnxruntime)",
    ...runtime,
    fn: async () => {
      const model = await seeminglyTrained(build(), 1);
      const before = tf.memory().numTensors;
      const pixels = normalized(noise(256 * 48 * 48, 2));
      const expected = logitsOf(model, pixels, 256, 48);
      const { inputs, outputs, runs } = await runOnnx(await encodeOnnx(model), [
        images(pixels, 0, 256),
        images(pixels, 7, 1),
        images(pixels, 30, 3),
      ]);
      assertEquals([inputs, outputs], [["pixels"], ["logits"]]);
      assertEquals(runs.map(({ dims }) => dims), [[256, 7], [1, 7], [3, 7]]);
      assertClose(runs[0].data, expected, 1e-4);
      assertClose(runs[1].data, expected.slice(7 * 7, 8 * 7), 1e-4);
      assertClose(runs[2].data, expected.slice(30 * 7, 33 * 7), 1e-4);
      assertEquals(tf.memory().numTensors, before);
      model.dispose();
    },
  });
}

Deno.test({
  name: "encodeOnnx() gives both outputs of a network that learned FER+'s votes (onnxruntime)",
  ...runtime,
  fn: async () => {
    const model = await seeminglyTrained(buildFerNet({ filters: [3, 4], ferPlus: true }), 1);
    calibrate(model, { temperature: 1.5 }, { temperature: 0.7 });
    const pixels = normalized(noise(2 * 48 * 48, 2));
    const all = logitsOf(model, pixels, 2, 48);
    const { outputs, all: results } = await runOnnx(await encodeOnnx(model), [
      images(pixels, 0, 2),
    ]);
    assertEquals(outputs, ["logits", "ferplus_logits"]);
    const columns = (start: number, end: number) =>
      [0, 1].flatMap((i) => [...all.slice(i * 15 + start, i * 15 + end)]);
    assertEquals(results[0].map(({ dims }) => dims), [[2, 7], [2, 8]]);
    assertClose(results[0][0].data, columns(0, 7), 1e-4);
    assertClose(results[0][1].data, columns(7, 15), 1e-4);

    const picture = { data: noise(48 * 48, 3), width: 48, height: 48 };
    const whole = await runOnnx(await encodeOnnx(model, { preprocess: true }), [
      { dims: [1, 48, 48, 1], data: picture.data },
    ]);
    assertEquals(whole.outputs, ["probabilities", "ferplus_probabilities"]);
    for (const [at, labels] of (["fer2013", "ferplus"] as const).entries()) {
      const ranked = await predict(model, picture, { labels });
      const { data } = whole.all[0][at];
      assertClose(Array.from(data).sort((a, b) => b - a), ranked.map((e) => e.probability), 1e-4);
    }
    model.dispose();
  },
});

Deno.test({
  name: "encodeOnnx() takes other sizes and classes (onnxruntime)",
  ...runtime,
  fn: async () => {
    const options = { filters: [2, 3], hidden: 4, size: 13, classes: ["cat", "dog", "owl"] };
    const model = await seeminglyTrained(buildFerCnn(options), 3);
    const pixels = normalized(noise(5 * 13 * 13, 4));
    const { runs: [run] } = await runOnnx(await encodeOnnx(model), [images(pixels, 0, 5, 13)]);
    assertEquals(run.dims, [5, 3]);
    assertClose(run.data, logitsOf(model, pixels, 5, 13), 1e-4);
    model.dispose();
  },
});

/** A network of other layers, with a description as the library's have one. */
async function otherNetwork(
  layers: readonly tf.layers.Layer[],
  classes: readonly string[] = EMOTIONS,
): Promise<FerModel> {
  const input = tf.input({ shape: [17, 17, 1] });
  const output = layers.reduce(
    (x, layer) => layer.apply(x) as tf.SymbolicTensor,
    input as tf.SymbolicTensor,
  );
  const model = tf.model({ inputs: input, outputs: output, name: "other" });
  setDescription(model, {
    architecture: { name: "other", options: {} },
    classes,
    preprocessing: { size: 17, mean: 0.5, std: 0.5, resize: "bilinear" },
    temperature: 1,
  });
  return await seeminglyTrained(model, 5);
}

Deno.test({
  name: "encodeOnnx() pads, strides, dilates, pools and flattens as tfjs does (onnxruntime)",
  ...runtime,
  fn: async () => {
    const { conv2d, maxPooling2d, averagePooling2d, flatten, dense, dropout } = tf.layers;
    const model = await otherNetwork([
      conv2d({ filters: 2, kernelSize: 4, padding: "same", activation: "relu" }),
      conv2d({ filters: 3, kernelSize: [3, 2], padding: "same", dilationRate: 2, useBias: false }),
      conv2d({ filters: 4, kernelSize: 3, padding: "same", strides: 2 }),
      maxPooling2d({ poolSize: 2, strides: 1, padding: "same" }),
      conv2d({ filters: 3, kernelSize: 2, padding: "valid" }),
      averagePooling2d({ poolSize: 3, strides: 2, padding: "same" }),
      // Without a permutation: height, width, channels.
      flatten(),
      dropout({ rate: 0.5 }),
      dense({ units: 6, activation: "relu", useBias: false }),
      dense({ units: 7 }),
    ]);
    const pixels = normalized(noise(3 * 17 * 17, 6));
    const { runs: [run] } = await runOnnx(await encodeOnnx(model), [images(pixels, 0, 3, 17)]);
    assertClose(run.data, logitsOf(model, pixels, 3, 17), 1e-4);
    model.dispose();
  },
});

Deno.test("encodeOnnx() says which layer it cannot express", async () => {
  const { conv2d, globalAveragePooling2d, globalMaxPooling2d, dense, reLU, add } = tf.layers;
  const cases: [tf.layers.Layer[], string][] = [
    [
      [globalMaxPooling2d({}), dense({ units: 7, name: "last", activation: "tanh" })],
      "layer last (Dense) has the activation tanh",
    ],
    [
      [
        conv2d({ filters: 1, kernelSize: 1 }),
        reLU({ name: "six", maxValue: 6 }),
        globalAveragePooling2d({}),
      ],
      "layer six (ReLU) has the largest value 6",
    ],
    [
      [tf.layers.batchNormalization({ name: "norm" }), globalAveragePooling2d({})],
      "layer norm (BatchNormalization) has no counterpart",
    ],
  ];
  for (const [layers, why] of cases) {
    const model = await otherNetwork(layers);
    await assertRejects(
      () => encodeOnnx(model),
      TypeError,
      `Cannot export model other as ONNX: ${why}`,
    );
    model.dispose();
  }
  const input = tf.input({ shape: [8, 8, 1] });
  const branches = [1, 2].map(() => conv2d({ filters: 1, kernelSize: 1 }).apply(input));
  const sum = add().apply(branches as tf.SymbolicTensor[]) as tf.SymbolicTensor;
  const forked = tf.model({ inputs: input, outputs: sum, name: "forked" });
  await assertRejects(() => encodeOnnx(forked), TypeError, "Cannot tell the classes of model");
  setDescription(forked, {
    architecture: { name: "forked", options: {} },
    classes: ["a", "b"],
    preprocessing: { size: 8, mean: 0.5, std: 0.5, resize: "bilinear" },
    temperature: 1,
  });
  await assertRejects(
    () => encodeOnnx(forked),
    TypeError,
    "Cannot export model forked as ONNX: its layers do not follow one another in a row",
  );
  forked.dispose();
});

Deno.test({
  name: "encodeOnnx() with preprocess takes grey, RGB and RGBA pictures as predict() does " +
    "(onnxruntime)",
  ...runtime,
  fn: async () => {
    const model = await seeminglyTrained(buildFerNet({ filters: [2, 3] }), 7);
    calibrate(model, { temperature: 1.7 });
    const shapes = [[2, 48, 48, 1], [1, 48, 48, 4], [1, 96, 130, 3], [1, 61, 24, 4], [
      1,
      20,
      30,
      1,
    ]];
    const pictures = shapes.map((dims, i): RuntimeTensor => ({
      dims,
      data: noise(dims.reduce((a, b) => a * b), 8 + i),
    }));
    const bytes = await encodeOnnx(model, { preprocess: true });
    const { inputs, outputs, runs } = await runOnnx(bytes, pictures);
    assertEquals([inputs, outputs], [["images"], ["probabilities"]]);
    for (const [i, { dims: [count, height, width, channels], data }] of pictures.entries()) {
      const length = height * width * channels;
      for (let k = 0; k < count; k++) {
        const picture = data.slice(k * length, (k + 1) * length) as Uint8Array;
        const ranked = await predict(model, { data: picture, width, height });
        const expected = EMOTIONS.map((each) =>
          ranked.find(({ label }) => label === each)?.probability ?? NaN
        );
        // Where it resizes, ONNX Runtime rounds a few samples to the neighbouring level.
        const tolerance = height === 48 && width === 48 ? 1e-6 : 2e-3;
        assertClose(runs[i].data.slice(7 * k, 7 * k + 7), expected, tolerance);
      }
    }
    model.dispose();
  },
});

Deno.test("encodeOnnx() notes version, classes, preprocessing, temperature and source", async () => {
  const model = buildFerNet({ filters: [2, 3], classes: ["cat", "dog"] });
  calibrate(model, { temperature: 1.25 });
  const metadata = { formatVersion: 1, libraryVersion: "0.0.1", data: "drawn", metrics: { f1: 1 } };
  const { architecture, classes, preprocessing, temperature } = {
    architecture: {
      name: "ferNet",
      options: { filters: [2, 3], convolutions: 2, dropout: 0.3, size: 48, seed: 42 },
    },
    classes: ["cat", "dog"],
    preprocessing: { size: 48, mean: 0.5, std: 0.5, resize: "bilinear" as const },
    temperature: 1.25,
  };
  const loaded = {
    model,
    metadata: { ...metadata, architecture, classes, preprocessing, temperature },
  };
  // Field numbers of onnx.proto: 1 ir_version, 2 producer_name, 3 producer_version,
  // 8 opset_import, 14 metadata_props.
  for (const [preprocess, opset] of [[false, 17], [true, 18]] as const) {
    const fields = fieldsOf(await encodeOnnx(loaded, { preprocess, license: "CC0-1.0" }));
    assertEquals(fields.get(1), [8]);
    assertEquals(text(fields.get(2)?.[0]), "@fer/core");
    assertEquals(text(fields.get(3)?.[0]), VERSION);
    assertEquals(fieldsOf(fields.get(8)?.[0] as Uint8Array).get(2), [opset]);
    const properties = (fields.get(14) ?? []).map((property) => {
      const { 1: [key], 2: [value] } = Object.fromEntries(fieldsOf(property as Uint8Array));
      return [text(key), JSON.parse(text(value))];
    });
    assertEquals(Object.fromEntries(properties), {
      ...{ architecture, classes, preprocessing, temperature },
      libraryVersion: VERSION,
      source: "jsr:@fer/core",
      license: "CC0-1.0",
      data: "drawn",
      metrics: { f1: 1 },
    });
  }
  model.dispose();
});

/** Debian's Python or the user's, where one has the onnx package. */
function findOnnx(): string | undefined {
  return ["/usr/bin/python3", "python3"].find((python) => {
    try {
      const args = ["-c", "import onnx"];
      return new Deno.Command(python, { args, stderr: "null" }).outputSync().success;
    } catch {
      return false;
    }
  });
}

const python = findOnnx();

Deno.test({
  name: "encodeOnnx() writes what onnx.checker finds nothing wrong with (python)",
  ignore: python === undefined,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const models = [buildFerCnn({ filters: [2, 3], hidden: 4 }), buildFerNet({ filters: [2, 3] })];
    const paths: string[] = [];
    for (const model of models) {
      for (const preprocess of [false, true]) {
        const path = `${folder}/${paths.length}.onnx`;
        await saveOnnx(model, path, { preprocess });
        paths.push(path);
      }
      model.dispose();
    }
    const program = "import sys, onnx\n" +
      "for path in sys.argv[1:]: onnx.checker.check_model(path, full_check=True)";
    const { success, stderr } = await new Deno.Command(python ?? "", {
      args: ["-c", program, ...paths],
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    await Deno.remove(folder, { recursive: true });
  },
});
