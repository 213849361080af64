/**
 * Writing a folder so that it is there whole or not at all.
 *
 * @module
 */
import { type FileSystem, fileSystem } from "../files/file_system.ts";
import { reasonOf, writeFileAtomic } from "../model/atomic_write.ts";
import { CheckpointError } from "../model/checkpoint_error.ts";
import { processOf } from "../runtime.ts";

/** Tells temporary folders of one process apart. */
let written = 0;

/** Whether something lies in a folder; a file counts as something. */
async function isTaken(fs: FileSystem, path: string): Promise<boolean> {
  const info = await fs.lstat(path).catch(() => null);
  if (!info) return false;
  return !info.isDirectory() || (await fs.readdir(path)).length > 0;
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
  const fs = await fileSystem().catch((cause) => fail(reasonOf(cause), cause));
  if (await isTaken(fs, folder)) fail("it is there already, and not an empty folder");
  const at = Math.max(folder.lastIndexOf("/"), folder.lastIndexOf("\\")) + 1;
  const temporary = `${folder.slice(0, at)}.${
    folder.slice(at)
  }.${processOf()?.pid}-${written++}.tmp`;
  try {
    await fs.mkdir(temporary);
    for (const [name, bytes] of files) await writeFileAtomic(`${temporary}/${name}`, bytes);
    // Not every system renames onto an empty folder.
    await fs.rmdir(folder).catch(() => {});
    await fs.rename(temporary, folder);
  } catch (cause) {
    await fs.rm(temporary, { recursive: true, force: true }).catch(() => {});
    fail(cause instanceof CheckpointError ? cause.message : reasonOf(cause), cause);
  }
}
