/**
 * WGSL kernels made for training, under tfjs's `webgpu` backend. `useWebGpu()` installs them; here is
 * what finds the fastest for a device, and what an app with a backend of its own installs by hand.
 *
 * @example On a backend of one's own
 * ```ts ignore
 * import { checkPrograms, useFerKernels } from "@fer/core/kernels";
 * import * as tf from "@tensorflow/tfjs";
 * import "@tensorflow/tfjs-backend-webgpu";
 *
 * await tf.setBackend("webgpu");
 * const remove = useFerKernels({ adapter: "hardware" });
 * const product = tf.matMul(tf.ones([64, 64]), tf.ones([64, 64]));
 * await checkPrograms(); // throws for a program that the GPU refused
 * remove();
 * ```
 *
 * @module
 */
export type { AdapterKind, ProductSize } from "./kernels/candidates.ts";
export type { ProductCandidate } from "./kernels/product.ts";
export type { WinogradTile } from "./kernels/winograd_programs.ts";
export { GpuError } from "./gpu/errors.ts";
export { checkPrograms } from "./kernels/program.ts";
export { type KernelOptions, useFerKernels, useStockKernels } from "./kernels/install.ts";
export * from "./kernels/tune.ts";
