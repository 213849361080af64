/**
 * Starting the engine that fits a machine.
 *
 * @module
 */
import { useWebGpu, type WebGpu, type WebGpuOptions } from "../backend.ts";
import { chooseEngine, lowered } from "./choice.ts";
import { startWasm, type WasmFiles } from "./wasm.ts";
import { EngineError, NoGpuAdapterError } from "../gpu/errors.ts";

export type { WasmFiles } from "./wasm.ts";
export { EngineError } from "../gpu/errors.ts";

/** What {@linkcode useEngine} starts. */
export interface EngineOptions {
  /**
   * Which engine: `webgpu`, a graphics card or a driver that computes in its place; `wasm`, the
   * processor by way of WebAssembly; or the one that is fastest here.
   *
   * @default "auto"
   */
  readonly engine?: "auto" | "webgpu" | "wasm";
  /**
   * What for: `inference`, faces as they come; `batches`, data sets that go through a network many
   * images at once, for which WebGPU is faster on software adapters too; or `training`, which takes
   * WebGPU on whatever adapter, since the other engine has not all of its operations.
   *
   * @default "inference"
   */
  readonly purpose?: "inference" | "batches" | "training";
  /**
   * In a bundle, where the `.wasm` files of `@tensorflow/tfjs-backend-wasm`'s folder `dist` are: the
   * address of a folder, or that of each by its name, as bundlers give it.
   *
   * @default The files in the package, where Deno, Node and Bun find them
   */
  readonly wasmFiles?: WasmFiles;
  /**
   * How WebGPU is started, where it is.
   *
   * @default {}
   */
  readonly webGpu?: WebGpuOptions;
}

/** What computes, until it is disposed of. */
export interface Engine {
  /** Which engine. */
  readonly engine: "webgpu" | "wasm";
  /** Why that one, in a sentence without its full stop. */
  readonly reason: string;
  /**
   * The WebGPU adapter that was looked at, whether it computes or was passed over, for instance
   * `llvmpipe (LLVM 15.0.6, 256 bits)`; null where none was found or looked for.
   */
  readonly adapter: string | null;
  /** How many threads of the processor compute on `wasm`; null on WebGPU. */
  readonly threads: number | null;
  /** The GPU's device and what watches over it; null on `wasm`. */
  readonly gpu: WebGpu | null;
  /** Frees what was taken. What tfjs computed on before, it computes on again. */
  dispose(): void;
  /** As `dispose()`, for `using`. */
  [Symbol.dispose](): void;
}

async function onWebGpu(options: WebGpuOptions, reason: string): Promise<Engine> {
  const gpu = await useWebGpu(options);
  const dispose = (): void => gpu.dispose();
  return {
    engine: "webgpu",
    reason,
    adapter: gpu.description,
    threads: null,
    gpu,
    dispose,
    [Symbol.dispose]: dispose,
  };
}

async function onWasm(
  files: WasmFiles | undefined,
  reason: string,
  adapter: string | null,
): Promise<Engine> {
  const { threads, dispose } = await startWasm(files);
  return {
    engine: "wasm",
    reason,
    adapter,
    threads,
    gpu: null,
    dispose,
    [Symbol.dispose]: dispose,
  };
}

/** Starts what is fastest. */
async function startFastest(
  { webGpu = {}, wasmFiles }: EngineOptions,
  purpose: "inference" | "batches",
): Promise<Engine> {
  const { engine, reason, adapter, isSoftware } = await chooseEngine(webGpu, purpose);
  let against = reason;
  if (engine === "webgpu") {
    try {
      return await onWebGpu(webGpu, reason);
    } catch (error) {
      if (!(error instanceof NoGpuAdapterError)) throw error;
      against = lowered(error.message);
    }
  }
  try {
    return await onWasm(wasmFiles, against, adapter);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    if (isSoftware && engine === "wasm") return await onWebGpu(webGpu, lowered(error.message));
    throw new EngineError(`Cannot compute: ${against}; and ${lowered(error.message)}`, {
      cause: error,
    });
  }
}

/**
 * Has tfjs compute on the fastest engine that the machine has: on a graphics card by WebGPU; where
 * there is none, or only a driver that stands in for it, on the processor by WebAssembly.
 *
 * Both give the same answers to 1e-4. The handle tells which one it took, and why.
 *
 * @param options Which engine, and what for.
 * @returns The engine. Call its `dispose()` when done, or declare it with `using`.
 * @throws {NoGpuAdapterError} When WebGPU is asked for, or needed to train, and there is none.
 * @throws {EngineError} When tfjs's wasm backend is asked for and does not start, or is to train.
 * @throws {TypeError} When there is no such engine or purpose.
 *
 * @example
 * ```ts
 * import { useEngine } from "@fer/core";
 * import * as tf from "@tensorflow/tfjs";
 *
 * const engine = await useEngine();
 * console.log(engine.engine, engine.reason);
 * const sum = tf.tidy(() => tf.add(1, 2));
 * console.assert((await sum.data())[0] === 3);
 * engine.dispose();
 * ```
 */
export async function useEngine(options: EngineOptions = {}): Promise<Engine> {
  const { engine = "auto", purpose = "inference", webGpu = {}, wasmFiles } = options;
  if (engine !== "auto" && engine !== "webgpu" && engine !== "wasm") {
    throw new TypeError(`Cannot use engine ${engine}: expected auto, webgpu or wasm`);
  }
  if (purpose !== "inference" && purpose !== "batches" && purpose !== "training") {
    throw new TypeError(
      `Cannot use an engine for ${purpose}: expected inference, batches or training`,
    );
  }
  if (purpose === "training" && engine === "wasm") {
    throw new EngineError(
      "Cannot train on tfjs's wasm backend: it has no gradients of convolutions. Take webgpu, or auto",
    );
  }
  if (engine === "wasm") return await onWasm(wasmFiles, "it was asked for", null);
  if (engine === "webgpu") return await onWebGpu(webGpu, "it was asked for");
  if (purpose === "training") return await onWebGpu(webGpu, "training needs WebGPU");
  return await startFastest(options, purpose);
}
