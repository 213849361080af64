/**
 * Lists of paths, as other programs write them.
 *
 * @module
 */

/** What ends a path in a list. */
const ENDS = { line: 10, null: 0 } as const;

/**
 * Reads paths from a stream, one a line. Empty lines are passed over, as are a byte order mark and
 * the carriage returns of Windows.
 *
 * @param stream The bytes; those that are no UTF-8 become U+FFFD.
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
  for await (const chunk of stream) {
    let from = 0;
    for (let at; (at = chunk.indexOf(ENDS[end], from)) >= 0; from = at + 1) {
      const path = pathOf(joined([...parts, chunk.subarray(from, at)]));
      parts = [];
      if (path !== "") yield path;
    }
    // The stream may use the chunk's memory again.
    if (from < chunk.length) parts.push(chunk.slice(from));
  }
  const path = pathOf(joined(parts));
  if (path !== "") yield path;
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
