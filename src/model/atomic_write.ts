/**
 * Writing a file so that it is there whole, or as it was before.
 *
 * @module
 */
import { type FileSystem, fileSystem } from "../files/file_system.ts";
import { processOf } from "../runtime.ts";
import { CheckpointError } from "./checkpoint_error.ts";

/** Tells temporary files of one process apart. */
let written = 0;

function split(path: string): { folder: string; name: string } {
  const at = Math.max(
    path.lastIndexOf("/"),
    // Elsewhere than on Windows it is a letter of a name like any other.
    processOf()?.platform === "win32" ? path.lastIndexOf("\\") : -1,
  );
  return { folder: at < 0 ? "./" : path.slice(0, at + 1), name: path.slice(at + 1) };
}

/**
 * Why the system refused to write, in words.
 *
 * @param error What writing threw.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  switch ((error as Error & { code?: string }).code) {
    case "ENOSPC":
      return "no space left on the device";
    case "EDQUOT":
      return "the disk quota is used up";
    case "EROFS":
      return "the file system is read-only";
    case "EISDIR":
      return "it is a folder";
    case "ENOENT":
      return "its folder does not exist";
    case "ENOTDIR":
      return "its folder is a file";
    case "EACCES":
    case "EPERM":
      return "permission denied";
  }
  return error.message.split("\n", 1)[0];
}

/** Asks the system to keep the renaming itself; not every system can. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await (await fileSystem()).open(folder);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // The file's content is safe; at worst the old file comes back after a power cut.
  }
}

/**
 * Writes a file whole or not at all: into a temporary file beside it, synced to the disk, renamed.
 *
 * A reader, or a process killed at any moment, sees the old content or the new, never a part.
 *
 * @param path The file, in a folder that exists.
 * @param content All of its bytes, or its text.
 * @throws {CheckpointError} When it cannot be written; the old file is as it was and no temporary
 * file is left.
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const { folder, name } = split(path);
  const temporary = `${folder}.${name}.${processOf()?.pid}-${written++}.tmp`;
  let fs: FileSystem | undefined;
  try {
    fs = await fileSystem();
    // Renaming onto a folder fails with a reason that differs from system to system.
    const there = await fs.lstat(path).catch(() => null);
    if (there?.isDirectory()) throw Object.assign(new Error("it is a folder"), { code: "EISDIR" });
    const file = await fs.open(temporary, "wx");
    try {
      for (let at = 0; at < bytes.length;) {
        at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(temporary, path);
  } catch (cause) {
    await fs?.rm(temporary, { force: true }).catch(() => {});
    throw new CheckpointError(
      `Cannot write ${path}: ${reasonOf(cause)}. What was there before is unchanged`,
      { cause },
    );
  }
  await syncFolder(folder);
}

/**
 * Removes the temporary files of writers that were killed.
 *
 * @param folder A folder that nobody else is writing to.
 */
export async function removeTemporaryFiles(folder: string): Promise<void> {
  const fs = await fileSystem();
  for (const entry of await fs.readdir(folder, { withFileTypes: true })) {
    if (entry.isFile() && /^\..+\.\d+-\d+\.tmp$/.test(entry.name)) {
      await fs.rm(`${folder}/${entry.name}`);
    }
  }
}
