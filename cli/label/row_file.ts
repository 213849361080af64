/**
 * The file that rows are appended to, and the one beside it that says what they were made with.
 *
 * @module
 */
import { writeFileAtomic } from "../../src/model.ts";
import { reasonOf } from "../../src/model/atomic_write.ts";
import { PathSet } from "./path_hash.ts";
import { noTotals, type Totals } from "./picture_result.ts";
import type { RowFormat } from "./row_format.ts";
import { differenceOf, parseIdentity, type RunIdentity } from "./run_identity.ts";
import { readWrittenRows } from "./written_rows.ts";

/** Where rows go. */
export interface RowOutput {
  /** What was there before. */
  readonly before: Totals;
  /** The pictures that were there before. */
  readonly done: PathSet;
  /**
   * Appends rows.
   *
   * @param rows Whole rows, of whole pictures.
   */
  append(rows: string): Promise<void>;
  /**
   * Ends the output.
   *
   * @param totals What there is in all.
   * @param isComplete Whether nothing is left to do.
   */
  close(totals: Totals, isComplete: boolean): Promise<void>;
}

const encoder = new TextEncoder();

/** Why a file cannot be had, without naming it a second time. */
const whyNot = (cause: unknown): string => reasonOf(cause).split(" (os error", 1)[0];

async function writeAll(
  target: { write(bytes: Uint8Array): Promise<number> },
  rows: string,
  name: string,
): Promise<void> {
  try {
    for (let bytes = encoder.encode(rows); bytes.length > 0;) {
      bytes = bytes.subarray(await target.write(bytes));
    }
  } catch (cause) {
    throw new Error(`Cannot write ${name}: ${whyNot(cause)}`, { cause });
  }
}

/**
 * Opens a file to append rows to. What a run that was killed left behind its last whole picture is
 * cut off. The file is locked until the process ends: two processes cannot mix their rows.
 *
 * What the rows were made with is in a file beside it, `<path>.run.json`, written before the first
 * row. The rows are then nothing but rows, for programs that know JSON Lines and CSV.
 *
 * @param path The file; made where there is none.
 * @param format How rows are written.
 * @param identity What they are made with.
 * @param overwrite Whether to begin anew where there are rows already.
 * @returns The output.
 * @throws {Error} When the file cannot be written, is being written by another process, or was made
 * with something else.
 */
export async function openRowFile(
  path: string,
  format: RowFormat,
  identity: RunIdentity,
  overwrite: boolean,
): Promise<RowOutput> {
  const file = await openLocked(path);
  try {
    return await continueRows(file, path, format, identity, overwrite);
  } catch (error) {
    file.close();
    throw error;
  }
}

async function continueRows(
  file: Deno.FsFile,
  path: string,
  format: RowFormat,
  identity: RunIdentity,
  overwrite: boolean,
): Promise<RowOutput> {
  const beside = `${path}.run.json`;
  const startedAt = new Date().toISOString();
  const describe = (more: Readonly<Record<string, unknown>>): Promise<void> =>
    writeFileAtomic(beside, `${JSON.stringify({ ...identity, startedAt, ...more }, null, 2)}\n`);
  const done = new PathSet();
  let before = noTotals();
  let bytes = 0;
  if (overwrite) await file.truncate();
  if ((await file.stat()).size > 0) {
    const problem = await problemOf(beside, identity);
    if (problem) {
      throw new Error(
        `Cannot append to ${path}: ${problem}. Name another file with --out, or give --overwrite ` +
          "to begin anew",
      );
    }
    const chunks = chunksOf(file);
    const written = await readWrittenRows(chunks, format, path, (picture) => done.add(picture));
    ({ totals: before, bytes } = written);
    await file.truncate(bytes);
    await file.seek(bytes, Deno.SeekMode.Start);
  } else {
    await describe({});
  }
  const output: RowOutput = {
    before,
    done,
    append: (rows) => writeAll(file, rows, path),
    async close(totals, isComplete) {
      await file.sync();
      file.close();
      await describe({ endedAt: new Date().toISOString(), isComplete, totals });
    },
  };
  if (bytes === 0) await output.append(format.header);
  return output;
}

async function openLocked(path: string): Promise<Deno.FsFile> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { read: true, write: true, create: true });
    if (!(await file.stat()).isFile) {
      file.close();
      throw new TypeError("it is no regular file; give --out - to write to a pipe");
    }
  } catch (cause) {
    throw new Error(`Cannot write ${path}: ${whyNot(cause)}`, { cause });
  }
  if (await file.tryLock(true)) return file;
  file.close();
  throw new Error(`Cannot write ${path}: another process is writing it`);
}

/** Why rows cannot be appended; null where they can. */
async function problemOf(beside: string, identity: RunIdentity): Promise<string | null> {
  let text: string;
  try {
    text = await Deno.readTextFile(beside);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return `there is no ${beside} to say what it was made with`;
  }
  const then = parseIdentity(text);
  return then ? differenceOf(then, identity) : `${beside} does not say what it was made with`;
}

/** A file's bytes; `file.readable` would close it. */
async function* chunksOf(file: Deno.FsFile): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = new Uint8Array(2 ** 18);
  for (let read; (read = await file.read(buffer)) !== null;) yield buffer.subarray(0, read);
}

/**
 * Rows for another program: nothing was there before, and nothing can be gone on with.
 *
 * @param format How rows are written.
 * @returns The output.
 */
export async function openRowPipe(format: RowFormat): Promise<RowOutput> {
  const append = (rows: string): Promise<void> => writeAll(Deno.stdout, rows, "stdout");
  await append(format.header);
  return { before: noTotals(), done: new PathSet(), append, close: () => Promise.resolve() };
}
