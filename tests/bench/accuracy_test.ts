import { assert, assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { type Comparison, reorder, scoresOf, tablesOf } from "../../bench/accuracy/results.ts";
import { EMOTIONS } from "../../src/emotions.ts";
import { buildFerCnn, saveModel } from "../../src/model.ts";
import { FERNET } from "../../src/pretrained/fernet.ts";
import { runTask, withFolder, writeFaces } from "../cli/run_task.ts";

Deno.test("reorder() puts a network's probabilities in the data set's order of classes", () => {
  const theirs = Float32Array.of(0.5, 0.25, 0.125, 1, 2, 3);
  const ours = reorder(theirs, ["neutral", "happy", "sad"], ["sad", "neutral", "happy"]);
  assertEquals(ours, Float32Array.of(0.125, 0.5, 0.25, 3, 1, 2));
  assertThrows(() => reorder(theirs, ["cat", "dog"], ["sad", "happy"]), TypeError, "cat, dog");
  assertThrows(() => reorder(theirs, ["a", "b", "c"], ["a", "b"]), TypeError, "a, b, c");
});

Deno.test("scoresOf() counts the images that are not in Training apart", () => {
  const probabilities = Float32Array.of(1, 0, 0, 1, 1, 0);
  const { evaluation, reliability } = scoresOf(probabilities, [0, 0, 0], ["a", "b"], [1, 2]);
  assertAlmostEquals(evaluation.accuracy, 2 / 3);
  assertEquals([evaluation.leakFree?.n, evaluation.leakFree?.accuracy], [2, 0.5]);
  assertEquals(reliability.at(-1)?.count, 3);
  assertEquals(scoresOf(probabilities, [0, 0, 0], ["a", "b"], null).evaluation.leakFree, null);
  assertEquals(scoresOf(probabilities, [0, 0, 0], ["a", "b"], null).uncalibrated, null);
});

Deno.test("scoresOf() tells what the temperature changed", () => {
  // A temperature of 2 made 0.75 of 0.9: its root, and that of 0.1, are as 3 to 1.
  const rows = Float32Array.of(0.75, 0.25, 0.75, 0.25, 0.75, 0.25, 0.75, 0.25);
  const { evaluation, uncalibrated } = scoresOf(rows, [0, 0, 0, 1], ["a", "b"], null, 2);
  assertAlmostEquals(evaluation.ece, 0, 1e-6);
  assertEquals(uncalibrated?.temperature, 2);
  assertAlmostEquals(uncalibrated?.ece ?? 0, 0.15, 1e-6);
  assertAlmostEquals(uncalibrated?.loss ?? 0, -(3 * Math.log(0.9) + Math.log(0.1)) / 4, 1e-6);
});

Deno.test("tablesOf() shows the fastest backend, and who is missing", () => {
  const scores = scoresOf(Float32Array.of(1, 0, 0, 1), [0, 0], ["a", "b"], [0, 1]);
  const times = (["webgpu", "wasm"] as const).map((backend, i) => ({
    backend,
    adapter: "some",
    image1Ms: 8 - 4 * i,
    image64Ms: 1 + i,
  }));
  const comparison: Comparison = {
    machine: { adapter: "some", cores: 2, deno: "2", date: "2026-01-01T00:00:00Z" },
    libraryVersion: "0.1.0",
    quick: false,
    data: { source: "faces.csv", usage: "PublicTest", images: 2, classes: ["a", "b"] },
    contestants: [{
      ...{ name: "mine", isOurs: true, tta: true, version: "v", bytes: 2_360_000, sha256: null },
      ...{ parameters: 9, ...scores, times, msPerImage: 1 },
    }],
    missing: [{ name: "human", why: "no network" }],
  };
  const text = tablesOf(comparison, "plain");
  assertMatch(text, /^ {2}human is missing: no network$/m);
  assertMatch(text, /^mine, test-time augmentation +50\.0 .* 4\.00 wasm +1\.00 webgpu +2\.36$/m);
  assertMatch(tablesOf(comparison, "markdown"), /^\| mine, test-time augmentation \| 50\.0 \|/m);
});

Deno.test("bench:accuracy measures a model file, and says who is missing", async () => {
  await withFolder(async (folder) => {
    tf.env().set("PROD", true);
    await tf.setBackend("cpu");
    await writeFaces(`${folder}/faces.csv`, 70);
    const model = buildFerCnn({ filters: [2, 3, 4], hidden: 4 });
    await saveModel(model, `${folder}/tiny.safetensors`);
    model.dispose();
    const args = ["--data=faces.csv", "--model=tiny.safetensors,none.st", "--peers=none"];
    const { code, stdout, stderr } = await runTask(
      "bench:accuracy",
      ["--quick", "--json", ...args],
      { cwd: folder },
    );
    assertEquals([code, stderr], [0, ""]);
    const comparison: Comparison = JSON.parse(stdout);
    assertEquals(comparison.data, {
      source: "faces.csv",
      usage: "PublicTest",
      images: 7,
      classes: [...EMOTIONS],
    });
    const { contestants, missing } = comparison;
    const ours = contestants.filter(({ name }) => name === "tiny.safetensors");
    assertEquals(ours.map(({ tta }) => tta), [false, true]);
    for (const { evaluation, times, bytes, msPerImage } of ours) {
      assertEquals([evaluation.n, evaluation.leakFree?.n], [7, 7]);
      assert(times.some(({ backend, image1Ms }) => backend === "webgpu" && image1Ms > 0));
      assert(bytes > 1_000 && msPerImage !== null && msPerImage > 0);
    }
    const reasons = new Map(missing.map(({ name, why }) => [name, why]));
    assertMatch(reasons.get("none.st") ?? "", /no such file|No such file/);
    assertEquals(reasons.has("packaged"), FERNET === null);
  });
});

Deno.test("bench:accuracy refuses a peer that it does not know", async () => {
  const { code, stderr } = await runTask("bench:accuracy", ["--peers=opencv"]);
  assertEquals([code, stderr.startsWith('error: There is no peer "opencv"')], [2, true]);
});

const OPTIONAL = new URL("../../bench/peers/optional.ts", import.meta.url);

/** Runs deno's command; whether it succeeded, and what it said. */
async function deno(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ success: boolean; stdout: string }> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    env,
    stdin: "null",
    stderr: "null",
  }).output();
  return { success, stdout: new TextDecoder().decode(stdout) };
}

Deno.test("packageFolder() says that a package cannot be had", async () => {
  const code = `import { packageFolder } from "${OPTIONAL}";
    await packageFolder("@vladmandic/human").catch((error) => console.log(error.message));`;
  const { stdout } = await deno(["eval", "--cached-only", code], {
    NPM_CONFIG_REGISTRY: "http://127.0.0.1:9/",
  });
  assertMatch(stdout, /^Cannot fetch npm:@vladmandic\/human@[\d.]+: \S/);
});

const isCached = await deno([
  ...["eval", "--cached-only"],
  `import { importPackage, packageFolder } from "${OPTIONAL}";
  await Promise.all(["@vladmandic/human", "@vladmandic/face-api"].map(packageFolder));
  await importPackage("@tensorflow/tfjs-backend-wasm");`,
]);

Deno.test({
  name: "bench:accuracy measures human and face-api (packages in Deno's cache)",
  ignore: !isCached.success,
  async fn() {
    await withFolder(async (folder) => {
      await writeFaces(`${folder}/faces.csv`, 20);
      const args = ["--data=faces.csv", "--usage=Training", "--rounds=0", "--json"];
      const { code, stdout } = await runTask("bench:accuracy", args, { cwd: folder });
      assertEquals(code, 0);
      const { contestants }: Comparison = JSON.parse(stdout);
      const peers = contestants.filter(({ isOurs }) => !isOurs);
      assertEquals(peers.map(({ name, bytes, evaluation }) => [name, bytes, evaluation.n]), [
        ["human", 838_496, 16],
        ["face-api", 336_448, 16],
      ]);
    });
  },
});
