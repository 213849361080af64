/**
 * Lists of paths, as other programs write them.
 *
 * @module
 */

/** What ends a path in a list. */
const ENDS = { line: 10, null: 0 } as const;

/** UTF-16 by its byte order mark; PowerShell's `>` writes it. */
function wideEncoding([first, second]: Uint8Array): "utf-16le" | "utf-16be" | null {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : null;
}

/** A stream in UTF-8, whichever it was in. */
async function* inUtf8(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | null = new Uint8Array();
  let decoder: TextDecoder | null = null;
  const encoder = new TextEncoder();
  for await (let chunk of stream) {
    if (head) {
      chunk = joined([head, chunk]);
      if (chunk.length < 2) {
        head = chunk.slice();
        continue;
      }
      head = null;
      const encoding = wideEncoding(chunk);
      if (encoding) decoder = new TextDecoder(encoding);
    }
    yield decoder ? encoder.encode(decoder.decode(chunk, { stream: true })) : chunk;
  }
  if (head) yield head;
  if (decoder) yield encoder.encode(decoder.decode());
}

/**
 * Reads paths from a stream, one a line. Empty lines are passed over, as are a byte order mark and
 * the carriage returns of Windows; where there is no line feed at all, carriage returns end lines, as
 * on an old Mac.
 *
 * @param stream The bytes, in UTF-8 or in UTF-16 with its mark; those that are neither become U+FFFD.
 * @param end What ends a path: a line feed, or a null as `find -print0` writes it.
 * @returns The paths, as they come.
 */
export async function* readPathList(
  stream: AsyncIterable<Uint8Array>,
  end: keyof typeof ENDS,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let isFirst = true;
  const pathOf = (bytes: Uint8Array): string => {
    let path = decoder.decode(bytes);
    if (isFirst) path = path.replace(/^\ufeff/, "");
    isFirst = false;
    return end === "line" ? path.replace(/\r$/, "") : path;
  };
  let parts: Uint8Array[] = [];
  let hasEnds = false;
  for await (const chunk of end === "line" ? inUtf8(stream) : stream) {
    let from = 0;
    for (let at; (at = chunk.indexOf(ENDS[end], from)) >= 0; from = at + 1) {
      const path = pathOf(joined([...parts, chunk.subarray(from, at)]));
      parts = [];
      hasEnds = true;
      if (path !== "") yield path;
    }
    // The stream may use the chunk's memory again.
    if (from < chunk.length) parts.push(chunk.slice(from));
  }
  const path = pathOf(joined(parts));
  for (const each of end === "line" && !hasEnds ? path.split("\r") : [path]) {
    if (each !== "") yield each;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
