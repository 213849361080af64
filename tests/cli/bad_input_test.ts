import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { buildFerCnn, saveModel } from "../../src/model.ts";
import {
  runTask,
  type TaskName,
  type TaskOutput,
  withFolder,
  writeFaces,
  writeTinyRecipe,
} from "./run_task.ts";

/** A task that has to refuse: what it is, its arguments, what its one line has to say. */
type Case = readonly [task: TaskName, args: readonly string[], ...expected: readonly string[]];

/** Asserts one line, no stack trace, nothing on stdout that a program could take for a result. */
function assertRefusal(output: TaskOutput, expected: readonly string[], what: string): void {
  const { code, stderr } = output;
  assert(code === 1 || code === 2, `${what}: exit code ${code}\n${stderr}`);
  assertMatch(stderr, /^error: [^\n]+\n$/, what);
  assertEquals(/\n\s+at |\.ts:\d+/.test(stderr), false, `${what} shows a stack trace: ${stderr}`);
  for (const part of expected) assertStringIncludes(stderr, part, what);
}

/** Runs the cases, a few at a time: each is a process. */
async function assertAllRefuse(cases: readonly Case[], cwd: string): Promise<void> {
  const queue = [...cases];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [task, args, ...expected] = next;
      assertRefusal(await runTask(task, args, { cwd }), expected, `${task} ${args.join(" ")}`);
    }
  };
  await Promise.all([work(), work(), work()]);
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names.sort();
}

const GOOD = Array(48 * 48).fill("128");
const pixels = (change: (values: string[]) => void): string => {
  const values = [...GOOD];
  change(values);
  return values.join(" ");
};

/** Files by name: a row after a good one, or a whole text; and what the error has to say. */
const CSV_ROWS: Readonly<Record<string, readonly [row: string, ...expected: string[]]>> = {
  "label_7.csv": [`7,${GOOD.join(" ")},Training`, "row 2", "7"],
  "label_x.csv": [`x,${GOOD.join(" ")},Training`, "row 2", "x"],
  "short.csv": [`3,${pixels((v) => v.pop())},Training`, "row 2", "expected 2304", "got 2303"],
  "long.csv": [`3,${pixels((v) => v.push("1"))},Training`, "row 2", "expected 2304", "got 2305"],
  "pixel_256.csv": [`3,${pixels((v) => v[9] = "256")},Training`, "row 2", "256"],
  "pixel_minus.csv": [`3,${pixels((v) => v[9] = "-1")},Training`, "row 2", "-1"],
  "pixel_fraction.csv": [`3,${pixels((v) => v[9] = "3.5")},Training`, "row 2", "3.5"],
  "pixel_empty.csv": [`3,${pixels((v) => v[9] = "")},Training`, "row 2", "empty"],
  "usage.csv": [`3,${GOOD.join(" ")},Trainingg`, "row 2", "Trainingg"],
};

const CSV_TEXTS: Readonly<Record<string, readonly [text: string, ...expected: string[]]>> = {
  "empty.csv": [""],
  "page.csv": ["<!DOCTYPE html>\n<html><body>Sign in</body></html>\n", "HTML"],
  "column.csv": ["emotion,Usage\n3,Training\n", "pixels"],
};

Deno.test("train refuses malformed CSV files in one line that names file, row and value", async () => {
  await withFolder(async (folder) => {
    const cases: Case[] = [];
    const add = (name: string, expected: readonly string[]) =>
      cases.push(["train", ["--data", name, "--run-dir", "runs/bad"], name, ...expected]);
    for (const [name, [row, ...expected]] of Object.entries(CSV_ROWS)) {
      const good = `3,${GOOD.join(" ")},Training`;
      await Deno.writeTextFile(`${folder}/${name}`, `emotion,pixels,Usage\n${good}\n${row}\n`);
      add(name, expected);
    }
    for (const [name, [text, ...expected]] of Object.entries(CSV_TEXTS)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
      add(name, expected);
    }
    await writeFaces(`${folder}/whole.csv`, 20);
    const packed = new Blob([await Deno.readFile(`${folder}/whole.csv`)]).stream()
      .pipeThrough(new CompressionStream("gzip"));
    const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
    await Deno.writeFile(`${folder}/cut.csv.gz`, bytes.subarray(0, bytes.length / 2));
    add("cut.csv.gz", []);
    add("missing.csv", []);
    await Deno.mkdir(`${folder}/faces/train/happy`, { recursive: true });
    add("faces", ["no image"]);
    const before = await namesIn(folder);
    await assertAllRefuse(cases, folder);
    assertEquals(await namesIn(folder), before, "something half written is left behind");
  });
});

Deno.test("tasks refuse flags and recipes in one line that names flag and value", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/broken.json`, '{"lr": ');
    await Deno.writeTextFile(`${folder}/unknown.json`, '{"learningRate": 0.1}');
    await Deno.writeTextFile(`${folder}/wrong.json`, '{"batchSize": 0}');
    await Deno.writeTextFile(`${folder}/network.json`, '{"architecture": "resnet"}');
    await Deno.mkdir(`${folder}/runs/no_run`, { recursive: true });
    await assertAllRefuse([
      ["train", ["--batch-size", "0"], "--batch-size", '"0"'],
      ["train", ["--lr", "NaN"], "--lr", '"NaN"'],
      ["train", ["--epoch=3"], "--epoch", "--epochs"],
      ["train", ["--augment", "standart"], "--augment", '"standart"', "standard"],
      ["train", ["fer2013.csv"], "fer2013.csv"],
      ["train", ["--recipe", "missing.json"], "missing.json", "no such file"],
      ["train", ["--recipe", "broken.json"], "broken.json", "JSON"],
      ["train", ["--recipe", "unknown.json"], "unknown.json", "learningRate"],
      ["train", ["--recipe", "wrong.json"], "wrong.json", "batchSize", '"0"'],
      ["train", ["--recipe", "network.json"], "network.json", "architecture", "resnet"],
      ["train", ["--resume", "runs/no_run"], "runs/no_run", "config.json"],
      ["train", ["--resume", "runs/no_run", "--lr", "1"], "runs/no_run", "config.json"],
      ["evaluate", ["--usage", "Test"], "--usage", '"Test"', "PublicTest"],
      ["predict", [], "FILE"],
      ["predict", ["face.jpg", "--modle=x"], "--modle", "--model"],
      ["report", ["runs/none"], "runs/none"],
      ["report", ["a", "b"], "RUN_DIR"],
      ["doctor", ["--jsno"], "--jsno", "--json"],
      ["test", ["--filtre=x"], "--filtre", "--filter"],
      ["bench", ["--jason"], "--jason", "--json"],
      ["check", ["--fix"], "--fix"],
    ], folder);
    assertEquals(await namesIn(`${folder}/runs`), ["no_run"]);
  });
});

Deno.test("--debug shows where an error came from", async () => {
  const { code, stderr } = await runTask("train", ["--data", "/nowhere.csv", "--debug"]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "error: ");
  assertMatch(stderr, /\n\s+at .*\.ts:\d+/);
});

Deno.test("tasks refuse models, batches and folders that do not fit, and leave nothing", async () => {
  await withFolder(async (folder) => {
    await writeFaces(`${folder}/faces.csv`, 20);
    await writeTinyRecipe(`${folder}/tiny.json`);
    const pets = buildFerCnn({ filters: [2], hidden: 4, classes: ["cat", "dog"] });
    await saveModel(pets, `${folder}/pets.safetensors`);
    pets.dispose();
    const whole = await Deno.readFile(`${folder}/pets.safetensors`);
    await Deno.writeFile(`${folder}/cut.safetensors`, whole.subarray(0, whole.length - 9));
    await Deno.writeTextFile(`${folder}/foreign.safetensors`, "not a model at all");
    await Deno.mkdir(`${folder}/used`);
    await Deno.writeTextFile(`${folder}/used/config.json`, "{}");
    await Deno.writeTextFile(`${folder}/used/.lock`, "");
    await Deno.mkdir(`${folder}/busy`);
    using lock = await Deno.open(`${folder}/busy/.lock`, { create: true, write: true });
    await lock.lock(true);
    await Deno.writeTextFile(`${folder}/file`, "");
    const before = await namesIn(folder);
    const data = ["--data", "faces.csv"];
    const train = ["--recipe", "tiny.json", ...data, "--quiet"];
    await assertAllRefuse([
      ["evaluate", [...data, "--model", "pets.safetensors"], "cat, dog", "faces.csv"],
      ["evaluate", [...data, "--model", "cut.safetensors"], "cut.safetensors"],
      ["evaluate", [...data, "--model", "foreign.safetensors"], "foreign.safetensors"],
      ["evaluate", [...data, "--model", "none.safetensors"], "none.safetensors", "no such file"],
      ["train", [...train, "--run-dir", "used"], "used"],
      ["train", [...train, "--run-dir", "busy"], "busy", "another process"],
      ["train", [...train, "--run-dir", "file/run"], "file/run"],
      [
        "train",
        [...train, "--run-dir", "new_a/run", "--init", "cut.safetensors"],
        "cut.safetensors",
      ],
      [
        "train",
        [...train, "--run-dir", "new_b/run", "--batch-size=9999999"],
        "9,999,999",
        "largest",
      ],
    ], folder);
    assertEquals(await namesIn(folder), before);
    assertEquals(await namesIn(`${folder}/used`), [".lock", "config.json"]);
    assertEquals(await namesIn(`${folder}/busy`), [".lock"]);
  });
});
