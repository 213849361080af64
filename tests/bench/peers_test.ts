import { assert, assertAlmostEquals, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { PeerError, startPeer } from "../../bench/peers/process.ts";
import { resultsOf } from "../../bench/peers/results.ts";
import { productJob, QUICK_WORK, RECIPE_WORK } from "../../bench/peers/work.ts";
import { runTask } from "../cli/run_task.ts";

Deno.test("the recipe's products count their operations as a direct product does", () => {
  const gflop = Object.fromEntries(RECIPE_WORK.products.map(({ name, gflop }) => [name, gflop]));
  assertEquals(Object.keys(gflop).length, 8);
  assertAlmostEquals(gflop["3x3 64->128 at 24x24, filter gradient"], 5.435817984, 1e-9);
  assertAlmostEquals(gflop["3x3 128->256 at 12x12, input gradient"], 5.435817984, 1e-9);
  assertAlmostEquals(gflop["3x3 1->64 at 48x48, forward"], 0.169869312, 1e-9);
  assertAlmostEquals(gflop["matMul 1024"], 2.147483648, 1e-9);
});

Deno.test("resultsOf() takes the least time, the median, and the ratio to ours", () => {
  const work = { ...RECIPE_WORK, products: [RECIPE_WORK.products[7]] };
  const times = new Map([
    ["trainStep64", new Map([["ours", [40, 20, 30]], ["stock", [300, 200]], ["pytorch", [5]]])],
    ["forward1", new Map([["ours", [2]], ["onnxruntime", [1, 3]]])],
    [productJob(work.products[0]), new Map([["ours", [100]]])],
  ]);
  const memory = new Map([
    ["ours", { inUse: 10, allocated: 20 }],
    ["stock", { inUse: 5, allocated: 50 }],
  ]);
  const results = resultsOf({ work, times, memory });
  assertEquals(results.trainStep64, {
    oursMs: 20,
    stockMs: 200,
    pytorchMs: 5,
    stockOverOurs: 10,
    pytorchOverOurs: 0.25,
  });
  assertEquals([results.forward1.onnxMs, results.forward1.onnxOverOurs], [1, 0.5]);
  assertEquals([results.forward1.wasmMs, results.forward1.wasmOverOurs], [null, null]);
  assertEquals(results.forward64.oursMs, null);
  const [product] = results.products;
  // 2.147483648 GFLOP in 0.1 s
  assertEquals([product.oursGflops, product.stockGflops], [21.475, null]);
  assertEquals(results.memory.stockOverOurs, 2.5);
  const [ours, stock] = results.times;
  assertEquals([ours.runs, ours.minMs, ours.medianMs], [3, 20, 30]);
  assertEquals([stock.runs, stock.minMs, stock.medianMs], [2, 200, 250]);
});

Deno.test("startPeer() says why a peer is missing", async () => {
  await assertRejects(
    () => startPeer("none", ["/nowhere/python3"]),
    PeerError,
    "/nowhere/python3 is not installed",
  );
  await assertRejects(
    () => startPeer("broken", [Deno.execPath(), "eval", 'throw new Error("it broke")']),
    PeerError,
    "it broke",
  );
});

Deno.test("bench:peers compares ours with stock tfjs, and names who is missing", async () => {
  const { code, stdout, stderr } = await runTask(
    "bench:peers",
    ["--quick", "--json", "--peers=stock,pytorch"],
  );
  assertEquals([code, stderr], [0, ""]);
  const result = JSON.parse(stdout);
  assertEquals(Object.keys(result.machine), ["adapter", "cores", "deno", "date"]);
  const ratio = result.trainStep64.stockMs / result.trainStep64.oursMs;
  assertAlmostEquals(result.trainStep64.stockOverOurs / ratio, 1, 1e-3);
  assertEquals(Object.keys(result.trainStep64).toSorted(), [
    "oursMs",
    "pytorchMs",
    "pytorchOverOurs",
    "stockMs",
    "stockOverOurs",
  ]);
  for (const forward of [result.forward1, result.forward64]) {
    assert(forward.oursMs > 0 && forward.stockMs > 0);
    assertEquals([forward.onnxMs, forward.wasmMs, forward.jaxMs], [null, null, null]);
  }
  assertEquals(
    result.products.map(({ name }: { name: string }) => name),
    QUICK_WORK.products.map(({ name }) => name),
  );
  for (const product of result.products) assert(product.oursMs > 0 && product.stockMs > 0);
  assert(result.memory.oursBytes > 0 && result.memory.stockBytes > 0);
  const missing: { peer: string; why: string }[] = result.missing;
  assertEquals(missing.filter(({ peer }) => peer !== "pytorch"), []);
  // Either PyTorch is there, or it is said that it is not.
  assertEquals(missing.length === 0, result.forward1.pytorchMs !== null);
  for (const { why } of missing) assertMatch(why, /no PyTorch|is not installed/);
});
