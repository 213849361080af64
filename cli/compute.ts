/**
 * What the networks of a task compute on.
 *
 * @module
 */
import { NoGpuAdapterError, useWebGpu, type WebGpu } from "../mod.ts";
import { invocation } from "./called.ts";
import { warn } from "./program.ts";

/** Where tfjs computes. */
export interface Computing extends Pick<WebGpu, "wait"> {
  /** Frees the GPU. */
  stop(): void;
}

/**
 * Has tfjs compute on the GPU, or where there is none on the processor.
 *
 * @returns Where it computes.
 */
export async function startComputing(): Promise<Computing> {
  try {
    const gpu = await useWebGpu();
    return { wait: gpu.wait, stop: () => gpu.dispose() };
  } catch (error) {
    if (!(error instanceof NoGpuAdapterError)) throw error;
    warn(
      `There is no WebGPU adapter: computing on the processor, slowly. See ${invocation("doctor")}`,
    );
    const tf = await import("@tensorflow/tfjs");
    tf.env().set("PROD", true); // no advice from tfjs to install other backends
    await tf.setBackend("cpu");
    return {
      wait: async (result) => await (typeof result === "function" ? result() : result),
      stop() {},
    };
  }
}
