import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { GpuDeviceLostError, GpuError, NoGpuAdapterError, useWebGpu } from "../src/backend.ts";

Deno.test("useWebGpu() makes a device that tfjs computes on", async () => {
  const gpu = await useWebGpu();
  const product = tf.tidy(() => tf.matMul(tf.ones([3, 3]), tf.ones([3, 3])));
  assertEquals([...await gpu.wait(product.data())], Array(9).fill(3));
  assertEquals(tf.getBackend(), "webgpu");
  gpu.dispose();
});

Deno.test("useWebGpu() takes the app's own device and leaves it alive", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  assert(adapter);
  const device = await adapter.requestDevice();
  const gpu = await useWebGpu({ device, adapterInfo: adapter.info });
  assertEquals(gpu.device, device);
  assertEquals(gpu.description, adapter.info.description);
  gpu.dispose();
  const buffer = device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(buffer, 0, Uint8Array.of(1, 2, 3, 4));
  await device.queue.onSubmittedWorkDone();
  device.destroy();
});

Deno.test("useWebGpu() can be called again after dispose()", async () => {
  for (let i = 0; i < 2; i++) {
    const gpu = await useWebGpu();
    const sum = tf.tidy(() => tf.add(tf.scalar(1), tf.scalar(2)));
    assertEquals((await gpu.wait(sum.data()))[0], 3);
    gpu.dispose();
    gpu.dispose();
  }
});

Deno.test("check() throws what the GPU refused, once", async () => {
  const gpu = await useWebGpu();
  gpu.device.createShaderModule({ code: "not a program" });
  await gpu.device.queue.onSubmittedWorkDone();
  assertStringIncludes(assertThrows(() => gpu.check(), GpuError).message, "refused");
  gpu.check();
  gpu.dispose();
});

Deno.test("wait() says that the device was lost", async () => {
  const gpu = await useWebGpu();
  const sum = tf.tidy(() => tf.add(tf.ones([100]), 1));
  await gpu.wait(sum.data());
  gpu.device.destroy();
  await assertRejects(
    () => gpu.wait(() => tf.tidy(() => tf.add(tf.ones([200]), 1)).data()),
    GpuDeviceLostError,
    "start again from the last checkpoint",
  );
  await gpu.lost;
  gpu.dispose();
});

Deno.test("useWebGpu() without an adapter says what to install", async () => {
  const { gpu } = navigator;
  Object.defineProperty(navigator, "gpu", {
    value: { requestAdapter: () => Promise.resolve(null) },
    configurable: true,
  });
  try {
    await assertRejects(() => useWebGpu(), NoGpuAdapterError, "deno task doctor");
  } finally {
    Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
  }
});

Deno.test("useWebGpu() makes no bind groups anew for a step that repeats", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  assert(adapter);
  const device = await adapter.requestDevice();
  let made = 0;
  const create = device.createBindGroup.bind(device);
  device.createBindGroup = (descriptor) => {
    made++;
    return create(descriptor);
  };
  const gpu = await useWebGpu({ device, adapterInfo: adapter.info });
  const weight = tf.tidy(() => tf.variable(tf.ones([8, 8])));
  const step = async () => {
    const sum = tf.tidy(() => {
      const x = tf.mul(tf.matMul(weight, weight), 0.1);
      weight.assign(tf.relu(tf.sub(weight, x)));
      return tf.sum(x);
    });
    await gpu.wait(sum.data());
    sum.dispose();
  };
  for (let i = 0; i < 20; i++) await step();
  const settled = made;
  for (let i = 0; i < 20; i++) await step();
  assertEquals(made, settled);
  gpu.dispose();
  device.destroy();
});
