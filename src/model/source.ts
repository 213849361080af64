/**
 * The bytes of a model's file, wherever it is.
 *
 * @module
 */
import { CheckpointError } from "./checkpoint_error.ts";

/** What only a server can be asked for, and what a browser keeps itself. */
const FETCHED = /^(https?|blob|data):/i;

/**
 * Why a file could not be had, in one line.
 *
 * @param error What reading it threw.
 */
export function reasonOf(error: unknown): string {
  // Browsers have no Deno.
  if (typeof Deno !== "undefined") {
    if (error instanceof Deno.errors.NotFound) return "no such file";
    if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  }
  return (error as Error).message.split("\n", 1)[0];
}

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
  if (source instanceof Uint8Array) return { bytes: source, name: "the model's bytes" };
  const name = `${source}`;
  try {
    if (typeof Deno !== "undefined" && !FETCHED.test(name)) {
      const path = name.startsWith("file:") ? new URL(name) : name;
      return { bytes: await Deno.readFile(path), name };
    }
    const response = await fetch(name);
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
    }
    return { bytes: new Uint8Array(await response.arrayBuffer()), name };
  } catch (cause) {
    throw new CheckpointError(`Cannot read model ${name}: ${reasonOf(cause)}`, { cause });
  }
}
