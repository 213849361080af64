/**
 * Whether operations run WGSL programs of this library, or tfjs's own kernels.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";

let isOn = true;

/** Whether operations with programs of their own are to use them: tfjs computes on WebGPU. */
export function runsPrograms(): boolean {
  return isOn && tf.getBackend() === "webgpu";
}

/**
 * Turns the programs of training off or on again, for comparisons.
 *
 * @param on Whether operations may use them.
 * @returns Whether they might before.
 */
export function setPrograms(on: boolean): boolean {
  const before = isOn;
  isOn = on;
  return before;
}
