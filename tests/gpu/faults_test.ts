import { assert, assertEquals, assertThrows } from "@std/assert";
import { GpuError, withMemoryAdvice } from "../../src/gpu/errors.ts";
import { DeviceFaults } from "../../src/gpu/faults.ts";

/** A device whose next scopes report what is given, by their filters. */
function deviceOf(errors: Partial<Record<GPUErrorFilter, string>>): GPUDevice {
  const open: GPUErrorFilter[] = [];
  return {
    pushErrorScope: (filter: GPUErrorFilter) => void open.push(filter),
    popErrorScope: () => {
      const message = errors[open.pop() ?? "validation"];
      return Promise.resolve(message === undefined ? null : { message });
    },
  } as unknown as GPUDevice;
}

/** What a device's refusals say. */
async function heard(faults: DeviceFaults): Promise<GpuError> {
  await faults.settled();
  return assertThrows(() => faults.check(), GpuError);
}

Deno.test("DeviceFaults calls memory that was refused out of memory, and what of", async () => {
  const faults = new DeviceFaults();
  faults.compiling("convolution");
  faults.scoped(deviceOf({ "out-of-memory": "no room" }), "a buffer of 9 bytes", () => 0);
  const error = await heard(faults);
  assertEquals(error.message, "The GPU is out of memory, it refused a buffer of 9 bytes: no room");
  assertEquals([error.isOutOfMemory, error.program], [true, null]);
});

Deno.test("DeviceFaults names the memory, not the commands that were refused for it", async () => {
  const faults = new DeviceFaults();
  faults.report("a buffer of 9 bytes", "no room", undefined, true);
  faults.scoped(
    deviceOf({ validation: "invalid buffer" }),
    "the program A",
    () => 0,
    () => {},
    "A",
  );
  faults.report("a command", "invalid bind group");
  assert((await heard(faults)).isOutOfMemory);
  assertEquals(faults.last?.isOutOfMemory, true);
});

Deno.test("DeviceFaults names memory also where the commands are heard of first", async () => {
  const faults = new DeviceFaults();
  faults.report("a command", "invalid buffer");
  faults.report("a buffer of 9 bytes", "no room", undefined, true);
  assertEquals(faults.last?.isOutOfMemory, true);
  await faults.settled();
});

Deno.test("withMemoryAdvice() says what to make smaller where memory ran out, and nothing else", () => {
  const memory = new GpuError("The GPU is out of memory: no room", null, { isOutOfMemory: true });
  const told = withMemoryAdvice(memory, "Cannot train with a batch size of 64", "Take 32") as Error;
  assertEquals(
    told.message,
    "Cannot train with a batch size of 64: the GPU is out of memory: no room. Take 32",
  );
  assertEquals([told.cause, (told as GpuError).isOutOfMemory], [memory, true]);
  const refused = new GpuError("The GPU refused the program A: no reason", "A");
  assertEquals(withMemoryAdvice(refused, "Cannot train", "Take 32"), refused);
});
