/**
 * Parquet files, wherever they lie, read in pieces.
 *
 * @module
 */
import { fileKind, KIND_BYTES } from "../../file_kind.ts";
import { reasonOf } from "../../model/source.ts";

/** A file of which pieces can be read. */
export interface RandomAccess {
  /** Its length. */
  readonly byteLength: number;
  /** Reads from one byte up to another, that of the end not included. */
  slice(start: number, end?: number): Promise<ArrayBuffer>;
  /** Closes it. */
  close(): void;
}

/** Bytes in memory. */
function ofBytes(bytes: Uint8Array): RandomAccess {
  return {
    byteLength: bytes.length,
    slice: (start, end) => Promise.resolve(bytes.slice(start, end).buffer as ArrayBuffer),
    close() {},
  };
}

async function ofFile(path: string): Promise<RandomAccess> {
  const file = await Deno.open(path);
  const { size, isDirectory } = await file.stat();
  if (isDirectory) {
    file.close();
    throw new TypeError("it is a folder");
  }
  // One seek and its reads at a time.
  let last: Promise<unknown> = Promise.resolve();
  const read = async (start: number, end: number): Promise<ArrayBuffer> => {
    const bytes = new Uint8Array(end - start);
    await file.seek(start, Deno.SeekMode.Start);
    let at = 0;
    while (at < bytes.length) {
      const count = await file.read(bytes.subarray(at));
      if (count === null) break;
      at += count;
    }
    return bytes.buffer.slice(0, at);
  };
  return {
    byteLength: size,
    slice(start, end = size) {
      const [from, to] = [Math.min(start, size), Math.min(end, size)];
      const result = last.then(() => read(from, Math.max(from, to)));
      last = result.catch(() => {});
      return result;
    },
    close: () => file.close(),
  };
}

async function ofAddress(url: URL): Promise<RandomAccess> {
  const response = await fetch(url, { method: "HEAD" });
  const length = Number(response.headers.get("content-length"));
  if (!response.ok || !(length > 0)) {
    throw new Error(response.ok ? "the server does not say how long it is" : `${response.status}`);
  }
  return {
    byteLength: length,
    async slice(start, end = length) {
      if (start >= end) return new ArrayBuffer(0);
      const range = `bytes=${start}-${end - 1}`;
      const part = await fetch(url, { headers: { range } });
      if (!part.ok) throw new Error(`the server answered ${part.status}`);
      const bytes = await part.arrayBuffer();
      return part.status === 206 ? bytes : bytes.slice(start, end);
    },
    close() {},
  };
}

const MARK = "PAR1";

/**
 * Opens a Parquet file.
 *
 * @param source A path, an `https:` URL or the bytes.
 * @param name What to call it in messages.
 * @returns The file.
 * @throws {SyntaxError} When it is another kind of file, or cut off.
 * @throws {Error} When it cannot be opened.
 */
export async function openParquet(
  source: string | URL | Uint8Array,
  name: string,
): Promise<RandomAccess> {
  let file: RandomAccess;
  try {
    file = source instanceof Uint8Array
      ? ofBytes(source)
      : source instanceof URL
      ? await ofAddress(source)
      : await ofFile(source);
  } catch (cause) {
    throw new Error(`Cannot read ${name}: ${reasonOf(cause)}`, { cause });
  }
  const text = (bytes: ArrayBuffer) => String.fromCharCode(...new Uint8Array(bytes));
  const refuse = (problem: string): never => {
    file.close();
    throw new SyntaxError(`Cannot read ${name}: ${problem}`);
  };
  if (file.byteLength === 0) return refuse("the file is empty");
  const head = await file.slice(0, KIND_BYTES);
  const start = text(head.slice(0, 4));
  if (start === "PARE") return refuse("it is encrypted Parquet");
  if (start !== MARK) {
    const kind = fileKind(new Uint8Array(head));
    return refuse(`expected Parquet, got ${kind ? kind.name : "another kind of file"}`);
  }
  const end = text(await file.slice(file.byteLength - 4));
  if (file.byteLength < 12 || end !== MARK) return refuse("the Parquet file is cut off");
  return file;
}
