/**
 * What can go wrong on a GPU.
 *
 * @module
 */

/** Thrown when the machine has no WebGPU adapter, or none that is good enough. */
export class NoGpuAdapterError extends Error {
  /** The class's name. */
  override readonly name = "NoGpuAdapterError";
}

/** Thrown when what is to compute cannot: tfjs's wasm backend does not start, or cannot train. */
export class EngineError extends Error {
  /** The class's name. */
  override readonly name = "EngineError";
}

/** Thrown when the GPU device was lost: a driver reset, an unplugged card, too little memory. */
export class GpuDeviceLostError extends Error {
  /** The class's name. */
  override readonly name = "GpuDeviceLostError";
}

/** What is known of a {@linkcode GpuError} besides. */
export interface GpuErrorOptions extends ErrorOptions {
  /**
   * Whether memory ran out.
   *
   * @default false
   */
  readonly isOutOfMemory?: boolean;
}

/**
 * Thrown when the GPU refused a program, a command or memory, which tfjs itself passes over in
 * silence: what was computed of it is not to be had.
 */
export class GpuError extends Error {
  /** The class's name. */
  override readonly name = "GpuError";
  /** The program that was refused, or the last that was compiled before; null where none is known. */
  readonly program: string | null;
  /** Whether it was memory that there was too little of: less at once may work. */
  readonly isOutOfMemory: boolean;

  /**
   * Makes the error.
   *
   * @param message What was refused, and why.
   * @param program The program's name, where it is known.
   * @param options Whether memory ran out, and what this error follows from.
   */
  constructor(
    message: string,
    program: string | null = null,
    { isOutOfMemory = false, cause }: GpuErrorOptions = {},
  ) {
    super(message, { cause });
    this.program = program;
    this.isOutOfMemory = isOutOfMemory;
  }
}

/**
 * Says what of the work to make smaller, where the GPU's memory ran out.
 *
 * @param error What was thrown.
 * @param what What could not be done, for instance `Cannot train with a batch size of 64`.
 * @param advice What to do, as a sentence without its full stop.
 * @returns The error to throw: another one only where memory ran out.
 */
export function withMemoryAdvice(error: unknown, what: string, advice: string): unknown {
  if (!(error instanceof GpuError) || !error.isOutOfMemory) return error;
  const { message, program } = error;
  const why = message.replace(/^T/, "t");
  return new GpuError(`${what}: ${why}. ${advice}`, program, { isOutOfMemory: true, cause: error });
}
