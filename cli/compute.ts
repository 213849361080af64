/**
 * What the networks of a task compute on.
 *
 * @module
 */
import { EngineError, type EngineOptions, useEngine, type WebGpu } from "../mod.ts";
import { invocation } from "./called.ts";
import type { ChoiceFlag } from "./flags.ts";
import { warn } from "./program.ts";

/** Which engine computes. */
export const ENGINE_FLAG = {
  kind: "choice",
  choices: ["auto", "webgpu", "wasm"],
  default: "auto",
  about: "What computes: a graphics card, the processor, or the faster of those there are",
} as const satisfies ChoiceFlag;

/** Where tfjs computes. */
export interface Computing extends Pick<WebGpu, "wait"> {
  /** Frees the GPU, or the processor's memory. */
  stop(): void;
}

/** Waits where nothing has to be watched over. */
const wait = async <T>(result: Promise<T> | (() => Promise<T>)): Promise<T> =>
  await (typeof result === "function" ? result() : result);

/**
 * Has tfjs compute on what was chosen; where neither engine starts, as JavaScript.
 *
 * @param engine Which engine.
 * @param purpose What for.
 * @returns Where it computes.
 */
export async function startComputing(
  engine: EngineOptions["engine"] = "auto",
  purpose: EngineOptions["purpose"] = "inference",
): Promise<Computing> {
  try {
    const { gpu, dispose } = await useEngine({ engine, purpose });
    return { wait: gpu?.wait ?? wait, stop: dispose };
  } catch (error) {
    if (!(error instanceof EngineError) || engine !== "auto") throw error;
    warn(`${error.message}: computing as JavaScript, slowly. See ${invocation("doctor")}`);
    const tf = await import("@tensorflow/tfjs");
    tf.env().set("PROD", true); // no advice from tfjs to install other backends
    await tf.setBackend("cpu");
    return { wait, stop() {} };
  }
}
