/**
 * WebGPU adapters, in every runtime that has them.
 *
 * @module
 */
import { runtime } from "../runtime.ts";
import { NoGpuAdapterError } from "./errors.ts";

/** The npm package that brings WebGPU to Node: Dawn, by its own makers. */
const DAWN = "webgpu";

/** The part of that package that is used. */
interface Dawn {
  create(options: readonly string[]): GPU;
  readonly globals: Readonly<Record<string, unknown>>;
}

let dawn: Promise<GPU> | undefined;

/** Dawn, which Node has only where somebody installed it. */
async function startDawn(): Promise<GPU> {
  // Put together here: bundlers would miss a package that need not be there.
  const name = [DAWN].join();
  let module: Dawn;
  try {
    module = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
  } catch (cause) {
    throw new NoGpuAdapterError(
      `Cannot find WebGPU in ${runtime()}: install the npm package ${DAWN}, which brings it along`,
      { cause },
    );
  }
  // Programs ask for the flags of buffers by these names, as browsers have them.
  for (const [key, value] of Object.entries(module.globals)) {
    if (!(key in globalThis)) Object.defineProperty(globalThis, key, { value, writable: true });
  }
  const gpu = module.create([]);
  // tfjs looks for it where browsers have it.
  const own = { value: gpu, configurable: true };
  if (globalThis.navigator) Object.defineProperty(globalThis.navigator, "gpu", own);
  else Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true });
  return gpu;
}

/** WebGPU's entry. */
async function entry(): Promise<GPU | undefined> {
  const { gpu } = globalThis.navigator ?? {};
  const name = runtime();
  if (gpu || (name !== "Node" && name !== "Bun")) return gpu;
  // A package that is missing may be there the next time.
  dawn ??= startDawn().catch((error) => {
    dawn = undefined;
    throw error;
  });
  return await dawn;
}

/**
 * Asks for an adapter.
 *
 * @param powerPreference Which, where there are several.
 * @returns The adapter; null where there is none.
 * @throws {NoGpuAdapterError} Where the runtime has no WebGPU, and what would bring it is missing.
 */
export async function requestAdapter(
  powerPreference: GPUPowerPreference = "high-performance",
): Promise<GPUAdapter | null> {
  return await (await entry())?.requestAdapter({ powerPreference }) ?? null;
}

/**
 * What an adapter is called.
 *
 * @param info What is known of it.
 */
export function adapterName(info: GPUAdapterInfo | undefined): string {
  return info?.description || info?.device || "unknown adapter";
}

/** Features that drivers of Vulkan, Metal and D3D12 have, and wgpu's OpenGL never. */
const BEYOND_OPENGL = ["bgra8unorm-storage", "rg11b10ufloat-renderable"] as const;

/**
 * Whether an adapter looks like OpenGL's, which Deno falls back on where there is no Vulkan: its
 * compiler may take minutes for the programs of a training.
 *
 * @param features The adapter's.
 */
export function looksLikeOpenGl(features: Pick<GPUSupportedFeatures, "has">): boolean {
  return runtime() === "Deno" && !BEYOND_OPENGL.some((name) => features.has(name));
}
