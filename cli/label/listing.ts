/**
 * Which pictures there are to label.
 *
 * @module
 */
import { isPictureName, otherPictureEnding } from "../../src/data/picture_files.ts";
import { type Glob, isGlob, parseGlob } from "./glob.ts";
import { isSystemName } from "../../src/data/system_files.ts";
import { reasonOf } from "./read_picture.ts";

/** A picture to label. */
export interface Listed {
  /** Its path. */
  readonly path: string;
  /** Why it can be none, where that is known already. */
  readonly problem?: string;
}

/** What folders hold that is no picture to label. */
export interface Skipped {
  /** Files that by their names are no pictures, or hidden. */
  files: number;
  /** Folders that cannot be read. */
  unreadable: number;
  /** Links to a folder that they are in. */
  loops: number;
}

/** What makes a spreadsheet take a cell for a formula. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** What a folder holds. */
interface Folder {
  /** Its entries' names, sorted. */
  readonly names: readonly string[];
  /** Those that are no plain files. */
  readonly special: ReadonlyMap<string, Deno.DirEntry>;
}

/** Lists pictures, and counts what it passes over. */
export class Listing {
  readonly #inputs: readonly string[];
  /** What was passed over so far. */
  readonly skipped: Skipped = { files: 0, unreadable: 0, loops: 0 };
  /** Those of the files that are pictures which are not decoded, by the endings of their names. */
  readonly otherPictures: Map<string, number> = new Map();

  /** @param inputs Files, folders and patterns. */
  constructor(inputs: readonly string[]) {
    this.#inputs = inputs;
  }

  /**
   * Goes through the inputs in their order and through folders in the order of their entries' code
   * units: the order is the same on every file system. Of a folder's pictures no more than the names
   * in it are held in memory.
   *
   * Links are followed, but not to a folder that they are in. What was named stands for itself:
   * it is listed even if there is no such file.
   */
  async *pictures(): AsyncGenerator<Listed, void, undefined> {
    for (const input of this.#inputs) {
      for await (const { path, problem } of this.#picturesOf(input)) {
        yield { path: plainPath(path), problem };
      }
    }
  }

  async *#picturesOf(input: string): AsyncGenerator<Listed, void, undefined> {
    const info = await Deno.stat(input).catch(() => null);
    if (info?.isDirectory) {
      yield* this.#namedFolder(input, input.replace(/(?<=[^/])\/+$/, ""));
    } else if (info || !isGlob(input)) {
      yield { path: input };
    } else {
      const glob = parseGlob(input);
      let found = 0;
      for await (const listed of this.#namedFolder(input, glob.base, glob)) {
        found++;
        yield listed;
      }
      if (found === 0) {
        yield { path: input, problem: "Cannot find a JPEG, PNG or WebP file of that name" };
      }
    }
  }

  async *#namedFolder(
    input: string,
    folder: string,
    glob?: Glob,
  ): AsyncGenerator<Listed, void, undefined> {
    let content: Folder;
    try {
      content = await readFolder(folder || ".");
    } catch (error) {
      if (glob && error instanceof Deno.errors.NotFound) return;
      yield { path: input, problem: `Cannot read the folder: ${reasonOf(error)}` };
      return;
    }
    yield* this.#walk(folder, content, glob);
  }

  async *#walk(
    root: string,
    content: Folder,
    glob?: Glob,
  ): AsyncGenerator<Listed, void, undefined> {
    const open = [{ folder: root, ...content, next: 0 }];
    for (let last; (last = open.at(-1));) {
      if (last.next === last.names.length) {
        open.pop();
        continue;
      }
      const name = last.names[last.next++];
      let others = 0;
      for (; last.names[last.next] === name; last.next++) others++;
      const path = childOf(last.folder, name);
      const entry = last.special.get(name);
      const kind = entry ? await kindOf(path, entry) : "file";
      if (kind === "folder") {
        if (isSystemName(name) || (glob && open.length > glob.depth)) continue;
        if (entry?.isSymlink && await leadsBack(path, open.map(({ folder }) => folder))) {
          this.skipped.loops++;
          continue;
        }
        try {
          open.push({ folder: path, ...await readFolder(path), next: 0 });
        } catch {
          this.skipped.unreadable += 1 + others;
        }
      } else if (!glob || glob.matches(path)) {
        const isCandidate = kind === "file" && !isSystemName(name);
        if (isCandidate && isPictureName(name)) {
          // What is no UTF-8 in a name is lost, and then names may be the same.
          yield others === 0 ? { path } : {
            path,
            problem: `Cannot read the file, nor ${others} more of this name: it is not UTF-8`,
          };
          continue;
        }
        this.skipped.files += 1 + others;
        const ending = isCandidate ? otherPictureEnding(name) : undefined;
        if (ending !== undefined) {
          this.otherPictures.set(ending, 1 + (this.otherPictures.get(ending) ?? 0));
        }
      }
    }
  }
}

/**
 * A path that no spreadsheet takes for a formula, of the same file.
 *
 * @param path Any path.
 * @returns For instance `./=1+1.jpg` of `=1+1.jpg`; others stay as they are.
 */
export function plainPath(path: string): string {
  return FORMULA.test(path) ? `./${path}` : path;
}

function childOf(folder: string, name: string): string {
  return folder === "" || folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}

/** Reads a folder. Of a file no more than its name is kept: there may be a million. */
async function readFolder(folder: string): Promise<Folder> {
  const names: string[] = [];
  const special = new Map<string, Deno.DirEntry>();
  for await (const entry of Deno.readDir(folder)) {
    names.push(entry.name);
    if (!entry.isFile) special.set(entry.name, entry);
  }
  return { names: names.sort(), special };
}

/** What an entry is, or what its link leads to; a link to nothing may have been a file. */
async function kindOf(path: string, entry: Deno.DirEntry): Promise<"file" | "folder" | "other"> {
  const { isFile, isDirectory } = entry.isSymlink
    ? await Deno.stat(path).catch(() => ({ isFile: true, isDirectory: false }))
    : entry;
  return isFile ? "file" : isDirectory ? "folder" : "other";
}

/** Whether a link leads to one of the folders that it is in. */
async function leadsBack(link: string, folders: readonly string[]): Promise<boolean> {
  const target = await Deno.realPath(link);
  for (const folder of folders) {
    if (await Deno.realPath(folder || ".") === target) return true;
  }
  return false;
}
