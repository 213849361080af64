/**
 * Which engine fits a machine.
 *
 * @module
 */
import type { WebGpuOptions } from "../backend.ts";
import { adapterName, requestAdapter } from "../gpu/adapter.ts";

/** An engine, and why that one. */
export interface Choice {
  /** The engine. */
  readonly engine: "webgpu" | "wasm";
  /** Why, in a sentence without its full stop. */
  readonly reason: string;
  /** The WebGPU adapter that was looked at; null where none was found. */
  readonly adapter: string | null;
  /** Whether that adapter is a driver that computes on the processor. */
  readonly isSoftware: boolean;
}

/** A message as a part of a sentence. */
export const lowered = (message: string): string =>
  message.replace(/\.$/, "").replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase());

function choiceOf(info: GPUAdapterInfo | undefined, purpose: "inference" | "batches"): Choice {
  const adapter = adapterName(info);
  if (!info?.isFallbackAdapter) {
    const reason = `${adapter} is a graphics card`;
    return { engine: "webgpu", reason, adapter, isSoftware: false };
  }
  if (purpose === "batches") {
    const reason = `${adapter} is software, but computes batches on all cores`;
    return { engine: "webgpu", reason, adapter, isSoftware: true };
  }
  const reason = `the only adapter, ${adapter}, is software, and WebAssembly is faster`;
  return { engine: "wasm", reason, adapter, isSoftware: true };
}

/**
 * Chooses what is fastest; nothing is started.
 *
 * @param options How WebGPU would be started.
 * @param purpose What for.
 */
export async function chooseEngine(
  { device, adapterInfo, powerPreference }: WebGpuOptions,
  purpose: "inference" | "batches" = "inference",
): Promise<Choice> {
  if (device) {
    return choiceOf(
      adapterInfo ?? (device as { readonly adapterInfo?: GPUAdapterInfo }).adapterInfo,
      purpose,
    );
  }
  const none = (reason: string): Choice => ({
    engine: "wasm",
    reason,
    adapter: null,
    isSoftware: false,
  });
  try {
    const adapter = await requestAdapter(powerPreference);
    return adapter ? choiceOf(adapter.info, purpose) : none("there is no WebGPU adapter");
  } catch (error) {
    // What a browser or a driver throws here is another way to have none.
    return none(lowered((error as Error).message));
  }
}
