/**
 * One operation, computed by a WGSL program where tfjs computes with this library's, and by tfjs's own
 * operations elsewhere: the only place that asks which.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type GpuBackend, gpuBackend, type KernelTensor } from "../kernels/program.ts";
import { havePrograms } from "../kernels/programs.ts";

/** The two ways to compute an operation. */
export interface OperationDefinition<Args extends readonly unknown[], Result> {
  /** What messages and tests call it. */
  readonly name: string;
  /** By tfjs's operations alone: what it means. */
  readonly reference: (...args: Args) => Result;
  /** By a program: the same values. */
  readonly program: (backend: GpuBackend, ...args: Args) => Result;
  /**
   * Whether the program can take the arguments.
   *
   * @default every argument
   */
  readonly fits?: (...args: Args) => boolean;
}

/** An operation: a function, with both ways to compute it for whoever compares them. */
export interface Operation<Args extends readonly unknown[], Result> {
  (...args: Args): Result;
  /** Both ways. */
  readonly definition: OperationDefinition<Args, Result>;
}

/**
 * Makes an operation.
 *
 * @param definition Its name, what it means, and how the GPU computes it.
 * @returns A function that computes it by whatever is there.
 */
export function operation<Args extends readonly unknown[], Result>(
  definition: OperationDefinition<Args, Result>,
): Operation<Args, Result> {
  const { reference, program, fits } = definition;
  const compute = (...args: Args): Result =>
    havePrograms() && (fits?.(...args) ?? true)
      ? program(gpuBackend(), ...args)
      : reference(...args);
  return Object.assign(compute, { definition });
}

/**
 * A kernel's result as a tensor of the current scope.
 *
 * @param info What a program gave.
 */
export function tensorOf<T extends tf.Tensor = tf.Tensor>(info: KernelTensor): T {
  return tf.engine().makeTensorFromTensorInfo(info) as T;
}
