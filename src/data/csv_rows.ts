/**
 * The rows of a CSV file, wherever it lies, plain or gzipped.
 *
 * Every stage pulls from the one before it, and no promise is left to itself: what a stream has to
 * complain of, early or at its very end, reaches whoever reads the rows, once.
 *
 * @module
 */
import { fileKind, KIND_BYTES } from "../file_kind.ts";
import { isNotFound, notFound, reasonOf } from "../files/errors.ts";
import { fileSystem, streamOf } from "../files/file_system.ts";
import { gunzip, GzipError } from "./gunzip.ts";
import { toPath } from "./path.ts";

/** Where a CSV file comes from: a path, a `file:` or `https:` URL, or its bytes. */
export type CsvSource = string | URL | ReadableStream<Uint8Array>;

/** What a source is called in messages: its path or address, else `the stream`. */
export function sourceName(source: CsvSource): string {
  if (source instanceof ReadableStream) return "the stream";
  const url = asUrl(source);
  return url?.protocol === "file:" ? toPath(url) : `${source}`;
}

/** A value as a message shows it: quoted, on one line and short. */
export function quoted(value: string): string {
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
}

/** Characters of a row, a hundred times what an image needs: what has more would fill the memory. */
const MAX_ROW = 2 ** 24;

/**
 * Yields the rows of a CSV file as they are read, the header first. It holds a few chunks at most.
 *
 * The text is UTF-8, or UTF-16 as its byte order mark or its first character says; lines end with
 * LF, CRLF or CR, and empty ones are passed over.
 *
 * @param source Where the file is; gzip is known by its first two bytes.
 * @param name What to call it in messages.
 * @throws {SyntaxError} When it is empty, HTML, an archive, damaged gzip or malformed CSV.
 * @throws {TypeError} When it is a folder, or a stream that gives no bytes or is read already.
 * @throws {Error} When it cannot be opened.
 */
export async function* readCsvRows(
  source: CsvSource,
  name: string,
): AsyncGenerator<string[], void, undefined> {
  const chunks = chunksOf(await open(source, name), name, isRemote(source));
  // The header is row 0, so the number of rows read is the number of the one that failed.
  let rows = 0;
  try {
    let [head, bytes] = await peek(chunks, KIND_BYTES);
    if (head[0] === 0x1f && head[1] === 0x8b) [head, bytes] = await peek(gunzip(bytes), KIND_BYTES);
    const problem = formatProblem(head);
    if (problem) throw new SyntaxError(`Cannot read ${name}: ${problem}`);
    for await (const record of recordsOf(linesOf(decoded(bytes, encodingOf(head))))) {
      const fields = record.length > MAX_ROW ? undefined : fieldsOf(record);
      if (!fields) {
        const problem = record.length > MAX_ROW
          ? `it has more than ${MAX_ROW.toLocaleString("en-US")} characters`
          : "a quote is out of place";
        throw new SyntaxError(
          `Cannot read row ${rows.toLocaleString("en-US")} of ${name}: ${problem}`,
        );
      }
      yield fields;
      rows++;
    }
  } catch (error) {
    if (!(error instanceof GzipError)) throw error;
    const where = rows > 0 && error.isDamage ? ` at row ${rows.toLocaleString("en-US")}` : "";
    throw new SyntaxError(`Cannot read ${name}: ${error.message}${where}`);
  } finally {
    await chunks.return();
  }
}

/** Names what people load by mistake, which as CSV would only give a puzzling message. */
function formatProblem(head: Uint8Array): string | undefined {
  if (head.length === 0) return "the file is empty";
  const encoding = encodingOf(head);
  if (encoding === "utf-32") return "it is UTF-32, save it as UTF-8";
  const kind = fileKind(head);
  if (kind?.group === "archive") return `it is ${kind.name}, unpack it first`;
  const text = new TextDecoder(encoding).decode(head).trimStart();
  if (text.startsWith("<")) return `expected CSV, got HTML: ${quoted(text.split(/[\r\n]/, 1)[0])}`;
  if (kind?.name === "Parquet") return "expected CSV, got Parquet, which loadFerParquet() loads";
  if (kind) return `expected CSV, got ${kind.name}`;
  return undefined;
}

type Encoding = "utf-8" | "utf-16le" | "utf-16be" | "utf-32";

/** By its byte order mark, else by where the first character, an ASCII one, has its zeros. */
function encodingOf([a, b, c, d]: Uint8Array): Encoding {
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? "utf-32" : "utf-16le";
  if (a === 0xfe && b === 0xff) return "utf-16be";
  if (a === 0 && b === 0 && ((c === 0xfe && d === 0xff) || (c === 0 && d > 0))) return "utf-32";
  if (a > 0 && b === 0) return c === 0 && d === 0 ? "utf-32" : "utf-16le";
  return a === 0 && b > 0 ? "utf-16be" : "utf-8";
}

async function* decoded(
  chunks: AsyncIterable<Uint8Array>,
  encoding: string,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

/** The lines without their ends. Of one that is too long only the beginning. */
async function* linesOf(texts: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  let rest = "";
  // A line feed may follow in the next chunk.
  let carriageReturn = "";
  for await (const chunk of texts) {
    let text = carriageReturn + chunk;
    carriageReturn = text.endsWith("\r") ? "\r" : "";
    if (carriageReturn) text = text.slice(0, -1);
    if (text.includes("\r")) text = text.replace(/\r\n?/g, "\n");
    const lines = text.split("\n");
    lines[0] = rest + lines[0];
    rest = lines.pop() ?? "";
    yield* lines;
    if (rest.length > MAX_ROW) break;
  }
  yield rest;
}

/** What belongs to one row: a line, or several where quotes have line ends between them. */
async function* recordsOf(lines: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  let record: string | undefined;
  for await (const line of lines) {
    // An odd number of quotes opens or closes a field.
    const isOdd = line.includes('"') && line.split('"').length % 2 === 0;
    const isOpen = (record !== undefined) !== isOdd;
    record = record === undefined ? line : `${record}\n${line}`;
    if (isOpen && record.length <= MAX_ROW) continue;
    if (record.trim() !== "") yield record;
    record = undefined;
  }
  if (record !== undefined) yield record;
}

/** The fields of a row (RFC 4180); undefined when a quote is out of place. */
function fieldsOf(record: string): string[] | undefined {
  if (!record.includes('"')) return record.split(",");
  const fields: string[] = [];
  for (let at = 0;; at++) {
    let end: number;
    if (record[at] === '"') {
      end = record.indexOf('"', at + 1);
      // Two quotes in a quoted field are one.
      while (end >= 0 && record[end + 1] === '"') end = record.indexOf('"', end + 2);
      if (end < 0) return undefined;
      fields.push(record.slice(at + 1, end).replaceAll('""', '"'));
      end++;
    } else {
      end = record.indexOf(",", at);
      if (end < 0) end = record.length;
      const field = record.slice(at, end);
      if (field.includes('"')) return undefined;
      fields.push(field);
    }
    if (end === record.length) return fields;
    if (record[end] !== ",") return undefined;
    at = end;
  }
}

function asUrl(source: string | URL): URL | undefined {
  if (source instanceof URL) return source;
  return /^(?:file|https?):/i.test(source) ? new URL(source) : undefined;
}

function isRemote(source: CsvSource): boolean {
  if (source instanceof ReadableStream) return false;
  const url = asUrl(source);
  return url !== undefined && url.protocol !== "file:";
}

async function open(source: CsvSource, name: string): Promise<ReadableStream<Uint8Array>> {
  if (source instanceof ReadableStream) return source;
  const url = asUrl(source);
  if (url && url.protocol !== "file:") {
    const response = await fetch(url).catch((cause) => {
      if (!(cause instanceof TypeError)) throw cause;
      throw new Error(`Cannot read ${name}: the server cannot be reached`, { cause });
    });
    if (response.ok && response.body) return response.body;
    await response.body?.cancel();
    throw new Error(`Cannot read ${name}: the server answered ${response.status}`);
  }
  const path = toPath(source);
  const fs = await fileSystem().catch((cause) => {
    throw new Error(`Cannot read ${name}: ${reasonOf(cause)}`, { cause });
  });
  const info = await fs.stat(path).catch((cause) => {
    throw isNotFound(cause) ? notFound(`Cannot read ${name}: there is no such file`) : cause;
  });
  if (info.isDirectory()) {
    throw new TypeError(`Cannot read ${name}: it is a folder, not a CSV file`);
  }
  return streamOf(await fs.open(path));
}

/** A stream's bytes. However the reading ends, the stream is closed then. */
async function* chunksOf(
  stream: ReadableStream<Uint8Array>,
  name: string,
  isRemote: boolean,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (stream.locked) throw new TypeError(`Cannot read ${name}: it is being read already`);
  const reader = stream.getReader();
  let isDone = false;
  try {
    while (true) {
      const { value, done } = await reader.read().catch((cause) => {
        if (!isRemote) throw cause;
        throw new Error(`Cannot read ${name}: the connection broke off`, { cause });
      });
      if (done) break;
      if (!((value as unknown) instanceof Uint8Array)) {
        throw new TypeError(
          `Cannot read ${name}: expected bytes, a Uint8Array, got ${typeof value}`,
        );
      }
      yield value;
    }
    isDone = true;
  } finally {
    // What went wrong is known by now; a stream that also fails to close adds nothing.
    if (!isDone) await reader.cancel().catch(() => {});
    reader.releaseLock();
  }
}

/** The first bytes, fewer where there are no more, and all of them again. */
async function peek(
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
  length: number,
): Promise<[Uint8Array, AsyncGenerator<Uint8Array, void, undefined>]> {
  let head = new Uint8Array();
  while (head.length < length) {
    const { value, done } = await chunks.next();
    if (done) break;
    const joined = new Uint8Array(head.length + value.length);
    joined.set(head);
    joined.set(value, head.length);
    head = joined;
  }
  async function* whole(): AsyncGenerator<Uint8Array, void, undefined> {
    yield head;
    yield* chunks;
  }
  return [head.subarray(0, length), whole()];
}
