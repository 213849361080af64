import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Context, Operation } from "../../bench/profile/operations.ts";
import type { Access, Dispatch } from "../../bench/profile/recorder.ts";
import { medianOf, summarize } from "../../bench/profile/summary.ts";
import { runTask } from "../cli/run_task.ts";

const buffer = (size: number) => ({ size }) as GPUBuffer;

function dispatch(
  program: string,
  milliseconds: number,
  workgroups: number,
  bindings: readonly (readonly [GPUBuffer, Access])[],
  operation: Operation | null = null,
  phase: Context["phase"] = "passes",
): Dispatch {
  return {
    program,
    milliseconds,
    workgroups,
    bindings: bindings.map(([buffer, access]) => ({ buffer, access })),
    context: { phase, operation } satisfies Context,
  };
}

Deno.test("summarize() counts what a convolution in two parts computes and moves", () => {
  const [x, v, u, m, y] = [1e9, 4e9, 1e9, 2e9, 3e9].map(buffer);
  const operation: Operation = {
    name: "3x3 8->8 at 8x8, forward",
    flop: 36e9,
    winogradFlop: (tile) => tile === 4 ? 9e9 : 16e9,
  };
  const part = (count: number) => [
    dispatch("Winograd F(4) input transform", 2, count, [[x, "read"], [v, "write"]], operation),
    dispatch(
      "matMul NN (tile)",
      10,
      count,
      [[v, "read"], [u, "read"], [m, "write"]],
      operation,
    ),
    dispatch("Winograd F(4) output transform", 1, count, [[m, "read"], [y, "write"]], operation),
  ];
  // Three quarters of the images, and a quarter.
  const summary = summarize([...part(3), ...part(1)]);
  assertEquals(summary.milliseconds, 26);
  assertEquals(summary.outsideProducts, 0);
  const [product] = summary.products;
  assertEquals([product.name, product.gflop, product.milliseconds], [operation.name, 36, 26]);
  assertAlmostEquals(product.product.gflop, 9);
  const gigabytes = Object.fromEntries(
    summary.programs.map(({ program, gigabytes }) => [program, gigabytes]),
  );
  // All images once, but what lies between for each part anew.
  assertAlmostEquals(gigabytes["Winograd F(4) input transform"], 1 + 4 * 4 / 3);
  assertAlmostEquals(gigabytes["matMul NN (tile)"], 1 + (4 + 2) * 4 / 3);
  assertAlmostEquals(gigabytes["Winograd F(4) output transform"], 3 + 2 * 4 / 3);
});

Deno.test("summarize() groups programs by what they are for", () => {
  const one = buffer(4e9);
  const linear: Operation = { name: "linear 2->3, forward", flop: 1e9, winogradFlop: () => 1e9 };
  const summary = summarize([
    dispatch("bytes to floats", 1, 1, [[one, "read"]]),
    dispatch("matMul NN (tile)", 5, 1, [[one, "read"]], linear),
    dispatch("batch normalization, then relu and pool", 2, 1, [[one, "read"]]),
    dispatch("max pooling gradient", 3, 1, [[one, "read"]]),
    dispatch("cross-entropy", 4, 1, [[one, "read"]]),
    dispatch("TransposeProgram", 1, 1, [[one, "read"]]),
    dispatch("matMul NN (tile)", 2, 1, [[one, "read"]], { ...linear, name: "a" }, "optimizer"),
    dispatch("AdamW (vec4f)", 2, 1, [[one, "both"]], null, "optimizer"),
  ]);
  assertEquals(
    Object.fromEntries(summary.groups.map(({ group, milliseconds }) => [group, milliseconds])),
    { products: 5, loss: 4, optimizer: 4, pooling: 3, BatchNorm: 2, upload: 1, other: 1 },
  );
  assertAlmostEquals(summary.outsideProducts, 15 / 20);
  assertEquals(summary.products.map(({ name }) => name), [linear.name]);
  const adamW = summary.programs.find(({ program }) => program.startsWith("AdamW"));
  assertEquals(adamW?.gigabytes, 8);
  assert(summary.programs.some(({ program }) => program === "tfjs Transpose"));
});

Deno.test("medianOf() takes each dispatch's median", () => {
  const times = [[1, 9], [3, 7], [2, 8], [5]];
  const recordings = times.map((row) => row.map((ms, i) => dispatch(`p${i}`, ms, 1, [])));
  const median = medianOf(recordings.slice(0, 3));
  assertEquals(median.map(({ milliseconds }) => milliseconds), [2, 8]);
  assertEquals(medianOf(recordings).map(({ milliseconds }) => milliseconds), [5]);
});

for (const network of ["ferCnn", "ferNet"]) {
  Deno.test(`bench:profile says where the time of ${network} goes`, async () => {
    const { code, stdout, stderr } = await runTask(
      "bench:profile",
      ["--quick", "--json", `--network=${network}`],
    );
    assertEquals([code, stderr], [0, ""]);
    const profile = JSON.parse(stdout);
    assertEquals([profile.network, profile.quick, profile.growth], [network, true, []]);
    assert(profile.roofline.gigabytesPerSecond > 0 && profile.roofline.gflopPerSecond > 0);
    assertEquals(profile.inference.map(({ batch }: { batch: number }) => batch), [1, 4]);
    for (const pass of [profile.trainStep, ...profile.inference]) {
      const sum = pass.groups.reduce(
        (all: number, { milliseconds }: { milliseconds: number }) => all + milliseconds,
        0,
      );
      assertAlmostEquals(sum, pass.milliseconds, 1e-6);
      assert(pass.milliseconds > 0 && pass.wall.leastMs > 0);
      assert(pass.outsideProducts > 0 && pass.outsideProducts < 1);
      const unknown = pass.programs.filter(({ program }: { program: string }) =>
        program === "unknown" || program === "unnamed"
      );
      assertEquals(unknown, []);
    }
    const products: { name: string; gflop: number }[] = profile.trainStep.products;
    const size = network === "ferCnn" ? 48 : 40;
    const filters = network === "ferCnn" ? 8 : 4;
    const ofFilters = products.filter(({ name }) =>
      name.endsWith(`at ${size}x${size}, filter gradient`)
    );
    // The first layer, on 4 images of one channel.
    assertAlmostEquals(ofFilters.at(-1)?.gflop ?? 0, 2 * 4 * size ** 2 * 9 * filters / 1e9, 1e-12);
  });
}
