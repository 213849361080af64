/**
 * The GPU: adapter, device, and tfjs's backend on it.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type BufferManager, reusingDevice, takeOldestBuffer } from "./reuse.ts";
import { GpuDeviceLostError, NoGpuAdapterError } from "../gpu/errors.ts";
import { adapterName, requestAdapter } from "../gpu/adapter.ts";
import { faultsOf } from "../gpu/faults.ts";
import { guardReads, type ReadableBackend } from "../gpu/guarded_reads.ts";
import { hold, release } from "../gpu/registration.ts";
import type { ProductChoice } from "../kernels/tune.ts";

// Without it tfjs writes advice to the console; a library does not.
tf.env().set("PROD", true);

/** How {@linkcode useWebGpu} gets its device. */
export interface WebGpuOptions {
  /** The app's own device; one is made when left out. It is not destroyed by `dispose()`. */
  readonly device?: GPUDevice;
  /** What is known of the adapter behind `device`. */
  readonly adapterInfo?: GPUAdapterInfo;
  /**
   * Which adapter to ask for where a machine has several.
   *
   * @default "high-performance"
   */
  readonly powerPreference?: GPUPowerPreference;
  /**
   * Which programs compute convolutions, products and training's other operations: this library's,
   * made for training, or tfjs's own.
   *
   * @default "fer"
   */
  readonly kernels?: "fer" | "stock";
  /**
   * How this library's kernels compute the products named here, as `deno task tune` found it to be
   * fastest; all others are computed as the shipped table says.
   *
   * @default []
   */
  readonly tuning?: readonly ProductChoice[];
}

/** A device that tfjs computes on, until it is disposed of. */
export interface WebGpu {
  /** The device. */
  readonly device: GPUDevice;
  /** Adapter and driver as the browser or Deno names them, for instance `llvmpipe (LLVM 15.0.6, 256 bits)`. */
  readonly description: string;
  /** Whether the adapter computes on the processor. */
  readonly isSoftware: boolean;
  /** Resolves when the device is lost, with an error that says why; never on `dispose()`. */
  readonly lost: Promise<GpuDeviceLostError>;
  /**
   * Speaks up for what went wrong on the GPU since the last call.
   *
   * @throws {GpuDeviceLostError} When the device is lost.
   * @throws {GpuError} When the GPU refused a program or a command.
   */
  check(): void;
  /**
   * Waits for a result from the GPU, and no longer than there is a device to give it.
   *
   * @param result For instance `tensor.data()`, or a function that computes and then returns it.
   * @returns What it resolves to.
   * @throws {GpuDeviceLostError} When the device is lost meanwhile.
   * @throws {GpuError} When the GPU refused a program or a command.
   */
  wait<T>(result: Promise<T> | (() => Promise<T>)): Promise<T>;
  /**
   * Frees every tensor on the device, takes the backend out and destroys a device that it made. What
   * tfjs computed on before, it computes on again.
   */
  dispose(): void;
  /** As `dispose()`, for `using`. */
  [Symbol.dispose](): void;
}

/** The handles that are not disposed of. */
const alive = new Set<GPUDevice>();

/** What tfjs does with small operations while no device of ours is in use. */
let forwardedBefore = true;

/** Milliseconds in which a device's loss is heard of after a command has failed for it. */
const LOSS_GRACE = 50;

const MISSING =
  "Run `deno task doctor`, or install a driver: `apt-get install mesa-vulkan-drivers " +
  "libvulkan1` on Debian and Ubuntu, `dnf install mesa-vulkan-drivers vulkan-loader` on Fedora, " +
  "`pacman -S vulkan-swrast vulkan-icd-loader` on Arch; macOS and Windows bring one";

async function requestDevice(
  options: WebGpuOptions,
): Promise<{ device: GPUDevice; info: GPUAdapterInfo }> {
  const adapter = await requestAdapter(options.powerPreference);
  if (!adapter) throw new NoGpuAdapterError(`Cannot find a WebGPU adapter. ${MISSING}`);
  const { limits } = adapter;
  // The defaults of the specification are too small for a batch of feature maps.
  const wanted = [
    "maxBufferSize",
    "maxStorageBufferBindingSize",
    "maxComputeWorkgroupStorageSize",
    "maxComputeInvocationsPerWorkgroup",
    "maxComputeWorkgroupSizeX",
    "maxComputeWorkgroupSizeY",
    "maxComputeWorkgroupSizeZ",
    "maxComputeWorkgroupsPerDimension",
    "maxStorageBuffersPerShaderStage",
  ] as const;
  const requiredLimits = Object.fromEntries(wanted.map((key) => [key, limits[key]]));
  const features = (["timestamp-query"] as const).filter((f) => adapter.features.has(f));
  const make = (more: readonly string[]) =>
    adapter.requestDevice({
      requiredLimits,
      requiredFeatures: [...features, ...more as readonly GPUFeatureName[]],
    });
  try {
    // Deno gives subgroups to whoever asks, and does not list them.
    const device = await make(["subgroups"]).catch(() => make([]));
    return { device, info: adapter.info };
  } catch (cause) {
    throw new NoGpuAdapterError(
      `Cannot make a device on ${adapter.info.description}: ${
        (cause as Error).message
      }. ${MISSING}`,
      { cause },
    );
  }
}

/**
 * Makes a GPU device, or takes the app's own, and has tfjs compute on it.
 *
 * @param options The app's device, or which adapter to prefer.
 * @returns The device and what watches over it. Call `dispose()` when done.
 * @throws {NoGpuAdapterError} When there is no adapter or it gives no device.
 *
 * @example
 * ```ts
 * import { useWebGpu } from "@fer/core";
 * import * as tf from "@tensorflow/tfjs";
 *
 * const gpu = await useWebGpu();
 * const sum = tf.tidy(() => tf.add(1, 2));
 * console.assert((await gpu.wait(sum.data()))[0] === 3);
 * gpu.dispose();
 * ```
 */
export async function useWebGpu(options: WebGpuOptions = {}): Promise<WebGpu> {
  const hadFactory = tf.findBackendFactory("webgpu") !== null;
  const [
    { WebGPUBackend },
    { useFerKernels, useStockKernels },
    { chooserOf },
    { findSubgroups },
  ] = await Promise.all([
    import("@tensorflow/tfjs-backend-webgpu"),
    import("../kernels/install.ts"),
    import("../kernels/tune.ts"),
    import("../kernels/subgroups.ts"),
  ]);
  const made = options.device ? null : await requestDevice(options);
  const device = options.device ?? made?.device;
  if (!device) throw new NoGpuAdapterError(`Cannot find a WebGPU device. ${MISSING}`);
  const info = made?.info ?? options.adapterInfo ??
    (device as { adapterInfo?: GPUAdapterInfo }).adapterInfo;

  let disposed = false;
  let lost: GpuDeviceLostError | null = null;
  const faults = faultsOf(device);
  const waiting = new Set<(error: Error) => void>();
  const onError = (event: Event) => {
    // Deno gives some of them no message, and no error.
    faults.report("a command", (event as Partial<GPUUncapturedErrorEvent>).error?.message);
  };
  device.addEventListener("uncapturederror", onError);
  const lostPromise = new Promise<GpuDeviceLostError>((resolve) => {
    device.lost.then(({ reason, message }) => {
      if (disposed) return;
      lost = new GpuDeviceLostError(
        `The GPU device was lost (${reason || "unknown reason"}): ${message || "no message"}. ` +
          "What was saved is intact; start again from the last checkpoint",
      );
      resolve(lost);
      for (const reject of waiting) reject(lost);
    });
  });

  // Deno and tfjs each bring their own declarations of the same WebGPU interfaces.
  const reusing = reusingDevice(device);
  const [foreignDevice, foreignInfo] = [reusing, info] as unknown as ConstructorParameters<
    typeof WebGPUBackend
  >;
  const untilLost = async <T>(result: Promise<T>): Promise<T> => {
    if (lost) throw lost;
    let reject: (error: Error) => void = () => {};
    const loss = new Promise<never>((_, refuse) => reject = refuse);
    // Nobody waits for it where the result comes first.
    loss.catch(() => {});
    waiting.add(reject);
    try {
      return await Promise.race([result, loss]);
    } catch (error) {
      // A loss makes reads fail too, with errors that do not name it: let it speak first.
      if (!lost) await new Promise((resolve) => setTimeout(resolve, LOSS_GRACE));
      throw lost ?? error;
    } finally {
      waiting.delete(reject);
    }
  };
  const backend = new WebGPUBackend(foreignDevice, foreignInfo);
  const inner = backend as unknown as {
    readonly bufferManager: BufferManager;
    pipelineCache: Record<string, unknown>;
    commandEncoder: GPUCommandEncoder | null;
    computePassEncoder: GPUComputePassEncoder | null;
    dispatchCountInPass: number;
  };
  takeOldestBuffer(inner.bufferManager);
  faults.onRefusal(() => {
    inner.pipelineCache = {};
    // What was recorded with what was refused would take along all that is recorded after it.
    inner.computePassEncoder = null;
    inner.commandEncoder = null;
    inner.dispatchCountInPass = 0;
  });
  guardReads(backend as unknown as ReadableBackend, faults, untilLost);
  // Small operations that tfjs would compute on the host, depending on where their inputs happen to
  // be, give other bits there: a resumed run would differ from one that never stopped.
  if (alive.size === 0) forwardedBefore = tf.env().getBool("WEBGPU_CPU_FORWARD");
  tf.env().set("WEBGPU_CPU_FORWARD", false);
  // Importing tfjs's package registers a factory of its own, which nobody asked for.
  if (!hadFactory && tf.findBackendFactory("webgpu")) tf.removeBackend("webgpu");
  await hold("webgpu", backend);

  const isSoftware = info?.isFallbackAdapter ?? false;
  const kind = isSoftware ? "software" : "hardware";
  const isOurs = options.kernels !== "stock";
  await findSubgroups(device, info, reusing);
  alive.add(reusing);
  const removeKernels = isOurs
    ? useFerKernels({ adapter: kind, choose: chooserOf(options.tuning ?? [], kind) })
    : useStockKernels();

  const check = () => {
    if (lost) throw lost;
    faults.check();
  };
  const dispose = (): void => {
    if (disposed) return;
    disposed = true;
    device.removeEventListener("uncapturederror", onError);
    removeKernels();
    release(backend);
    alive.delete(reusing);
    tf.env().set("WEBGPU_CPU_FORWARD", alive.size > 0 ? false : forwardedBefore);
    if (made) device.destroy();
  };
  return {
    device,
    description: adapterName(info),
    isSoftware,
    lost: lostPromise,
    check,
    async wait<T>(result: Promise<T> | (() => Promise<T>)): Promise<T> {
      // A function may throw at once: tfjs does where the device is gone.
      const begin = async () => await (typeof result === "function" ? result() : result);
      try {
        return await untilLost(begin());
      } finally {
        // What was refused says more than what became of it.
        await faults.settled();
        check();
      }
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}
