/**
 * HTTP/1.1 byte for byte, as clients in other languages write it.
 *
 * @module
 */
import { assert } from "@std/assert";

/** An answer, as it came. */
export interface RawResponse {
  /** The status. */
  readonly status: number;
  /** Headers by their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** The body. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Bytes one after the other; texts in UTF-8. */
export function bytesOf(...parts: (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const all = parts.map((part) => typeof part === "string" ? encoder.encode(part) : part);
  const bytes = new Uint8Array(all.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of all) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * Sends a request over a connection of its own and reads the answer.
 *
 * @param url Where the server is.
 * @param request The request line, the headers without Content-Length, one each.
 * @param body The body; none when left out.
 * @returns The answer.
 */
export async function sendRaw(
  url: string,
  request: readonly string[],
  body?: Uint8Array,
): Promise<RawResponse> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const lines = body ? [...request, `Content-Length: ${body.length}`] : request;
  const all = bytesOf(`${lines.join("\r\n")}\r\n\r\n`, body ?? "");
  for (let at = 0; at < all.length;) at += await connection.write(all.subarray(at));
  const chunk = new Uint8Array(2 ** 16);
  let received = new Uint8Array();
  for (;;) {
    const length = await connection.read(chunk);
    assert(length !== null, "the connection ended before the answer");
    received = bytesOf(received, chunk.subarray(0, length));
    const head = /^HTTP\/1\.1 (\d{3}) [^]*?\r\n\r\n/.exec(
      new TextDecoder("latin1").decode(received),
    );
    if (!head) continue;
    const headers = new Map(
      [...head[0].matchAll(/^([^:\r\n]+): *(.*)\r$/gm)].map((
        [, name, value],
      ) => [name.toLowerCase(), value]),
    );
    const expected = Number(headers.get("content-length"));
    assert(Number.isSafeInteger(expected), "an answer without Content-Length");
    if (received.length < head[0].length + expected) continue;
    return { status: Number(head[1]), headers, body: received.slice(head[0].length) };
  }
}
