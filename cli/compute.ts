/**
 * What the networks of a task compute on.
 *
 * @module
 */
import { NoGpuAdapterError, useWebGpu } from "../mod.ts";
import { warn } from "./program.ts";

/**
 * Has tfjs compute on the GPU, or where there is none on the processor.
 *
 * @returns Frees the GPU.
 */
export async function startComputing(): Promise<() => void> {
  try {
    const gpu = await useWebGpu();
    return () => gpu.dispose();
  } catch (error) {
    if (!(error instanceof NoGpuAdapterError)) throw error;
    warn("There is no WebGPU adapter: computing on the processor, slowly. See deno task doctor");
    const tf = await import("@tensorflow/tfjs");
    tf.env().set("PROD", true); // no advice from tfjs to install other backends
    await tf.setBackend("cpu");
    return () => {};
  }
}
