import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { GpuError } from "../../src/gpu/errors.ts";
import {
  checkPrograms,
  comesOutEven,
  gpuBackend,
  output,
  run,
  storage,
  threadMain,
  threads,
} from "../../src/kernels/program.ts";
import { Generator } from "../../src/random.ts";
import { gpuTest, take } from "./harness.ts";

const double = {
  name: "double",
  code: `${storage([["X", "f32"], ["Y", "f32"]])}
${threadMain("  if (id < arrayLength(&Y)) { Y[id] = 2.0 * X[id]; }")}`,
};

gpuTest("run() keeps the order of tfjs's programs and ours", async (backend) => {
  const x = tf.tensor1d([1, 2, 3]);
  const y = tf.add(x, 1);
  const doubled = output(backend, [3]);
  run(backend, double, [y, doubled], threads(3));
  y.dispose();
  const real = tf.engine().makeTensorFromTensorInfo(doubled);
  const z = tf.sub(real, 1);
  assertEquals([...await z.data()], [3, 5, 7]);
  tf.dispose([x, real, z]);
});

gpuTest("checkPrograms() names the program that the GPU refused", async (backend) => {
  const broken = { name: "broken", code: double.code.replace("2.0", "two") };
  const x = tf.tensor1d([1]);
  for (let time = 0; time < 2; time++) {
    const y = output(backend, [1]);
    run(backend, broken, [x, y], threads(1));
    const error = await assertRejects(() => checkPrograms(), GpuError);
    assertEquals(error.message.startsWith("The GPU refused the program broken: "), true);
    assertEquals(error.message.includes("two"), true);
    backend.endComputePassEncoder();
    backend.commandEncoder = null;
    backend.disposeData(y.dataId);
  }
  x.dispose();
});

gpuTest(
  "a refusal is thrown by whoever reads what was not computed, and by no innocent program",
  async (backend) => {
    const broken = { name: "broken too", code: double.code.replace("2.0", "two") };
    const x = tf.tensor1d([1]);
    const y = output(backend, [1]);
    run(backend, broken, [x, y], threads(1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    backend.endComputePassEncoder();
    backend.commandEncoder = null;
    const z = output(backend, [1]);
    run(backend, double, [x, z], threads(1));
    assertEquals([...await take(z)], [2]);
    const real = tf.engine().makeTensorFromTensorInfo(y);
    for (let time = 0; time < 2; time++) {
      const error = await assertRejects(() => real.data(), GpuError, "broken too");
      assertEquals(error.program, "broken too");
    }
    real.dispose();
    // What came from the host is there as before.
    assertEquals([...await x.data()], [1]);
    x.dispose();
  },
);

Deno.test("gpuBackend() refuses another backend", async () => {
  await tf.setBackend("cpu");
  assertThrows(() => gpuBackend(), GpuError, '"cpu" backend');
});

Deno.test("threads() starts enough workgroups, and comesOutEven() only where none is too many", () => {
  const generator = new Generator(1);
  const around = [1, 32_767, 32_768, 32_769, 40_000, 65_535, 65_536, 65_537, 98_305, 3_000_001];
  const counts = around.flatMap((groups) => [
    ...[64 * groups - 1, 64 * groups, 64 * groups + 1],
    64 * groups + generator.integer(64 * 1000),
  ]);
  for (const count of counts) {
    const [x, y, z] = threads(count);
    assert(x <= 65_535 && y <= 65_535 && z === 1);
    assert(64 * x * y >= count);
    // At most one row of workgroups more than a multiple of the rows.
    assert(64 * x * y < count + 64 * y + 64);
    assertEquals(comesOutEven(count), 64 * x * y === count);
  }
});
