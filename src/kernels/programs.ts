/**
 * Whether tfjs computes by this library's programs: they are registered like a kernel.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

/** Stands in tfjs's registry for all programs. It is never called. */
const KERNEL = "FerPrograms";

/** Whether tfjs's current backend has this library's programs. */
export function havePrograms(): boolean {
  return tf.getKernel(KERNEL, tf.getBackend()) !== undefined;
}

/**
 * Registers the programs for tfjs's `webgpu` backend, or takes them out.
 *
 * @param on Whether they are to be there.
 */
export function setPrograms(on: boolean): void {
  const isThere = tf.getKernel(KERNEL, "webgpu") !== undefined;
  if (on === isThere) return;
  if (!on) return tf.unregisterKernel(KERNEL, "webgpu");
  const kernelFunc = (): never => {
    throw new TypeError(`Cannot call ${KERNEL}: it only says that the programs are there`);
  };
  tf.registerKernel({ kernelName: KERNEL, backendName: "webgpu", kernelFunc });
}
