import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  buildFerCnn,
  CheckpointError,
  encodeModel,
  loadModel,
  loadModelWeights,
  readSafetensors,
  saveModel,
  toStateDict,
  writeSafetensors,
} from "../../src/model.ts";
import { VERSION } from "../../src/version.ts";

await tf.setBackend("cpu");

const OPTIONS = { filters: [2, 3], hidden: 4, size: 12, classes: ["a", "b"], seed: 9 };

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A model's file with its metadata or tensors changed. */
async function altered(
  change: (file: ReturnType<typeof readSafetensors> & { metadata: Record<string, string> }) => void,
): Promise<Uint8Array> {
  const model = buildFerCnn(OPTIONS);
  const { tensors, metadata } = readSafetensors(await encodeModel(model));
  model.dispose();
  const file = { tensors, metadata: { ...metadata } };
  change(file);
  return writeSafetensors(file.tensors, file.metadata);
}

Deno.test("saveModel() writes a file that loadModel() reads from a path, a URL and bytes", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/model.safetensors`;
    const model = buildFerCnn(OPTIONS);
    const metrics = { accuracy: 0.5 };
    await saveModel(model, path, { metadata: { data: "drawn", metrics } });
    const expected = await toStateDict(model);
    const before = tf.memory().numTensors;
    for (const source of [path, new URL(`file://${path}`), await Deno.readFile(path)]) {
      const loaded = await loadModel(source);
      assertEquals(await toStateDict(loaded.model), expected);
      assertEquals(loaded.metadata, {
        formatVersion: 1,
        architecture: {
          name: "ferCnn",
          options: { filters: [2, 3], hidden: 4, dropout2d: 0.25, dropout: 0.5, size: 12, seed: 9 },
        },
        classes: ["a", "b"],
        preprocessing: { size: 12, mean: 0.5, std: 0.5, resize: "bilinear" },
        temperature: 1,
        libraryVersion: VERSION,
        data: "drawn",
        metrics: { accuracy: 0.5 },
      });
      loaded.model.dispose();
      assertEquals(tf.memory().numTensors, before);
    }
    model.dispose();
  });
});

Deno.test("saveModel() halves the file as F16, and rounds to 11 bits", async () => {
  await inFolder(async (folder) => {
    const model = buildFerCnn({ ...OPTIONS, hidden: 512 });
    await saveModel(model, `${folder}/half`, { dtype: "F16" });
    await saveModel(model, `${folder}/full`);
    const [half, full] = ["half", "full"].map((name) => Deno.statSync(`${folder}/${name}`).size);
    assert(half < 0.6 * full, `${half} of ${full}`);
    const loaded = await loadModel(`${folder}/half`);
    const [exact, rounded] = await Promise.all([model, loaded.model].map(toStateDict));
    for (const [name, { data }] of exact) {
      data.forEach((value, i) =>
        assertAlmostEquals(
          Number(rounded.get(name)?.data[i]),
          Number(value),
          Math.abs(Number(value)) * 2 ** -11 + 2 ** -25,
        )
      );
    }
    model.dispose();
    loaded.model.dispose();
  });
});

Deno.test("loadModel() takes preprocessing from the file", async () => {
  const preprocessing = { size: 12, mean: 0.25, std: 2, resize: "bilinear" };
  const { model, metadata } = await loadModel(
    await altered((file) => {
      file.metadata.preprocessing = JSON.stringify(preprocessing);
    }),
  );
  assertEquals(metadata.preprocessing, preprocessing);
  const again = await loadModel(await encodeModel(model));
  assertEquals(again.metadata.preprocessing, preprocessing);
  model.dispose();
  again.model.dispose();
});

Deno.test("loadModel() takes the temperature from the file, 1 where there is none", async () => {
  for (const temperature of [undefined, 0.8]) {
    const { model, metadata } = await loadModel(
      await altered((file) => {
        if (temperature === undefined) delete file.metadata.temperature;
        else file.metadata.temperature = JSON.stringify(temperature);
      }),
    );
    assertEquals(metadata.temperature, temperature ?? 1);
    const again = await loadModel(await encodeModel(model));
    assertEquals(again.metadata.temperature, temperature ?? 1);
    model.dispose();
    again.model.dispose();
  }
});

Deno.test("loadModel() says what is wrong with a file, and leaves no tensors behind", async () => {
  const set = (key: string, value: string) =>
    altered((file) => {
      file.metadata[key] = value;
    });
  const unset = (key: string) =>
    altered((file) => {
      delete file.metadata[key];
    });
  const cases: [Promise<Uint8Array>, string][] = [
    [unset("formatVersion"), "its metadata has no formatVersion, so it is not a model file"],
    [set("formatVersion", "2"), "its format is 2, this version of the library reads 1"],
    [set("classes", "[1]"), "metadata classes is [1]"],
    [set("classes", "["), "metadata classes is not JSON"],
    [set("classes", '["a","b","c"]'), "tensor fc2.weight has the shape [2,4], expected [3,4]"],
    [set("architecture", '{"name":"vgg","options":{}}'), "Cannot build architecture vgg"],
    [set("architecture", '{"name":"toString","options":{}}'), "Cannot build architecture toString"],
    [
      set("architecture", '{"name":"ferCnn","options":{"filters":"many"}}'),
      "filters must be positive integers, one a block, got [many]",
    ],
    [set("temperature", "0"), "metadata temperature is 0"],
    [set("preprocessing", '{"size":48,"mean":0.5,"std":0}'), "metadata preprocessing is"],
    [
      set("preprocessing", '{"size":48,"mean":0.5,"std":0.5,"resize":"bilinear"}'),
      "its preprocessing gives images of 48x48, its network takes 12x12",
    ],
    [set("trainingState", "{}"), "it is a training checkpoint: the model is best.safetensors"],
    [altered((file) => file.tensors.delete("conv2.bias")), "tensor conv2.bias is missing"],
    [
      encodeModel(buildFerCnn(OPTIONS)).then((bytes) => bytes.subarray(0, bytes.length - 4)),
      "truncated",
    ],
  ];
  const files = await Promise.all(cases.map(async ([bytes, message]) => [await bytes, message]));
  const before = tf.memory().numTensors;
  for (const [bytes, message] of files as [Uint8Array, string][]) {
    const error = await assertRejects(() => loadModel(bytes), CheckpointError, message);
    assertEquals(error.message.includes("\n"), false);
  }
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("loadModel() names the file that is not there", async () => {
  const missing = "/nowhere/model.safetensors";
  await assertRejects(
    () => loadModel(missing),
    CheckpointError,
    `Cannot read model ${missing}: no such file`,
  );
});

Deno.test("loadModel() reads from a server, and says what the server answered", async () => {
  const model = buildFerCnn(OPTIONS);
  const bytes = await encodeModel(model);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) =>
      request.url.endsWith("/model") ? new Response(bytes) : new Response("no", { status: 404 }),
  );
  const base = `http://127.0.0.1:${server.addr.port}`;
  const loaded = await loadModel(`${base}/model`);
  assertEquals(await toStateDict(loaded.model), await toStateDict(model));
  await assertRejects(
    () => loadModel(new URL(`${base}/other`)),
    CheckpointError,
    `Cannot read model ${base}/other: the server answered 404 Not Found`,
  );
  model.dispose();
  loaded.model.dispose();
});

Deno.test("loadModelWeights() fills a model from a file without this library's metadata", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/torch.safetensors`;
    const source = buildFerCnn(OPTIONS);
    const target = buildFerCnn({ ...OPTIONS, seed: 1 });
    await Deno.writeFile(path, writeSafetensors(await toStateDict(source), { format: "pt" }));
    await loadModelWeights(target, path);
    assertEquals(await toStateDict(target), await toStateDict(source));
    source.dispose();
    target.dispose();
  });
});

Deno.test("VERSION is the version in deno.json", async () => {
  const config = await Deno.readTextFile(new URL("../../deno.json", import.meta.url));
  assertEquals(VERSION, JSON.parse(config).version);
});

const PYTHON = "/usr/bin/python3";

/** The PyTorch twin, filled without renaming; safetensors' layout is read by hand. */
const TWIN = `
import json, struct, sys
import numpy as np, torch, torch.nn as nn
from collections import OrderedDict
data = open(sys.argv[1], "rb").read()
length = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + length])
metadata = header.pop("__metadata__")
body = data[8 + length:]
state = {}
for name, entry in header.items():
    begin, end = entry["data_offsets"]
    array = np.frombuffer(body[begin:end], dtype=np.float32).reshape(entry["shape"]).copy()
    state[name] = torch.from_numpy(array)
net = nn.Sequential(OrderedDict([
    ("conv1", nn.Conv2d(1, 2, 3, padding=1)), ("bn1", nn.BatchNorm2d(2)), ("relu1", nn.ReLU()),
    ("pool1", nn.MaxPool2d(2)), ("conv2", nn.Conv2d(2, 3, 3, padding=1)),
    ("bn2", nn.BatchNorm2d(3)), ("relu2", nn.ReLU()), ("pool2", nn.MaxPool2d(2)),
    ("drop2d", nn.Dropout2d(0.25)), ("flatten", nn.Flatten()), ("fc1", nn.Linear(27, 4)),
    ("relu3", nn.ReLU()), ("drop", nn.Dropout(0.5)), ("fc2", nn.Linear(4, 2))]))
net.load_state_dict(state, strict=True)
net.eval()
image = torch.arange(144, dtype=torch.float32).reshape(1, 1, 12, 12) / 72 - 1
print(json.dumps({"logits": net(image)[0].tolist(), "classes": json.loads(metadata["classes"])}))
`;

async function hasTorch(): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(PYTHON, {
      args: ["-c", "import torch"],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}

Deno.test({
  name: "saveModel() fills the PyTorch twin without renaming (python)",
  ignore: !await hasTorch(),
  fn: async () => {
    await inFolder(async (folder) => {
      const path = `${folder}/model.safetensors`;
      const model = buildFerCnn(OPTIONS);
      await saveModel(model, path);
      const { stdout, stderr } = await new Deno.Command(PYTHON, { args: ["-c", TWIN, path] })
        .output();
      const decoder = new TextDecoder();
      assert(stdout.length > 0, decoder.decode(stderr));
      const { logits, classes } = JSON.parse(decoder.decode(stdout));
      assertEquals(classes, ["a", "b"]);
      const image = Float32Array.from({ length: 144 }, (_, i) => i / 72 - 1);
      const ours = tf.tidy(() =>
        (model.predict(tf.tensor4d(image, [1, 12, 12, 1])) as tf.Tensor).dataSync()
      );
      logits.forEach((value: number, i: number) => assertAlmostEquals(ours[i], value, 1e-6));
      model.dispose();
    });
  },
});
