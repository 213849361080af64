/**
 * Memory in use.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { MemoryInUse } from "./state.ts";

/**
 * Asks tfjs and the operating system; nothing waits for the GPU.
 *
 * @returns Bytes on the GPU and of the whole process.
 */
export function memoryInUse(): MemoryInUse {
  // tfjs's WebGPU backend says more than tfjs's types do.
  const { numBytesAllocatedInGPU } = tf.memory() as { numBytesAllocatedInGPU?: number };
  return { gpu: numBytesAllocatedInGPU ?? null, host: Deno.memoryUsage().rss };
}
