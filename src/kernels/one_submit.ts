/**
 * Commands that reach the GPU together.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

/** Dispatches after which tfjs submits what it has recorded. */
const FLAG = "WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE";

/**
 * Has everything that `work` records wait for one submit: a read-back's, or the next that is due.
 *
 * tfjs submits every 15 dispatches, which costs more than short ones take. What is freed meanwhile
 * stays allocated until the submit: not for work that fills the GPU's memory.
 *
 * @param work Records commands; synchronous.
 * @returns What `work` returns.
 */
export function inOneSubmit<T>(work: () => T): T {
  const env = tf.env();
  // Set by its backend's package, which who computes elsewhere may not have loaded.
  if (tf.getBackend() !== "webgpu") return work();
  const before = env.getNumber(FLAG);
  env.set(FLAG, Infinity);
  try {
    return work();
  } finally {
    env.set(FLAG, before);
  }
}
