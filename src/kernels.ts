/**
 * WGSL kernels made for training, under tfjs's `webgpu` backend.
 *
 * @module
 */
export type { AdapterKind, ProductSize } from "./kernels/candidates.ts";
export type { ProductCandidate } from "./kernels/product.ts";
export type { WinogradTile } from "./kernels/winograd.ts";
export { GpuError } from "./gpu/errors.ts";
export { checkPrograms } from "./kernels/program.ts";
export * from "./kernels/install.ts";
export * from "./kernels/tune.ts";
