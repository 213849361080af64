/**
 * The GPU: adapter, device, and tfjs's backend on it.
 *
 * @module
 */
export { GpuDeviceLostError, GpuError, NoGpuAdapterError } from "./gpu/errors.ts";
export type { ProductChoice } from "./kernels/tune.ts";
export type { ProductSize } from "./kernels/candidates.ts";
export type { ProductCandidate } from "./kernels/product.ts";
export * from "./backend/web_gpu.ts";
