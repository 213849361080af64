import { assert, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { EMOTIONS } from "../../src/emotions.ts";
import {
  buildFerCnn,
  buildFerNet,
  CheckpointError,
  encodeModel,
  type FerModel,
  loadModel,
  loadModelWeights,
  readSafetensors,
  type StateDict,
  toStateDict,
  writeSafetensors,
} from "../../src/model.ts";
import { seeminglyTrained } from "./networks.ts";

tf.env().set("PROD", true);
await tf.setBackend("cpu");

/** A model's tensors under other names, sorted as PyTorch's package writes them. */
async function stateDict(
  model: FerModel,
  names: Readonly<Record<string, string>> = {},
): Promise<StateDict> {
  const renamed = [...await toStateDict(model)].map(([name, tensor]) => {
    const [module, field] = name.split(".");
    return [`${names[module] ?? module}.${field}`, tensor] as const;
  });
  const counter = { dtype: "I64", shape: [], data: BigInt64Array.of(3n) } as const;
  const counters = renamed.filter(([name]) => name.endsWith("running_mean"))
    .map(([name]) => [name.replace("running_mean", "num_batches_tracked"), counter] as const);
  return new Map([...renamed, ...counters].sort(([a], [b]) => a < b ? -1 : 1));
}

/** A file as PyTorch's package writes it. */
const fileOf = (tensors: StateDict) => writeSafetensors(tensors, { format: "pt" });

/** Twelve convolutions, so that `features.10` is sorted before `features.2`. */
const LONG = { filters: [4, 6], convolutions: 6 };

/** The names of a network in `nn.Sequential`s. */
function sequential(): Record<string, string> {
  const names: Record<string, string> = { fc: "module.head" };
  let at = 0;
  for (const stage of [1, 2]) {
    for (let n = 1; n <= 6; n++) {
      names[`conv${stage}_${n}`] = `module.features.${at}`;
      names[`bn${stage}_${n}`] = `module.features.${at + 1}`;
      at += n === 6 ? 4 : 3;
    }
  }
  return names;
}

const CASES: Record<string, [() => FerModel, Record<string, string>]> = {
  "the recipe's names": [() => buildFerCnn({ filters: [2, 2, 3], hidden: 5 }), {}],
  "nn.Sequential's names": [() => buildFerCnn({ filters: [2, 2, 3], hidden: 5 }), {
    ...{ conv1: "features.0", bn1: "features.1", conv2: "features.4", bn2: "features.5" },
    ...{ conv3: "features.8", bn3: "features.9", fc1: "classifier.1", fc2: "classifier.4" },
  }],
  "names by layer": [() => buildFerCnn({ filters: [2, 3], hidden: 3, size: 24 }), {
    ...{ conv1: "net.block1.conv", bn1: "net.block1.norm", conv2: "net.block2.conv" },
    ...{ bn2: "net.block2.norm", fc1: "net.fc.0", fc2: "net.fc.3" },
  }],
  "the small network's names": [() => buildFerNet({ filters: [2, 3, 4] }), {}],
  "numbers of two digits": [() => buildFerNet(LONG), sequential()],
};

for (const [name, [build, names]] of Object.entries(CASES)) {
  Deno.test(`loadModel() reads a PyTorch state dict with ${name}`, async () => {
    const model = await seeminglyTrained(build(), 1);
    const bytes = fileOf(await stateDict(model, names));
    const before = tf.memory().numTensors;
    const loaded = await loadModel(bytes);
    assertEquals(await toStateDict(loaded.model), await toStateDict(model));
    const { architecture, preprocessing } = JSON.parse(
      JSON.stringify(model.getUserDefinedMetadata()),
    ).fer;
    assertEquals(loaded.metadata, {
      formatVersion: 1,
      architecture,
      classes: [...EMOTIONS],
      preprocessing,
      temperature: 1,
      libraryVersion: "unknown",
      data: null,
      metrics: null,
    });
    loaded.model.dispose();
    assertEquals(tf.memory().numTensors, before);
    model.dispose();
  });
}

Deno.test("loadModel() takes the file's order where names say nothing of it", async () => {
  const model = await seeminglyTrained(buildFerCnn({ filters: [2, 3], hidden: 4, size: 8 }), 2);
  const names = { conv1: "stem", bn1: "stem_norm", conv2: "body", bn2: "body_norm" };
  const tensors = new Map([...await toStateDict(model)].map(([name, tensor]) => {
    const [module, field] = name.split(".");
    return [`${names[module as keyof typeof names] ?? module}.${field}`, tensor];
  }));
  const loaded = await loadModel(writeSafetensors(tensors));
  assertEquals(await toStateDict(loaded.model), await toStateDict(model));
  loaded.model.dispose();
  model.dispose();
});

Deno.test("loadModel() takes the classes of a state dict from its caller", async () => {
  const model = buildFerNet({ filters: [2, 3], classes: ["cat", "dog"] });
  const bytes = fileOf(await stateDict(model));
  const loaded = await loadModel(bytes, { classes: ["dog", "cat"] });
  assertEquals(loaded.metadata.classes, ["dog", "cat"]);
  const message = "it does not name its 2 classes: give loadModel() their names as classes";
  await assertRejects(() => loadModel(bytes), CheckpointError, message);
  await assertRejects(
    () => loadModel(bytes, { classes: ["cat"] }),
    CheckpointError,
    `${message}, got [cat]`,
  );
  // A model file knows its own.
  const own = await loadModel(await encodeModel(model), { classes: ["a", "b"] });
  assertEquals(own.metadata.classes, ["cat", "dog"]);
  for (const each of [model, loaded.model, own.model]) each.dispose();
});

Deno.test("loadModelWeights() fills a model from a state dict of other names, but for its head", async () => {
  const source = await seeminglyTrained(buildFerNet(LONG), 3);
  const bytes = fileOf(await stateDict(source, sequential()));
  const target = buildFerNet({ ...LONG, classes: ["cat", "dog"], seed: 5 });
  const before = await toStateDict(target);
  await loadModelWeights(target, bytes, { keepHead: true });
  const [after, wanted] = [await toStateDict(target), await toStateDict(source)];
  for (const [name, tensor] of after) {
    assertEquals(tensor, (name.startsWith("fc.") ? before : wanted).get(name), name);
  }
  source.dispose();
  target.dispose();
});

Deno.test("loadModel() says why a state dict is none of a network that it knows", async () => {
  const cnn = buildFerCnn({ filters: [2, 3], hidden: 4, size: 8 });
  const net = buildFerNet({ filters: [2, 3] });
  const f32 = (...shape: number[]) => ({
    dtype: "F32" as const,
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  });
  const cases: [FerModel, (tensors: StateDict) => void, string][] = [
    [cnn, (t) => t.clear(), "there is no convolution"],
    [cnn, (t) => t.set("lstm.weight_ih", f32(4, 4)), "it has no layer with lstm.weight_ih"],
    [cnn, (t) => t.delete("bn1.running_var"), "it has no layer with bn1.bias"],
    [cnn, (t) => t.delete("conv2.bias"), "conv2 has no bias"],
    [
      cnn,
      (t) => t.set("conv2.weight", f32(3, 2, 5, 5)),
      "conv2.weight has the shape [3,2,5,5], expected [3,2,3,3]",
    ],
    [
      cnn,
      (t) => t.set("conv1.weight", f32(2, 3, 3, 3)),
      "conv1.weight has the shape [2,3,3,3], expected [2,1,3,3]",
    ],
    [cnn, (t) => ["bn1", "bn2"].forEach((bn) => drop(t, bn)), "there are 2 convolutions and 0"],
    [cnn, (t) => t.set("fc1.weight", f32(4, 13)), "fc1 takes 13 values, no square of 3 channels"],
    [cnn, (t) => t.set("fc2.weight", f32(7, 5)), "fc2 takes 5 values, fc1 gives 4"],
    [cnn, (t) => t.set("fc3.weight", f32(7, 7)), "there are 3 linear layers"],
    [net, (t) => t.set("conv1_1.bias", f32(2)), "conv1_1 has a bias"],
    [net, (t) => t.set("fc.weight", f32(7, 4)), "fc takes 4 values, not 3 channels"],
    [
      net,
      (t) =>
        ["weight", "bias", "running_mean", "running_var"].forEach((field) =>
          t.set(`bn2_1.${field}`, f32(4))
        ),
      "bn2_1 after conv2_1 has 4 channels, not 3",
    ],
  ];
  function drop(tensors: StateDict, module: string): void {
    for (const name of tensors.keys()) if (name.startsWith(`${module}.`)) tensors.delete(name);
  }
  const before = tf.memory().numTensors;
  for (const [model, change, why] of cases) {
    const tensors = await stateDict(model);
    change(tensors);
    const error = await assertRejects(() => loadModel(fileOf(tensors)), CheckpointError, why);
    assert(
      error.message.startsWith("Cannot read the model's bytes: its metadata has no"),
      error.message,
    );
    assert(!error.message.includes("\n"));
  }
  assertEquals(tf.memory().numTensors, before);
  cnn.dispose();
  net.dispose();
});

Deno.test("loadModel() tells how a .pt file becomes safetensors", async () => {
  const zip = Uint8Array.from([0x50, 0x4b, 3, 4, ...new Array(60).fill(0xff)]);
  const pickle = Uint8Array.from([0x80, 2, ...new Array(60).fill(0xff)]);
  for (const bytes of [zip, pickle]) {
    const error = await assertRejects(() => loadModel(bytes), CheckpointError);
    for (const part of ["from safetensors.torch import save_file", "torch.load("]) {
      assert(error.message.includes(part), error.message);
    }
  }
});

Deno.test("loadModel() gives the logits that PyTorch gave for a state dict of its own", async () => {
  const path = new URL("../parity/model.safetensors", import.meta.url);
  const { tensors } = readSafetensors(await Deno.readFile(path));
  const prefix = "after20.";
  const state = new Map(
    [...tensors].filter(([name]) => name.startsWith(prefix) && !name.endsWith("logits"))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
  const { model } = await loadModel(writeSafetensors(state));
  const images = tensors.get("images")?.data as Float32Array;
  const expected = tensors.get("after20.eval_logits")?.data as Float32Array;
  const logits = tf.tidy(() =>
    (model.predict(tf.tensor4d(images, [16, 48, 48, 1])) as tf.Tensor).dataSync()
  );
  logits.forEach((value, i) => assert(Math.abs(value - expected[i]) < 1e-4));
  model.dispose();
});
