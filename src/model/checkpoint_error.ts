/**
 * What went wrong with a model file.
 *
 * @module
 */

/**
 * Thrown when a model file cannot be read, written or made to fit: truncated, foreign, of another
 * network, on a full disk. The message names the file and, where one is at fault, the tensor.
 */
export class CheckpointError extends Error {
  /** The class's name. */
  override readonly name = "CheckpointError";
}
