/// <reference lib="dom" />
/**
 * What computes the networks: WebGPU, or else the processor by way of WebAssembly.
 *
 * @module
 */
import { NoGpuAdapterError, useEngine, useWebGpu, type WebGpu } from "../../../mod.ts";
import type { Backend } from "./messages.ts";

/** Something that tfjs computes on. */
export interface Engine {
  readonly backend: "webgpu" | "wasm";
  readonly device: string;
  /** Null unless it is WebGPU. */
  readonly gpu: WebGpu | null;
  /** Why it is not WebGPU, where that was wanted. */
  readonly reason: string | null;
}

/** Where the page finds tfjs's WebAssembly. */
const WASM_FOLDER = "wasm/";

async function startWebGpu(isForced: boolean): Promise<Engine> {
  const gpu = await useWebGpu();
  const engine = (gpu: WebGpu): Engine => ({
    backend: "webgpu",
    device: gpu.description === "unknown adapter" ? "" : gpu.description,
    gpu,
    reason: null,
  });
  if (!gpu.isSoftware) return engine(gpu);
  gpu.dispose();
  if (!isForced) {
    throw new NoGpuAdapterError("its only WebGPU adapter computes on the processor, and slower");
  }
  // Browsers' software adapter takes minutes to compile kernels that unroll as much as ours.
  return engine(await useWebGpu({ kernels: "stock" }));
}

async function startWasm(reason: string | null): Promise<Engine> {
  const wasmFiles = new URL(WASM_FOLDER, self.location.href);
  await useEngine({ engine: "wasm", wasmFiles });
  return { backend: "wasm", device: "", gpu: null, reason };
}

function reasonOf(error: unknown): string {
  if (!("gpu" in navigator)) {
    return self.isSecureContext
      ? "this browser has no WebGPU"
      : "browsers offer WebGPU to secure pages only";
  }
  const { message } = error as Error;
  return message.startsWith("its ") ? message : "WebGPU found no graphics card that it can use";
}

/**
 * Has tfjs compute on the best there is, and tries it out.
 *
 * @param backend Which is wanted.
 * @param tryOut Loads and runs what is to be computed; called again where WebGPU fails at it.
 * @returns What it computes on, and what `tryOut` returned.
 */
export async function startEngine<T>(
  backend: Backend,
  tryOut: (engine: Engine) => Promise<T>,
): Promise<[Engine, T]> {
  let reason: string | null = null;
  if (backend !== "wasm") {
    let engine: Engine | undefined;
    try {
      engine = await startWebGpu(backend === "webgpu");
      const result = await tryOut(engine);
      return [engine, result];
    } catch (error) {
      engine?.gpu?.dispose();
      const isNetworks = (error as Error).name === "CheckpointError";
      if (backend === "webgpu" || isNetworks) throw error;
      reason = engine ? `WebGPU failed: ${(error as Error).message}` : reasonOf(error);
    }
  }
  const engine = await startWasm(reason);
  return [engine, await tryOut(engine)];
}
