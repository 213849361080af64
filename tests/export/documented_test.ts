import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { saveOnnx, saveTfjs } from "../../src/export.ts";
import {
  buildFerCnn,
  buildFerNet,
  encodeModel,
  type FerModel,
  loadModel,
  saveModel,
  writeSafetensors,
} from "../../src/model.ts";
import { readSafetensors } from "../../src/model.ts";
import { predict } from "../../src/predict.ts";
import { documented } from "./documented.ts";
import { assertClose, logitsOf, noise, normalized, seeminglyTrained } from "./networks.ts";
import { hasOnnxRuntime } from "./onnx_runtime.ts";

tf.env().set("PROD", true);
await tf.setBackend("cpu");

const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
const PIXELS = `const pixels = new Float32Array((await Deno.readFile("pixels")).buffer);`;

/** Packages that are not this project's, by what the page calls them. */
const PACKAGES = {
  "onnxruntime-node": "npm:onnxruntime-node@1.27.0",
  // The same without WebGPU, which asks for a browser.
  "onnxruntime-web": "npm:onnxruntime-web@1.27.0/wasm",
};

/** Runs a program in a folder; gives what it prints last, read as JSON. */
async function run(folder: string, code: string): Promise<Record<string, number[]>> {
  const program = Object.entries(PACKAGES).reduce(
    (text, [name, specifier]) => text.replace(`from "${name}"`, `from "${specifier}"`),
    code,
  );
  await Deno.writeTextFile(`${folder}/program.ts`, program);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", CONFIG, "program.ts"],
    cwd: folder,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  assert(success, decoder.decode(stderr));
  return JSON.parse(decoder.decode(stdout).trimEnd().split("\n").at(-1) ?? "");
}

async function withNetwork(
  test: (model: FerModel, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "fer-docs-" });
  const model = await seeminglyTrained(buildFerNet({ filters: [2, 3] }), 1);
  try {
    await test(model, folder);
  } finally {
    model.dispose();
    await Deno.remove(folder, { recursive: true });
  }
}

const [web, node, plain] = await documented("js");
const [foreign, own] = await documented("ts");

async function can(specifier: string): Promise<boolean> {
  const args = ["eval", `await import("${specifier}")`];
  const { success } = await new Deno.Command(Deno.execPath(), { args, stderr: "null" }).output();
  return success;
}

Deno.test({
  name: "docs/export.md's program for pages recognizes a picture (onnxruntime)",
  ignore: !await can(PACKAGES["onnxruntime-web"]),
  fn: async () => {
    await withNetwork(async (model, folder) => {
      await saveOnnx(model, `${folder}/fer-pictures.onnx`, { preprocess: true });
      const data = noise(48 * 48 * 4, 2);
      await Deno.writeFile(`${folder}/face`, data);
      const { best, probabilities } = await run(
        folder,
        `const face = { width: 48, height: 48, data: await Deno.readFile("face") };
        ${web.replace('"fer-pictures.onnx"', 'Deno.readFileSync("fer-pictures.onnx")')}
        console.log(JSON.stringify({ best, probabilities: [...probabilities.data] }));`,
      );
      const [first, second] = await predict(model, { data, width: 48, height: 48 });
      assertEquals(String(best), first.label);
      const [most, next] = probabilities.toSorted((a, b) => b - a);
      assertClose([most, next], [first.probability, second.probability], 1e-5);
    });
  },
});

Deno.test({
  name: "docs/export.md's program for servers gives the network's logits (onnxruntime)",
  ignore: !await hasOnnxRuntime(),
  fn: async () => {
    await withNetwork(async (model, folder) => {
      await saveOnnx(model, `${folder}/fer.onnx`);
      const pixels = normalized(noise(3 * 48 * 48, 3));
      await Deno.writeFile(`${folder}/pixels`, new Uint8Array(pixels.buffer));
      const { logits } = await run(
        folder,
        `${PIXELS} ${node} console.log(JSON.stringify({ logits: [...logits.data] }));`,
      );
      assertClose(logits, logitsOf(model, pixels, 3, 48), 1e-4);
    });
  },
});

Deno.test("docs/export.md's program for tfjs gives the network's probabilities", async () => {
  await withNetwork(async (model, folder) => {
    await saveTfjs(model, `${folder}/fer-tfjs`);
    const samples = normalized(noise(2 * 48 * 48, 4));
    await Deno.writeFile(`${folder}/pixels`, new Uint8Array(samples.buffer));
    // A page has a server; here one answers for the length of the program.
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async ({ url }) => new Response(await Deno.readFile(`${folder}${new URL(url).pathname}`)),
    );
    const { probabilities: found } = await run(
      folder,
      plain.replace('"fer-tfjs/', `"http://127.0.0.1:${server.addr.port}/fer-tfjs/`)
        .replace(
          "const model =",
          `${PIXELS.replace("const pixels", "const samples")}
          tf.env().set("PROD", true);
          const pixels = tf.tensor4d(samples, [2, 48, 48, 1]);
          const model =`,
        ) + "console.log(JSON.stringify({ probabilities: [...probabilities.dataSync()] }));",
    );
    const expected = tf.tidy(() =>
      tf.softmax(tf.tensor2d(logitsOf(model, samples, 2, 48), [2, 7])).dataSync()
    );
    assertClose(found, expected, 1e-5);
  });
});

Deno.test("docs/export.md's programs for this library read a state dict and export", async () => {
  await withNetwork(async (_, folder) => {
    const model = await seeminglyTrained(buildFerCnn({ filters: [2, 3], hidden: 4 }), 5);
    const { tensors } = readSafetensors(await encodeModel(model));
    await Deno.writeFile(`${folder}/model.safetensors`, writeSafetensors(tensors));
    await run(folder, `${foreign} console.log("{}")`);
    const { metadata } = await loadModel(`${folder}/fer.safetensors`);
    assertEquals(metadata.classes.slice(3), ["happy", "neutral", "sad", "surprise"]);
    await saveModel(model, `${folder}/fer.safetensors`);
    await run(folder, `${own} console.log("{}")`);
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
    assertEquals(names, [
      ...["copy.py", "copy.safetensors", "fer-tfjs", "fer.onnx", "fer.safetensors"],
      ...["model.safetensors", "program.ts"],
    ]);
    model.dispose();
  });
});
