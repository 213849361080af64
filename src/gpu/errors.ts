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

/**
 * Thrown when the GPU refused a program, a command or memory, which tfjs itself passes over in
 * silence: what was computed of it is not to be had.
 */
export class GpuError extends Error {
  /** The class's name. */
  override readonly name = "GpuError";
  /** The program that was refused, or the last that was compiled before; null where none is known. */
  readonly program: string | null;

  /**
   * Makes the error.
   *
   * @param message What was refused, and why.
   * @param program The program's name, where it is known.
   */
  constructor(message: string, program: string | null = null) {
    super(message);
    this.program = program;
  }
}
