/**
 * Whether tfjs can train on what it computes on.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { EngineError } from "../gpu/errors.ts";

/** A gradient that every training needs, and that tfjs's wasm backend lacks. */
const NEEDED = "Conv2DBackpropFilter";

/**
 * Refuses to train where tfjs cannot.
 *
 * @throws {EngineError} When the backend lacks the gradients of convolutions.
 */
export function checkTrainable(): void {
  const backend = tf.getBackend();
  if (!backend || tf.getKernel(NEEDED, backend)) return;
  throw new EngineError(
    `Cannot train on tfjs's ${backend} backend: it has no ${NEEDED}, the gradient of convolutions. ` +
      'Start WebGPU first: useWebGpu(), or useEngine({ purpose: "training" })',
  );
}
