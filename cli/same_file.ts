/**
 * Paths that lead to the same file, and outputs that are inputs.
 *
 * @module
 */
import { UsageError } from "./flags.ts";

/** What tells files apart, however their paths are written and linked. */
async function identityOf(path: string | URL): Promise<string | null> {
  try {
    const { dev, ino } = await Deno.stat(path);
    return ino ? `${dev}:${ino}` : await Deno.realPath(path);
  } catch {
    return null;
  }
}

/**
 * Whether two paths lead to one file or folder.
 *
 * @param a One path.
 * @param b The other.
 * @returns False also where there is nothing.
 */
export async function isSameFile(a: string, b: string): Promise<boolean> {
  const identity = await identityOf(a);
  return identity !== null && identity === await identityOf(b);
}

/**
 * Refuses to write a file that is being read, before it is lost.
 *
 * @param output The file to write, however its path is written; there may be none yet.
 * @param inputs What is read, by what it is called: `the picture` and its path, for instance.
 * @throws {UsageError} When one of them is that file.
 */
export async function refuseSameFile(
  output: string,
  inputs: Iterable<readonly [what: string, path: string | URL]>,
): Promise<void> {
  const written = await identityOf(output);
  if (written === null) return;
  for (const [what, path] of inputs) {
    if (await identityOf(path) === written) {
      throw new UsageError(`Cannot write ${output}: it is ${what}, which would be lost`);
    }
  }
}
