import { assertEquals, assertRejects } from "@std/assert";
import {
  readMetrics,
  RunDirectory,
  RunDirectoryError,
  type StepLine,
} from "../../src/runs/run_directory.ts";

const line = (step: number): StepLine => ({
  type: "step",
  epoch: 1,
  step,
  loss: 2,
  lr: 1e-3,
  imagesPerSecond: 100,
  seconds: step,
});

async function inFolder(test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(`${folder}/run`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("RunDirectory.open() makes the folder of a new run", () =>
  inFolder(async (path) => {
    const directory = await RunDirectory.open(path, { resume: false });
    await directory.writeJson("config.json", { a: 1 });
    directory.close();
    assertEquals(JSON.parse(await Deno.readTextFile(`${path}/config.json`)), { a: 1 });
  }));

Deno.test("RunDirectory.open() refuses a folder that another process trains in", () =>
  inFolder(async (path) => {
    const script = `
      await Deno.mkdir(${JSON.stringify(path)});
      const file = await Deno.open(${JSON.stringify(`${path}/.lock`)}, {create: true, write: true});
      await file.lock(true);
      console.log("locked");
      await new Promise((resolve) => setTimeout(resolve, 60000));`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", script],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    await assertRejects(
      () => RunDirectory.open(path, { resume: false }),
      RunDirectoryError,
      "another process is training there",
    );
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    (await RunDirectory.open(path, { resume: false })).close();
  }));

Deno.test("RunDirectory.open() refuses to begin where a run is, and to resume where none is", () =>
  inFolder(async (path) => {
    await assertRejects(
      () => RunDirectory.open(path, { resume: true }),
      RunDirectoryError,
      "it holds no config.json",
    );
    const directory = await RunDirectory.open(path, { resume: false });
    await directory.writeJson("config.json", {});
    directory.close();
    await assertRejects(
      () => RunDirectory.open(path, { resume: false }),
      RunDirectoryError,
      "it holds one already",
    );
    (await RunDirectory.open(path, { resume: true })).close();
  }));

Deno.test("RunDirectory.open() names a folder that cannot be made", () =>
  inFolder(async (path) => {
    await Deno.writeTextFile(path, "a file");
    await assertRejects(
      () => RunDirectory.open(`${path}/inside`, { resume: false }),
      RunDirectoryError,
      `${path}/inside`,
    );
  }));

Deno.test("readMetrics() passes over a last line that a crash cut off", () =>
  inFolder(async (path) => {
    await Deno.mkdir(path);
    const whole = JSON.stringify(line(1)) + "\n";
    await Deno.writeTextFile(`${path}/metrics.jsonl`, whole + whole.slice(0, 20));
    assertEquals(await readMetrics(path), [line(1)]);
  }));

Deno.test("readMetrics() gives none where there is no file", async () => {
  assertEquals(await readMetrics("/nonexistent"), []);
});

Deno.test("RunDirectory.rewindMetrics() drops what a checkpoint does not know", () =>
  inFolder(async (path) => {
    const directory = await RunDirectory.open(path, { resume: false });
    for (const step of [1, 2, 3]) await directory.appendMetrics(line(step));
    await directory.rewindMetrics(({ step }) => step <= 2);
    await directory.appendMetrics(line(4));
    directory.close();
    assertEquals((await readMetrics(path)).map(({ step }) => step), [1, 2, 4]);
  }));
