/**
 * The bytes of a file, wherever it is.
 *
 * @module
 */
import { fileSystem, hasFileSystem } from "./file_system.ts";

/** What only a server can be asked for, and what a browser keeps itself. */
const FETCHED = /^(https?|blob|data):/i;

/** Whether a file lies on the disk, rather than on a server or, in a browser, on the page's. */
export function isOnDisk(source: string | URL): boolean {
  return hasFileSystem() && !FETCHED.test(`${source}`);
}

/**
 * Reads a file from the disk, from a server, or in a browser from the page's own server.
 *
 * @param source A path, a `file:` or `https:` URL, or the bytes themselves.
 * @returns The bytes.
 * @throws {Error} When they cannot be had.
 */
export async function readSource(source: string | URL | Uint8Array): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  const name = `${source}`;
  if (isOnDisk(name)) {
    const { readFile } = await fileSystem();
    const bytes = await readFile(/^file:/i.test(name) ? new URL(name) : name);
    // Node's own class prints and compares otherwise than the array that it is.
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  const response = await fetch(name);
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
  }
  return new Uint8Array(await response.arrayBuffer());
}
