import { assert, assertEquals, assertMatch } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { buildFerNet, saveModel } from "../../src/model.ts";
import { runTask, withFolder } from "../cli/run_task.ts";
import { copyPackage, programFolder, tinyWeights } from "../pretrained/tiny_package.ts";

tf.env().set("PROD", true);
await tf.setBackend("cpu");

async function writeModel(path: string): Promise<void> {
  const model = buildFerNet({ filters: [2, 3] });
  await saveModel(model, path, { metadata: { data: "drawn" } });
  model.dispose();
}

const filesOf = (folder: string) =>
  Array.from(Deno.readDirSync(folder), ({ name }) => name).toSorted();

Deno.test("export writes each format, of the newest run or the model that is named", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/runs/first`, { recursive: true });
    await writeModel(`${folder}/runs/first/best.safetensors`);
    const path = "runs/first/best.safetensors";
    const cases: [string[], RegExp][] = [
      [["onnx", "--out=fer.onnx"], /^fer\.onnx {2}[\d,]+ bytes$/m],
      [["onnx", "--out=pictures.onnx", "--preprocess"], /^pictures\.onnx {2}[\d,]+ bytes$/m],
      [
        ["pytorch", "--out=fer.safetensors"],
        /^fer\.safetensors {2}[\d,]+ bytes\nfer\.py {2}[\d,]+ /m,
      ],
      [["tfjs", "--out=fer", "--model=runs/first"], /^fer {2}[\d,]+ bytes$/m],
    ];
    for (const [args, told] of cases) {
      const { code, stdout, stderr } = await runTask("export", ["--format", ...args], {
        cwd: folder,
      });
      assertEquals([code, stderr], [0, ""]);
      assertMatch(stdout, told);
      assert(stdout.startsWith(`model  ${path}\n`), stdout);
    }
    assertEquals(filesOf(folder), [
      ...["fer", "fer.onnx", "fer.py", "fer.safetensors", "pictures.onnx", "runs"],
    ]);
    assertEquals(filesOf(`${folder}/fer`), ["group1-shard1of1.bin", "model.json"]);
    assertEquals(
      await Deno.readFile(`${folder}/fer.safetensors`),
      await Deno.readFile(`${folder}/${path}`),
    );
    const plain = await Deno.readTextFile(`${folder}/fer.onnx`);
    assert(plain.includes("logits") && !plain.includes("Resize"));
    const pictures = await Deno.readTextFile(`${folder}/pictures.onnx`);
    assert(pictures.includes("probabilities") && pictures.includes("Resize"));
  });
});

Deno.test("export says in a line what it cannot do, and writes nothing", async () => {
  await withFolder(async (folder) => {
    await writeModel(`${folder}/model.safetensors`);
    await Deno.writeTextFile(`${folder}/letter.safetensors`, "Dear Sir or Madam, no weights here");
    const model = ["--model", "model.safetensors"];
    const cases: [number, string[], RegExp][] = [
      [2, [], /--format is missing, one of onnx, pytorch, tfjs/],
      [2, ["--format=onnx"], /--out PATH is missing/],
      [
        2,
        ["--format=keras", "--out=a"],
        /Cannot set --format to "keras": expected onnx or pytorch/,
      ],
      [2, ["--format=onnx", "--out=a.pb"], /Cannot export onnx as a\.pb: expected NAME\.onnx/],
      [2, ["--format=onnx", "--out=b/.onnx"], /expected NAME\.onnx/],
      [2, ["--format=pytorch", "--out=a.pt"], /as a\.pt: expected NAME\.safetensors/],
      [2, ["--format=tfjs", "--out=a.onnx"], /as a\.onnx: it is a folder, name it otherwise/],
      [2, ["--format=tfjs", "--out=a", "--preprocess"], /Cannot export tfjs with --preprocess/],
      [1, ["--format=onnx", "--out=no/a.onnx", ...model], /no\/a\.onnx: its folder does not exist/],
      [1, ["--format=tfjs", "--out=.", ...model], /Cannot write \.: it is there already/],
      [
        1,
        ["--format=onnx", "--out=a.onnx", "--model=gone"],
        /Cannot read model gone: no such file/,
      ],
      [
        1,
        ["--format=pytorch", "--out=a.safetensors", "--model=letter.safetensors"],
        /Cannot read letter\.safetensors: not a safetensors file/,
      ],
    ];
    const before = filesOf(folder);
    await Promise.all(cases.map(async ([wanted, args, why]) => {
      const { code, stdout, stderr } = await runTask("export", args, { cwd: folder });
      assertEquals([code, stdout], [wanted, ""], stderr);
      assertMatch(stderr, why);
      assertMatch(stderr, /^error: [^\n]+\n$/);
    }));
    assertEquals(filesOf(folder), before);
  });
});

Deno.test("export takes the packaged network, checks it and names its licence", async () => {
  const folder = await programFolder();
  try {
    const weights = await tinyWeights();
    await copyPackage(weights, folder);
    // What the task reads of it is the licence.
    const config = JSON.parse(await Deno.readTextFile(`${folder}/deno.json`));
    const text = JSON.stringify({ ...config, license: "MIT" });
    await Deno.writeTextFile(`${folder}/deno.json`, text);
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--no-prompt", "--allow-read", "--allow-write"],
          ...["--allow-env=XDG_RUNTIME_DIR", "cli/export.ts", "--model=packaged", ...args],
        ],
        cwd: folder,
        env: { INIT_CWD: "", NO_COLOR: "1", XDG_RUNTIME_DIR: "/tmp" },
      }).output();
      const decoder = new TextDecoder();
      assertEquals(code, 0, decoder.decode(stderr));
      assertMatch(decoder.decode(stdout), /^model {2}the packaged network\n/);
    };
    await run("--format=pytorch", "--out=fer.safetensors");
    assertEquals(await Deno.readFile(`${folder}/fer.safetensors`), weights.bytes);
    await run("--format=tfjs", "--out=fer");
    const { userDefinedMetadata } = JSON.parse(
      await Deno.readTextFile(`${folder}/fer/model.json`),
    );
    assertEquals(userDefinedMetadata.export.license, "MIT");
    assertEquals(userDefinedMetadata.export.data, "drawn");
    await run("--format=onnx", "--out=fer.onnx");
    assertMatch(await Deno.readTextFile(`${folder}/fer.onnx`), /license[^"]*"MIT"/s);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
