import { assert, assertEquals, assertMatch } from "@std/assert";
import { faultOf, imagePool, loadRequests } from "../../bench/server_load/requests.ts";
import { saveModel } from "../../mod.ts";
import { runTask, withFolder } from "../cli/run_task.ts";
import { tinyModel } from "./server_process.ts";

Deno.test("loadRequests() makes the same requests each time, as many of them malformed as told", () => {
  const pool = imagePool(5);
  const requests = loadRequests(pool, 1000, 0.05);
  assertEquals(loadRequests(pool, 1000, 0.05), requests);
  const bad = requests.filter(({ images }) => images.length === 0);
  assertEquals(bad.length, 50);
  assert(new Set(bad.map(({ kind }) => kind)).size >= 12);
  const good = requests.filter(({ images }) => images.length > 0);
  assertEquals(new Set(good.map(({ kind }) => kind)).size, 3);
  assertEquals(new Set(good.map(({ images }) => images.length)), new Set([1, 2, 3, 4]));
  // Not all of them at one end.
  const places = requests.flatMap(({ images }, i) => images.length === 0 ? [i] : []);
  assert(places[0] < 200 && (places.at(-1) ?? 0) > 800);
});

Deno.test("bench:server finds every answer right, every malformed request refused, memory level", async () => {
  await withFolder(async (folder) => {
    const model = await tinyModel();
    const path = `${folder}/tiny.safetensors`;
    await saveModel(model, path);
    model.dispose();
    const small = ["--requests=120", "--connections=8", "--malformed=0.2", "--one-by-one=20"];
    const { code, stdout, stderr } = await runTask("bench:server", [
      ...["--model", path, "--max-batch=8", "--json", ...small],
    ], { env: { XDG_RUNTIME_DIR: "/tmp" } });
    assertEquals([code, stderr], [0, ""]);
    const result = JSON.parse(stdout);
    assertEquals(result.faults, []);
    assertEquals([result.connections, result.malformed], [8, 24]);
    const { together, oneByOne, memory } = result;
    assertEquals([together.requests, together.good, oneByOne.requests], [120, 96, 20]);
    assert(result.meanBatch > 1 && result.meanBatch <= 8);
    assert(together.imagesPerSecond > 0 && together.ms.p50 <= together.ms.p99);
    assertEquals(memory.start.tensors, memory.end.tensors);
    // Without a card the server computes on the processor: the GPU holds nothing then.
    assert(memory.end.residentBytes > 0 && memory.end.gpuBytes >= 0);
  });
});

Deno.test("faultOf() finds logits of another image, too few of them, and those that are no numbers", () => {
  const expected = [new Float32Array([1, 2]), new Float32Array([1, 2.25])];
  assertEquals(faultOf(new Float32Array([1, 2, 1, 2.25]), [0, 1], expected), undefined);
  assertEquals(faultOf(new Float32Array([1.00005, 2]), [0], expected), undefined);
  assertEquals(faultOf(new Float32Array([1, 2]), [0, 1], expected), "2 logits, not 4");
  assertMatch(faultOf(new Float32Array([1, 2]), [1], expected) ?? "", /^logits are off by 0\.25$/);
  assertEquals(faultOf(new Float32Array([1, NaN]), [0], expected), "logits are off by NaN");
});
