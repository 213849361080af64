/**
 * All pictures that a command line names, once each.
 *
 * @module
 */
import { UsageError } from "../flags.ts";
import { type Listed, Listing, plainPath, type Skipped } from "./listing.ts";
import type { PathSet } from "./path_hash.ts";
import { readPathList } from "./path_list.ts";
import { reasonOf } from "./read_picture.ts";
import { isInShard, type Shard } from "./shard.ts";

/** What a command line names. */
export interface SourceOptions {
  /** Files, folders and patterns. */
  readonly inputs: readonly string[];
  /** A file with paths, or `-` for stdin. */
  readonly list?: string;
  /** What ends a path in that file. */
  readonly listEnd: "line" | "null";
  /** Which share of the pictures; all where left out. */
  readonly shard?: Shard;
}

/** Pictures to label, and what became of the others. */
export class Sources {
  readonly #options: SourceOptions;
  readonly #listing: Listing;
  #found = 0;
  #passed = 0;

  /** @param options What the command line names. */
  constructor(options: SourceOptions) {
    this.#options = options;
    this.#listing = new Listing(options.inputs);
  }

  /**
   * Looks whether there is a list where one is named.
   *
   * @throws {UsageError} When there is none.
   */
  async check(): Promise<void> {
    const { list } = this.#options;
    if (list === undefined || list === "-") return;
    try {
      if ((await Deno.stat(list)).isDirectory) throw new TypeError("it is a folder");
    } catch (cause) {
      throw unreadable(list, cause);
    }
  }

  /** Pictures found so far, those of other shares included. */
  get found(): number {
    return this.#found;
  }

  /** Pictures of this share that were done before, or named before. */
  get passed(): number {
    return this.#passed;
  }

  /** What folders had besides. */
  get skipped(): Skipped {
    return this.#listing.skipped;
  }

  /** Those of what folders had that are pictures which are not decoded, by their names' endings. */
  get otherPictures(): ReadonlyMap<string, number> {
    return this.#listing.otherPictures;
  }

  /**
   * The pictures of this share that are not done.
   *
   * @param done The pictures that are; those that come are added.
   */
  async *pictures(done: PathSet): AsyncGenerator<Listed, void, undefined> {
    for await (const listed of this.#ofShare()) {
      if (done.add(listed.path)) yield listed;
      else this.#passed++;
    }
  }

  /**
   * How many pictures of this share are named.
   *
   * @returns The number; null where the list can be read only once.
   */
  async count(): Promise<number | null> {
    const { list } = this.#options;
    if (list === "-") return null;
    if (list !== undefined && !(await Deno.stat(list)).isFile) return null;
    let total = 0;
    for await (const _ of this.#ofShare()) total++;
    return total;
  }

  async *#ofShare(): AsyncGenerator<Listed, void, undefined> {
    const { shard } = this.#options;
    for await (const listed of this.#all()) {
      this.#found++;
      if (!shard || isInShard(listed.path, shard)) yield listed;
    }
  }

  async *#all(): AsyncGenerator<Listed, void, undefined> {
    yield* this.#listing.pictures();
    const { list, listEnd } = this.#options;
    if (list === undefined) return;
    for await (const path of readPathList(await openList(list), listEnd)) {
      yield { path: plainPath(path) };
    }
  }
}

async function openList(list: string): Promise<ReadableStream<Uint8Array>> {
  if (list === "-") return Deno.stdin.readable;
  try {
    return (await Deno.open(list)).readable;
  } catch (cause) {
    throw unreadable(list, cause);
  }
}

function unreadable(list: string, cause: unknown): UsageError {
  return new UsageError(`Cannot read the list ${list}: ${reasonOf(cause)}`, { cause });
}
