/**
 * Writing a folder so that it is there whole or not at all.
 *
 * @module
 */
import { reasonOf, writeFileAtomic } from "../model/atomic_write.ts";
import { CheckpointError } from "../model/checkpoint_error.ts";

/** Tells temporary folders of one process apart. */
let written = 0;

/** Whether something lies in a folder; a file counts as something. */
async function isTaken(path: string): Promise<boolean> {
  const info = await Deno.lstat(path).catch(() => null);
  if (!info) return false;
  if (!info.isDirectory) return true;
  for await (const _ of Deno.readDir(path)) return true;
  return false;
}

/**
 * Writes a folder: into a temporary one beside it, synced to the disk, renamed.
 *
 * @param path The folder, itself in one that exists; where it is already there, it is empty.
 * @param files Its files by their names.
 * @throws {CheckpointError} When it cannot be written, or is there and not empty; nothing is left.
 */
export async function writeNewFolder(
  path: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const folder = path.replace(/(?<=.)[/\\]+$/, "");
  const fail = (why: string, cause?: unknown): never => {
    throw new CheckpointError(`Cannot write ${path}: ${why}`, { cause });
  };
  if (await isTaken(folder)) fail("it is there already, and not an empty folder");
  const at = Math.max(folder.lastIndexOf("/"), folder.lastIndexOf("\\")) + 1;
  const temporary = `${folder.slice(0, at)}.${folder.slice(at)}.${Deno.pid}-${written++}.tmp`;
  try {
    await Deno.mkdir(temporary);
    for (const [name, bytes] of files) await writeFileAtomic(`${temporary}/${name}`, bytes);
    // Not every system renames onto an empty folder.
    await Deno.remove(folder).catch(() => {});
    await Deno.rename(temporary, folder);
  } catch (cause) {
    await Deno.remove(temporary, { recursive: true }).catch(() => {});
    fail(cause instanceof CheckpointError ? cause.message : reasonOf(cause), cause);
  }
}
