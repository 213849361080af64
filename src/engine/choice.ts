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

function choiceOf(info: GPUAdapterInfo | undefined): Choice {
  const adapter = adapterName(info);
  return info?.isFallbackAdapter
    ? {
      engine: "wasm",
      reason: `the only adapter, ${adapter}, is software, and WebAssembly is faster`,
      adapter,
      isSoftware: true,
    }
    : { engine: "webgpu", reason: `${adapter} is a graphics card`, adapter, isSoftware: false };
}

/**
 * Chooses what is fastest for faces; nothing is started.
 *
 * @param options How WebGPU would be started.
 */
export async function chooseEngine(
  { device, adapterInfo, powerPreference }: WebGpuOptions,
): Promise<Choice> {
  if (device) {
    return choiceOf(
      adapterInfo ?? (device as { readonly adapterInfo?: GPUAdapterInfo }).adapterInfo,
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
    return adapter ? choiceOf(adapter.info) : none("there is no WebGPU adapter");
  } catch (error) {
    // What a browser or a driver throws here is another way to have none.
    return none(lowered((error as Error).message));
  }
}
