import { assert, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { encodeTfjs, saveTfjs } from "../../src/export.ts";
import {
  buildFerCnn,
  buildFerNet,
  CheckpointError,
  describeModel,
  encodeModel,
  type FerModel,
  loadModel,
} from "../../src/model.ts";
import { calibrate } from "../../src/model/description.ts";
import { predict } from "../../src/predict.ts";
import { VERSION } from "../../src/version.ts";
import { assertClose, logitsOf, noise, normalized, seeminglyTrained } from "./networks.ts";
import type { PlainAnswer } from "./plain_tfjs.ts";

tf.env().set("PROD", true);
await tf.setBackend("cpu");

type Files = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

/** Serves a folder's files, and images. */
function serve(files: Files, pixels: Float32Array): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
    const { pathname } = new URL(url);
    if (pathname === "/pixels") return new Response(Float32Array.from(pixels));
    const bytes = files.get(pathname.replace("/model/", ""));
    return bytes ? new Response(bytes) : new Response("no", { status: 404 });
  });
}

/** What plain tfjs makes of a folder. */
async function inPlainTfjs(files: Files, pixels: Float32Array, size: number): Promise<PlainAnswer> {
  await using server = serve(files, pixels);
  const base = `http://127.0.0.1:${server.addr.port}`;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-net=127.0.0.1", "--no-prompt"],
      ...[new URL("./plain_tfjs.ts", import.meta.url).pathname, base],
      ...[`${pixels.length / size ** 2}`, `${size}`],
    ],
  }).output();
  const decoder = new TextDecoder();
  assert(success, decoder.decode(stderr));
  return JSON.parse(decoder.decode(stdout));
}

const KINDS = new Set([
  ...["InputLayer", "Conv2D", "BatchNormalization", "ReLU", "MaxPooling2D", "Dropout", "Dense"],
  ...["Permute", "Flatten", "GlobalAveragePooling2D"],
]);

async function assertPlain(model: FerModel, size: number): Promise<PlainAnswer> {
  const pixels = normalized(noise(9 * size * size, 1));
  const expected = logitsOf(model, pixels, 9, size);
  const before = tf.memory().numTensors;
  const answer = await inPlainTfjs(await encodeTfjs(model), pixels, size);
  assertEquals(tf.memory().numTensors, before);
  assertClose(answer.logits, expected, 1e-4);
  for (const kind of answer.layers) assert(KINDS.has(kind), kind);
  assert(answer.loss > 0 && answer.loss < 100, `${answer.loss}`);
  return answer;
}

Deno.test("encodeTfjs() gives tfjs without this library the network of buildFerCnn()", async () => {
  const model = await seeminglyTrained(buildFerCnn({ filters: [2, 3, 4], hidden: 5 }), 2);
  calibrate(model, { temperature: 1.5 });
  const { metadata } = await assertPlain(model, 48);
  assertEquals(metadata.fer.temperature, 1.5);
  assertEquals(metadata.fer, JSON.parse(JSON.stringify(describeModel(model))));
  assertEquals(metadata.export, {
    libraryVersion: VERSION,
    source: "jsr:@fer/core",
  });
  model.dispose();
});

Deno.test("encodeTfjs() keeps the network of buildFerNet() open to other sizes", async () => {
  const model = await seeminglyTrained(buildFerNet({ filters: [2, 3, 4] }), 3);
  await assertPlain(model, 40);
  model.dispose();
});

Deno.test("encodeTfjs() gives both outputs of a network that learned FER+'s votes", async () => {
  const model = await seeminglyTrained(buildFerNet({ filters: [2, 3], ferPlus: true }), 8);
  calibrate(model, { temperature: 0.5 }, { temperature: 2 });
  const pixels = normalized(noise(48 * 48, 9));
  const all = logitsOf(model, pixels, 1, 48);
  await using server = serve(await encodeTfjs(model), new Float32Array());
  const plain = await tf.loadLayersModel(
    `http://127.0.0.1:${server.addr.port}/model/model.json`,
  );
  const outputs = plain.predict(tf.tensor4d(pixels, [1, 48, 48, 1])) as tf.Tensor[];
  assertEquals(outputs.map(({ shape }) => shape), [[1, 7], [1, 8]]);
  assertClose(outputs[0].dataSync(), all.slice(0, 7), 1e-5);
  assertClose(outputs[1].dataSync(), all.slice(7), 1e-5);
  // And the library takes it for one of its own.
  const image = { data: noise(48 * 48, 7), width: 48, height: 48 };
  for (const labels of ["fer2013", "ferplus", "both"] as const) {
    const [ours, theirs] = [
      await predict(model, image, { labels }),
      await predict(plain, image, { labels }),
    ];
    assertEquals(theirs.map(({ label }) => label), ours.map(({ label }) => label));
    assertClose(theirs.map((each) => each.probability), ours.map((e) => e.probability), 1e-6);
  }
  model.dispose();
  plain.dispose();
});

Deno.test("encodeTfjs() stores 16 bits where they hold the weights exactly", async () => {
  const model = await seeminglyTrained(buildFerNet({ filters: [8, 16] }), 4);
  const loaded = await loadModel(await encodeModel(model, { dtype: "F16" }));
  const sizeOf = (files: Files) => files.get("group1-shard1of1.bin")?.length ?? 0;
  const [whole, half] = [await encodeTfjs(model), await encodeTfjs(loaded)].map(sizeOf);
  assertEquals(whole, 4 * model.countParams());
  assertEquals(half, 2 * model.countParams());
  await assertPlain(loaded.model, 16);
  model.dispose();
  loaded.model.dispose();
});

Deno.test("encodeTfjs() cuts weights into files of 4 MiB", async () => {
  const options = { filters: [1, 8], hidden: 900, size: 52 };
  const model = await seeminglyTrained(buildFerCnn(options), 5);
  const files = await encodeTfjs(model);
  const bytes = 4 * model.countParams();
  assertEquals([...files.values()].slice(1).map(({ length }) => length), [
    4 * 2 ** 20,
    bytes - 4 * 2 ** 20,
  ]);
  await assertPlain(model, 52);
  model.dispose();
});

Deno.test("predict() takes what plain tfjs has loaded for a model of its own", async () => {
  const model = await seeminglyTrained(buildFerCnn({ filters: [2, 3], hidden: 4 }), 6);
  calibrate(model, { temperature: 0.5 });
  await using server = serve(await encodeTfjs(model), new Float32Array());
  const plain = await tf.loadLayersModel(
    `http://127.0.0.1:${server.addr.port}/model/model.json`,
  );
  const image = { data: noise(48 * 48, 7), width: 48, height: 48 };
  const [ours, theirs] = [await predict(model, image), await predict(plain, image)];
  assertEquals(theirs.map(({ label }) => label), ours.map(({ label }) => label));
  assertClose(theirs.map((each) => each.probability), ours.map((each) => each.probability), 1e-6);
  model.dispose();
  plain.dispose();
});

Deno.test("saveTfjs() writes a new folder or an empty one, and no other", async () => {
  const root = await Deno.makeTempDir();
  const model = buildFerNet({ filters: [2, 3] });
  const files = await encodeTfjs(model);
  await Deno.mkdir(`${root}/empty`);
  for (const name of ["new", "empty/"]) {
    await saveTfjs(model, `${root}/${name}`);
    for (const [file, bytes] of files) {
      assertEquals(await Deno.readFile(`${root}/${name}/${file}`), bytes);
    }
  }
  await Deno.writeTextFile(`${root}/file`, "mine");
  for (const name of ["new", "file"]) {
    await assertRejects(
      () => saveTfjs(model, `${root}/${name}`),
      CheckpointError,
      `Cannot write ${root}/${name}: it is there already, and not an empty folder`,
    );
  }
  await assertRejects(
    () => saveTfjs(model, `${root}/missing/model`),
    CheckpointError,
    `Cannot write ${root}/missing/model: its folder does not exist`,
  );
  assertEquals(await Deno.readTextFile(`${root}/file`), "mine");
  const names = Array.from(Deno.readDirSync(root), ({ name }) => name).sort();
  assertEquals(names, ["empty", "file", "new"]);
  await Deno.remove(root, { recursive: true });
  model.dispose();
});
