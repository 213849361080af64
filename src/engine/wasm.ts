/**
 * tfjs's backend in WebAssembly: the processor, several numbers at once.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { EngineError } from "../gpu/errors.ts";
import { hold, release } from "../gpu/registration.ts";
import { runtime } from "../runtime.ts";
import { mendMaxPoolGradient } from "./max_pool_gradient.ts";

/** A backend that computes, until it is disposed of. */
export interface Wasm {
  /** How many threads compute. */
  readonly threads: number;
  /** Frees its memory, ends its threads and takes it out. */
  dispose(): void;
}

type Backend = tf.KernelBackend & { dispose(): void };

/** Makes the backend. The package registers it under tfjs's name, once, when it is loaded. */
let factory: (() => tf.KernelBackend | Promise<tf.KernelBackend>) | undefined;

/** One start at a time: each looks at what was there before it. */
let queue: Promise<unknown> = Promise.resolve();

/** The events for which its program registers listeners that make errors of others fatal. */
const EVENTS = ["uncaughtException", "unhandledRejection"] as const;

/** What its program says in the console when it cannot start. */
const COMPLAINT =
  /^(?:Aborted\((?:RuntimeError: )?|failed to asynchronously prepare wasm|wasm streaming)/;

/** The part of Node's `process` that is used. */
interface Emitter {
  listeners(event: string): ((...args: unknown[]) => void)[];
  removeListener(event: string, listener: (...args: unknown[]) => void): void;
}

/** Does something, and takes the listeners out that it added to the process. */
async function withoutListeners<T>(work: () => Promise<T>): Promise<T> {
  const { process } = globalThis as { readonly process?: Partial<Emitter> };
  if (typeof process?.listeners !== "function") return await work();
  const emitter = process as Emitter;
  const before = EVENTS.map((event) => new Set(emitter.listeners(event)));
  try {
    return await work();
  } finally {
    EVENTS.forEach((event, i) => {
      for (const listener of emitter.listeners(event)) {
        if (!before[i].has(listener)) emitter.removeListener(event, listener);
      }
    });
  }
}

/** Does something that would complain in the console, and throws the first complaint instead. */
async function withoutComplaints<T>(work: () => Promise<T>): Promise<T> {
  // The console is the only place where the program says what is the matter.
  const scope = globalThis as unknown as { console: { warn: (...args: unknown[]) => void } };
  const { warn } = scope.console;
  let complaint: string | undefined;
  scope.console.warn = (...args) => {
    const [first] = args;
    if (typeof first === "string" && COMPLAINT.test(first)) complaint ??= first;
    else warn.apply(scope.console, args);
  };
  try {
    return await work();
  } catch (cause) {
    const said = complaint?.replace(COMPLAINT, "").replace(/^[^(]*\(|\)(?:\. Build with.*)?$/g, "");
    throw said ? new Error(said, { cause }) : cause;
  } finally {
    scope.console.warn = warn;
  }
}

/** Whether WebAssembly computes several numbers at once here: tfjs's program without it is slow. */
async function hasSimd(): Promise<boolean> {
  return await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT") === true;
}

/**
 * Where tfjs's WebAssembly files are: the address of the folder that they are in, or each one's by
 * its name.
 */
export type WasmFiles = string | URL | Readonly<Record<string, string | URL>>;

/** The program for one thread, and the one for several. */
const [SIMD, THREADS] = ["tfjs-backend-wasm-simd.wasm", "tfjs-backend-wasm-threaded-simd.wasm"];

/** The flag that chooses between them. */
const THREADED = "WASM_HAS_MULTITHREAD_SUPPORT";

/** Tells the package where its files are. */
function locate(setWasmPaths: (files: string | Record<string, string>) => void, files: WasmFiles) {
  if (typeof files === "string" || files instanceof URL) {
    const address = `${files}`;
    return setWasmPaths(address.endsWith("/") ? address : `${address}/`);
  }
  const { [SIMD]: simd, [THREADS]: threads } = files;
  if (simd === undefined) {
    throw new Error(
      `\`wasmFiles\` says nothing of ${SIMD}: expected the addresses of ${SIMD} and ${THREADS}`,
    );
  }
  // One thread needs no second file. The package wants to be told of three.
  if (threads === undefined) tf.env().set(THREADED, false);
  const paths = { "tfjs-backend-wasm.wasm": `${simd}`, [SIMD]: `${simd}`, [THREADS]: `${threads}` };
  setWasmPaths(paths);
}

async function makeBackend(files: WasmFiles | undefined): Promise<Wasm> {
  const had = tf.findBackendFactory("wasm");
  const wasm = await import("@tensorflow/tfjs-backend-wasm");
  factory ??= tf.findBackendFactory("wasm") ?? undefined;
  // Importing it registers a factory, which nobody asked for.
  if (!had && tf.findBackendFactory("wasm")) tf.removeBackend("wasm");
  if (!factory) throw new Error("the package registered no backend");
  if (!await hasSimd()) throw new Error(`${runtime()} has no SIMD in its WebAssembly`);
  if (files !== undefined) locate(wasm.setWasmPaths, files);
  const make = factory;
  const backend = await withoutListeners(() =>
    withoutComplaints(async () => await make())
  ) as Backend;
  const restore = mendMaxPoolGradient();
  await hold("wasm", backend);
  let isDisposed = false;
  return {
    threads: wasm.getThreadsCount(),
    dispose(): void {
      if (isDisposed) return;
      isDisposed = true;
      restore();
      release(backend);
      // Tensors that are disposed of later find nothing left to free.
      backend.disposeData = () => true;
    },
  };
}

/**
 * Has tfjs compute in WebAssembly.
 *
 * @param files Where tfjs's WebAssembly files are, if the package cannot find them itself.
 * @throws {EngineError} When it does not start.
 */
export async function startWasm(files?: WasmFiles): Promise<Wasm> {
  const started = queue.then(() => makeBackend(files));
  queue = started.catch(() => {});
  try {
    return await started;
  } catch (cause) {
    const reason = ((cause as Partial<Error> | null)?.message ?? String(cause))
      .split("\n", 1)[0].replace(/^(?:\w*Error|NotCapable): |\.$/g, "");
    const isMissing = runtime() === "a browser" || reason.includes("ENOENT");
    throw new EngineError(
      `Cannot start tfjs's wasm backend in ${runtime()}: ${reason}` +
        (isMissing
          ? ". In a bundle, serve the .wasm files of @tensorflow/tfjs-backend-wasm's folder dist, " +
            "and say as `wasmFiles` where they are"
          : ""),
      { cause },
    );
  }
}
