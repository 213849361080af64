/**
 * What the kernels' tests share: a GPU for each test, seeded tensors, and references that are sums
 * written out on the processor or the `cpu` backend's.
 */
import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../../src/backend.ts";
import {
  checkPrograms,
  type GpuBackend,
  gpuBackend,
  type KernelTensor,
} from "../../src/kernels/program.ts";
import type { ProductCandidate } from "../../src/kernels/product.ts";
import { subgroupsOf } from "../../src/kernels/subgroups.ts";
import { Generator } from "../../src/random.ts";

/** A test that runs with tfjs on the GPU and leaves no tensor behind. */
export function gpuTest(name: string, body: (backend: GpuBackend) => Promise<void>): void {
  Deno.test({
    name,
    // The device's polling outlives the test by a moment.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const gpu = await useWebGpu({ kernels: "stock" });
      const before = tf.memory().numTensors;
      try {
        await body(gpuBackend());
        await checkPrograms();
        gpu.check();
        assertEquals(tf.memory().numTensors, before, "tensors leaked");
      } finally {
        gpu.dispose();
      }
    },
  });
}

/** Whether a device has the subgroups that a candidate was made for. */
export function runsOn({ device }: GpuBackend, { family, down }: ProductCandidate): boolean {
  return family !== "subgroup" || subgroupsOf(device).size === down;
}

/** Normal numbers from a seed. */
export function normals(seed: number, count: number): Float32Array {
  const generator = new Generator(seed);
  return Float32Array.from({ length: count }, () => generator.normal());
}

/** A tensor of normal numbers. */
export function randomTensor<T extends tf.Tensor>(seed: number, shape: number[]): T {
  return tf.tensor(normals(seed, shape.reduce((a, b) => a * b, 1)), shape) as T;
}

/** Reads what a kernel made, and frees it. */
export async function take(tensor: KernelTensor): Promise<Float32Array> {
  const real = tf.engine().makeTensorFromTensorInfo(tensor);
  const data = await real.data();
  real.dispose();
  return data as Float32Array;
}

/** What `compute` gives on tfjs's `cpu` backend, from the values of tensors. */
export async function onCpu(
  inputs: readonly tf.Tensor[],
  compute: (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[],
): Promise<Float32Array[]> {
  const values = await Promise.all(inputs.map((input) => input.data()));
  const backend = tf.getBackend();
  await tf.setBackend("cpu");
  try {
    return tf.tidy(() => {
      const copies = inputs.map((input, i) =>
        tf.tensor(values[i].slice(), input.shape, input.dtype)
      );
      const result = compute(...copies);
      return (Array.isArray(result) ? result : [result]).map((t) => t.dataSync() as Float32Array);
    });
  } finally {
    await tf.setBackend(backend);
  }
}

/** Asserts that `actual` differs from `expected` by at most `tolerance` of the largest entry. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  message = "",
): void {
  assertEquals(actual.length, expected.length, message);
  let largest = 0;
  let worst = 0;
  let at = -1;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]));
    const error = Math.abs(actual[i] - expected[i]);
    if (!(error <= worst)) [worst, at] = [error, i];
  }
  assert(
    worst <= tolerance * Math.max(largest, 1e-30),
    `${message}: element ${at} of ${expected.length} is ${actual[at]}, expected ${expected[at]} ` +
      `(largest ${largest})`,
  );
}
