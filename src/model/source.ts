/**
 * The bytes of a model's file, wherever it is.
 *
 * @module
 */
import { reasonOf } from "../files/errors.ts";
import { readSource as readBytes } from "../files/source.ts";
import { CheckpointError } from "./checkpoint_error.ts";

export { reasonOf } from "../files/errors.ts";

/**
 * Reads a file from the disk, from a server, or in a browser from the page's own server.
 *
 * @param source A path, a `file:` or `https:` URL, or the bytes themselves. In a browser a path is
 * one on the page's server.
 * @returns The bytes, and what to call them in messages.
 * @throws {CheckpointError} When they cannot be had.
 */
export async function readSource(
  source: string | URL | Uint8Array,
): Promise<{ bytes: Uint8Array; name: string }> {
  const name = source instanceof Uint8Array ? "the model's bytes" : `${source}`;
  try {
    return { bytes: await readBytes(source), name };
  } catch (cause) {
    throw new CheckpointError(`Cannot read model ${name}: ${reasonOf(cause)}`, { cause });
  }
}
