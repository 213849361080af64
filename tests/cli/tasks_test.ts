import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { EMOTIONS } from "../../src/emotions.ts";
import { decodeImage, drawnFaces } from "../../src/data.ts";
import { readSafetensors } from "../../src/model.ts";
import {
  runTask,
  taskCommand,
  type TaskName,
  withFolder,
  writeFaces,
  writeTinyRecipe,
} from "./run_task.ts";

/** A grey image as a PNG file of stored, not compressed, rows. */
async function greyPng(
  data: ArrayLike<number>,
  width: number,
  height: number,
): Promise<Uint8Array> {
  const rows = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = data[y * width + x];
  }
  const packed = new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"));
  return png(width, height, new Uint8Array(await new Response(packed).arrayBuffer()));
}

/** A PNG file of the given size and image data, whatever that is. */
function png(width: number, height: number, data: Uint8Array): Uint8Array {
  const chunk = (type: string, body: Uint8Array): Uint8Array => {
    const bytes = new Uint8Array(12 + body.length);
    new DataView(bytes.buffer).setUint32(0, body.length);
    bytes.set(new TextEncoder().encode(type), 4);
    bytes.set(body, 8);
    new DataView(bytes.buffer).setUint32(8 + body.length, crc32(bytes.subarray(4, -4)));
    return bytes;
  };
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header[8] = 8;
  const chunks = [chunk("IHDR", header), chunk("IDAT", data), chunk("IEND", new Uint8Array())];
  return new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, ...chunks.flatMap((c) => [...c])]);
}

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

Deno.test("train, evaluate, predict and report work one after the other", async () => {
  await withFolder(async (folder) => {
    const run = `${folder}/runs/first`;
    await writeFaces(`${folder}/faces.csv`, 70);
    await writeTinyRecipe(`${folder}/tiny.json`, { epochs: 5 });
    const trained = await runTask("train", [
      ...["--recipe", "tiny.json", "--data", "faces.csv", "--run-dir", "runs/first"],
      ...["--epochs=1", "--label-smoothing", "0.1", "--ema=0.5"],
    ], { cwd: folder });
    assertEquals(trained.stderr, "");
    assertEquals(trained.code, 0);
    assertMatch(trained.stdout, /^epoch 1\/1 {2}loss .* images\/s .*best$/m);
    assertStringIncludes(trained.stdout, "Training on 56 images of faces.csv, validating on 7");
    const names = ["best.safetensors", "config.json", "last.safetensors", "report.html"];
    for (const name of names) assert((await Deno.stat(`${run}/${name}`)).size > 100, name);
    // The recipe's values, where no flag was given; the flags' in camel case.
    const { config, data } = JSON.parse(await Deno.readTextFile(`${run}/config.json`));
    assertEquals(
      [config.epochs, config.batchSize, config.labelSmoothing, config.ema, config.data],
      [1, 8, 0.1, 0.5, "faces.csv"],
    );
    assertEquals(data.counts, { Training: 56, PublicTest: 7, PrivateTest: 7 });

    const json = await runTask("evaluate", ["--data=faces.csv", "--json", "--tta"], {
      cwd: folder,
    });
    assertEquals([json.code, json.stderr], [0, ""]);
    assertEquals(json.stdout.trimEnd().split("\n").length, 1);
    const evaluation = JSON.parse(json.stdout);
    assertEquals(Object.keys(evaluation), [
      ...["n", "accuracy", "accuracyInterval", "macroF1", "macroF1Interval", "weightedF1"],
      ...["balancedAccuracy", "top2", "ece", "loss", "perClass", "confusion", "leakFree"],
    ]);
    assertEquals(evaluation.n, 7);
    assertEquals(Object.keys(evaluation.perClass), [...EMOTIONS]);
    assertEquals(evaluation.leakFree.n, 7);

    const table = await runTask("evaluate", ["--data=faces.csv", "--usage=Training"], {
      cwd: folder,
    });
    assertEquals([table.code, table.stderr], [0, ""]);
    assertStringIncludes(table.stdout, "runs/first/best.safetensors");
    assertMatch(table.stdout, /^surprise +[\d.]+ % +[\d.]+ % +[\d.]+ % +8$/m);

    await Deno.remove(`${run}/report.html`);
    const report = await runTask("report", ["runs/first", "--no-photos"], { cwd: folder });
    assertEquals([report.code, report.stderr], [0, ""]);
    assertEquals(report.stdout, "runs/first/report.html\n");
    assertStringIncludes(await Deno.readTextFile(`${run}/report.html`), "<!doctype html>");

    const face = drawnFaces(4, 9).image(3);
    await Deno.writeFile(`${folder}/face.png`, await greyPng(face.data, 48, 48));
    await Deno.writeFile(`${folder}/nothing.png`, png(0, 48, new Uint8Array()));
    await Deno.writeFile(`${folder}/huge.png`, png(10_000, 10_000, new Uint8Array(9)));
    await Deno.writeTextFile(`${folder}/letter.jpg`, "Dear Sir or Madam");
    const files = ["letter.jpg", "face.png", "nothing.png", "huge.png", "gone.png", "face.png"];
    const lines = await runTask("predict", [...files, "--json"], { cwd: folder });
    assertEquals(lines.code, 1);
    const complaints = lines.stderr.trimEnd().split("\n");
    assertEquals(complaints.length, 4);
    for (const [i, name] of ["letter.jpg", "nothing.png", "huge.png", "gone.png"].entries()) {
      assertMatch(complaints[i], new RegExp(`^error: Cannot \\w+ ${name}: `));
    }
    assertStringIncludes(complaints[2], "100 megapixels");
    const [first, second] = lines.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(second, first);
    assertEquals(Object.keys(first), ["file", "label", "probabilities"]);
    assertEquals(Object.keys(first.probabilities), [...EMOTIONS]);
    const values = Object.values<number>(first.probabilities);
    assert(Math.abs(values.reduce((a, b) => a + b) - 1) < 1e-5);
    assertEquals(first.probabilities[first.label], Math.max(...values));

    const shown = await runTask("predict", ["face.png"], { cwd: folder });
    assertEquals([shown.code, shown.stderr], [0, ""]);
    assertMatch(
      shown.stdout,
      /^model {2}runs\/first\/best\.safetensors\nface\.png {2}[a-z]+ [\d.]+ % /,
    );

    const explained = await runTask("predict", ["face.png", "--explain=why.png"], { cwd: folder });
    assertEquals([explained.code, explained.stderr], [0, ""]);
    assertMatch(explained.stdout, /^What speaks for [a-z]+: why\.png$/m);
    const overlay = await decodeImage(await Deno.readFile(`${folder}/why.png`));
    assertEquals([overlay.width, overlay.height, overlay.data.length], [48, 48, 4 * 48 * 48]);
    const several = await runTask("predict", ["face.png", "face.png", "--explain", "why.png"], {
      cwd: folder,
    });
    assertEquals(several.code, 2);
    assertStringIncludes(several.stderr, "Cannot explain 2 images in why.png: name one FILE");
  });
});

Deno.test("train and evaluate say so where they run on drawn faces, and where FER-2013 is", async () => {
  await withFolder(async (folder) => {
    await writeTinyRecipe(`${folder}/tiny.json`);
    const { code, stdout } = await runTask("train", ["--recipe=tiny.json", "--fast-dev-run"], {
      cwd: folder,
    });
    assertEquals(code, 0);
    assertStringIncludes(stdout, "drawn faces");
    assertStringIncludes(stdout, "https://www.kaggle.com/");
    const { stdout: json, stderr } = await runTask("evaluate", ["--json"], { cwd: folder });
    assertStringIncludes(stderr, "drawn faces");
    JSON.parse(json);
  });
});

Deno.test("evaluate on drawn faces takes the run that was trained on them", async () => {
  await withFolder(async (folder) => {
    await writeTinyRecipe(`${folder}/tiny.json`);
    const train = ["--recipe=tiny.json", "--max-steps=1", "--run-dir=runs/drawn"];
    const { code } = await runTask("train", train, { cwd: folder });
    assertEquals(code, 0);
    const { stdout } = await runTask("evaluate", [], { cwd: folder });
    assertEquals(stdout.split("\n", 1)[0], "model  runs/drawn/best.safetensors");
  });
});

Deno.test("train takes the data set from the FER2013 variable or data/, and a flag wins", async () => {
  await withFolder(async (folder) => {
    await writeTinyRecipe(`${folder}/tiny.json`);
    await Deno.mkdir(`${folder}/data`);
    for (const name of ["data/fer2013.csv", "variable.csv", "flag.csv"]) {
      await writeFaces(`${folder}/${name}`, 20);
    }
    const train = ["--recipe=tiny.json", "--fast-dev-run"];
    const sourceOf = async (args: string[], env: Record<string, string>) => {
      const run = await runTask("train", [...train, ...args], { cwd: folder, env });
      assertEquals([run.code, run.stderr], [0, ""]);
      return / images of (\S+), /.exec(run.stdout)?.[1];
    };
    const [usual, variable, flag] = await Promise.all([
      sourceOf(["--run-dir=a"], {}),
      sourceOf(["--run-dir=b"], { FER2013: "variable.csv" }),
      sourceOf(["--run-dir=c", "--data=flag.csv"], { FER2013: "variable.csv" }),
    ]);
    assertEquals([usual, variable, flag], ["data/fer2013.csv", "variable.csv", "flag.csv"]);
  });
});

Deno.test("train begins from a model with --init, with a new head for other classes", async () => {
  await withFolder(async (folder) => {
    await writeFaces(`${folder}/faces.csv`, 20);
    await writeTinyRecipe(`${folder}/tiny.json`, { maxSteps: 1 });
    const train = ["--recipe=tiny.json", "--quiet"];
    const first = await runTask("train", [...train, "--data=faces.csv", "--run-dir=a"], {
      cwd: folder,
    });
    assertEquals([first.code, first.stdout, first.stderr], [0, "", ""]);
    const faces = drawnFaces(84, 9);
    for (const [label, name] of ["cat", "dog"].entries()) {
      await Deno.mkdir(`${folder}/pets/train/${name}`, { recursive: true });
      for (let i = 0; i < 12; i++) {
        const { data } = faces.image(7 * i + label);
        await Deno.writeFile(`${folder}/pets/train/${name}/${i}.png`, await greyPng(data, 48, 48));
      }
    }
    const init = ["--data=pets", "--run-dir=b", "--init=a/best.safetensors"];
    const second = await runTask("train", [...train, ...init], { cwd: folder });
    assertEquals([second.code, second.stdout, second.stderr], [0, "", ""]);
    const { data, config } = JSON.parse(await Deno.readTextFile(`${folder}/b/config.json`));
    assertEquals([data.classes, config.init], [["cat", "dog"], "a/best.safetensors"]);
  });
});

/** Reads a stream until a text appears in it; returns all that was read. */
async function readUntil(
  reader: ReadableStreamDefaultReader<string>,
  wanted: RegExp,
): Promise<string> {
  let text = "";
  while (!wanted.test(text)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`It ended without ${wanted}: ${text}`);
    text += value;
  }
  return text;
}

Deno.test("train saves at Ctrl-C, exits with 130, and goes on to the same bytes", async () => {
  await withFolder(async (folder) => {
    await writeFaces(`${folder}/faces.csv`, 40);
    await writeTinyRecipe(`${folder}/tiny.json`, { epochs: 3, batchSize: 4 });
    const train = ["--recipe=tiny.json", "--data=faces.csv"];
    const whole = await runTask("train", [...train, "--run-dir=whole", "--quiet"], { cwd: folder });
    assertEquals([whole.code, whole.stdout, whole.stderr], [0, "", ""]);

    const child = taskCommand("train", [...train, "--run-dir=cut"], { cwd: folder }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    await readUntil(reader, /^epoch 1\/3 .*best$/m);
    // One press may arrive twice.
    child.kill("SIGINT");
    child.kill("SIGINT");
    const text = await readUntil(reader, /Go on .*\n/);
    assertStringIncludes(text, "deno task train --resume cut\n");
    await reader.cancel();
    await child.stderr.cancel();
    assertEquals((await child.status).code, 130);

    const resumed = await runTask("train", ["--resume", "cut", "--quiet"], { cwd: folder });
    assertEquals([resumed.code, resumed.stdout, resumed.stderr], [0, "", ""]);
    for (const name of ["best", "last"]) {
      const bytes = (run: string) => Deno.readFile(`${folder}/${run}/${name}.safetensors`);
      const tensors = async (run: string) => [...readSafetensors(await bytes(run)).tensors];
      assertEquals(await tensors("cut"), await tensors("whole"), name);
    }
  });
});

Deno.test("doctor finds that training can run, and what it runs on", async () => {
  const { code, stdout, stderr } = await runTask("doctor", ["--json"]);
  assertEquals([code, stderr], [0, ""]);
  const { canTrain, adapter, tests, versions, memory } = JSON.parse(stdout);
  assertEquals(canTrain, true);
  assertEquals(versions.Deno, Deno.version.deno);
  assert(adapter.largestBatch >= 1 && adapter.limits.maxStorageBufferBindingSize > 0);
  assert(memory.total > 0);
  assert(tests.length > 10 && tests.every(({ passed }: { passed: boolean }) => passed));
  const products = tests.filter(({ name }: { name: string }) => /^matrix products by/.test(name));
  assert(products.length >= 3, "the table's candidates are not among the tests");
});

Deno.test("every task explains itself with --help", async () => {
  const tasks: TaskName[] = ["setup", "doctor", "train", "evaluate", "predict", "report", "server"];
  const tools: TaskName[] = ["package-weights", "model-card", "bench:accuracy", "bench:server"];
  const outputs = await Promise.all(
    [...tasks, ...tools, "tune", "test", "bench", "bench:peers", "bench:profile", "check"].map((
      task,
    ) => runTask(task as TaskName, ["--help"])),
  );
  for (const { code, stdout, stderr } of outputs) {
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^[A-Z][^]*\n\nUsage: deno task [\w:]+[^]*--help +Show this help\n/);
  }
  assertMatch(outputs[2].stdout, /--seed N +Seed of everything random \[default: 42\]/);
});
