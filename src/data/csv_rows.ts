/**
 * The rows of a CSV file, wherever it lies, plain or gzipped.
 *
 * @module
 */
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

/**
 * Yields the rows of a CSV file as they are read, the header first. It holds a few chunks at most.
 *
 * @param source Where the file is; gzip is known by its first two bytes.
 * @param name What to call it in messages.
 * @throws {SyntaxError} When it is empty, HTML, an archive, damaged gzip or malformed CSV.
 * @throws {Error} When it cannot be opened.
 */
export async function* readCsvRows(
  source: CsvSource,
  name: string,
): AsyncGenerator<string[], void, undefined> {
  const { CsvParseStream } = await import("@std/csv/parse-stream");
  let rows = 0;
  let isGzip = false;
  try {
    let [head, bytes] = await peek(await open(source, name), 2);
    isGzip = head[0] === 0x1f && head[1] === 0x8b;
    if (isGzip) [head, bytes] = await peek(bytes.pipeThrough(new DecompressionStream("gzip")), 64);
    else [head, bytes] = await peek(bytes, 64);
    const problem = formatProblem(head);
    if (problem) {
      await bytes.cancel();
      throw new CsvFormatError(`Cannot read ${name}: ${problem}`);
    }
    const text = bytes.pipeThrough<string>(new TextDecoderStream());
    for await (const row of text.pipeThrough<string[]>(new CsvParseStream())) {
      yield row;
      rows++;
    }
  } catch (error) {
    if (error instanceof CsvFormatError) throw new SyntaxError(error.message);
    // The header is row 0, so the number of rows read is the number of the one that failed.
    const row = rows.toLocaleString("en-US");
    if (isGzip && error instanceof TypeError) {
      const where = rows > 0 ? ` at row ${row}` : "";
      throw new SyntaxError(`Cannot read ${name}: its gzip data is damaged or cut off${where}`);
    }
    if (error instanceof SyntaxError) {
      throw new SyntaxError(`Cannot read row ${row} of ${name}: a quote is out of place`);
    }
    throw error;
  }
}

class CsvFormatError extends Error {}

/** Names what people load by mistake, which as CSV would only give a puzzling message. */
function formatProblem(head: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(head).trimStart();
  if (head.length === 0) return "the file is empty";
  if (text.startsWith("<")) return `expected CSV, got HTML: ${quoted(text.split(/[\r\n]/, 1)[0])}`;
  if (text.startsWith("PK\x03\x04")) return "it is a zip archive, unpack it first";
  return undefined;
}

function asUrl(source: string | URL): URL | undefined {
  if (source instanceof URL) return source;
  return /^(?:file|https?):/i.test(source) ? new URL(source) : undefined;
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
  let isDirectory: boolean;
  try {
    ({ isDirectory } = await Deno.stat(path));
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Deno.errors.NotFound(`Cannot read ${name}: there is no such file`);
  }
  if (isDirectory) throw new TypeError(`Cannot read ${name}: it is a folder, not a CSV file`);
  return (await Deno.open(path)).readable;
}

/** The first bytes of a stream, fewer where it ends before, and the whole stream again. */
async function peek(
  stream: ReadableStream<Uint8Array>,
  length: number,
): Promise<[Uint8Array<ArrayBuffer>, ReadableStream<Uint8Array<ArrayBuffer>>]> {
  const reader = stream.getReader();
  let head = new Uint8Array();
  while (head.length < length) {
    const { value, done } = await reader.read();
    if (done) break;
    const joined = new Uint8Array(head.length + value.length);
    joined.set(head);
    joined.set(value, head.length);
    head = joined;
  }
  const whole = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      if (head.length > 0) controller.enqueue(head);
    },
    async pull(controller) {
      const { value, done } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value as Uint8Array<ArrayBuffer>);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return [head.subarray(0, length), whole];
}
