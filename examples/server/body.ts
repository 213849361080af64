/**
 * Bodies of requests, no longer than may be.
 *
 * @module
 */
import { Problem } from "./problem.ts";

/** Bytes that all requests together may hold. */
export class ByteBudget {
  readonly #limit: number;
  #taken = 0;

  /** @param limit Bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes that are held. */
  get taken(): number {
    return this.#taken;
  }

  /**
   * Takes bytes.
   *
   * @param bytes How many.
   * @returns Whether there were as many.
   */
  take(bytes: number): boolean {
    if (this.#taken + bytes > this.#limit) return false;
    this.#taken += bytes;
    return true;
  }

  /** @param bytes How many are held no longer. */
  give(bytes: number): void {
    this.#taken -= bytes;
  }
}

/** How a body is read. */
export interface ReadBodyOptions {
  /** The most bytes, of what is sent and of what comes out of it unpacked. */
  readonly limit: number;
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** Why a body broke off. */
  readonly whyBroken: () => Problem;
  /**
   * Called before bytes are held.
   *
   * @throws When there is no room for them.
   */
  readonly onBytes?: (bytes: number) => void;
}

function tooLong(limit: number, found: string): Problem {
  return new Problem(
    413,
    `The body is too long: expected at most ${limit} bytes, got ${found}`,
  );
}

/** The encodings that Triton's clients use; HTTP's `deflate` is the format of zlib. */
const PACKED: ReadonlySet<string> = new Set(["gzip", "deflate"]);

/**
 * Reads the body of a request into memory, and unpacks it where it is packed.
 *
 * @param request The request.
 * @param options The limit, and how to end.
 * @returns The bytes.
 * @throws {Problem} 413 when it is too long, 415 when it is packed in another way, 400 when what is
 * packed is damaged, what `whyBroken` says when it breaks off.
 * @throws The reason of an aborted signal.
 */
export async function readBody(
  request: Request,
  options: ReadBodyOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { limit, signal, whyBroken, onBytes } = options;
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > limit) throw tooLong(limit, String(announced));
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() || "identity";
  const isPacked = PACKED.has(encoding);
  if (!isPacked && encoding !== "identity") {
    throw new Problem(415, `Cannot unpack ${encoding}: expected gzip, deflate or none`, {
      "accept-encoding": "gzip, deflate",
    });
  }
  if (!request.body) return new Uint8Array();
  const reader = request.body.getReader();
  const stop = () => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener("abort", stop);
  const sent = chunksOf(reader, whyBroken);
  try {
    const chunks: Uint8Array[] = [];
    let length = 0;
    signal.throwIfAborted();
    for await (const value of isPacked ? unpacked(sent, encoding as "gzip" | "deflate") : sent) {
      signal.throwIfAborted();
      length += value.length;
      if (length > limit) throw tooLong(limit, `more${isPacked ? " unpacked" : ""}`);
      onBytes?.(value.length);
      chunks.push(value);
    }
    signal.throwIfAborted();
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    stop();
    signal.removeEventListener("abort", stop);
  }
}

/** What is sent. That it breaks off is the client's doing, not the server's. */
async function* chunksOf(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  whyBroken: () => Problem,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw whyBroken();
    });
    if (done) return;
    yield value;
  }
}

/** What is sent, unpacked; whichever end fails, nothing is left to fail by itself. */
async function* unpacked(
  sent: AsyncIterable<Uint8Array<ArrayBuffer>>,
  encoding: "gzip" | "deflate",
): AsyncGenerator<Uint8Array, void, undefined> {
  const { readable, writable } = new DecompressionStream(encoding);
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  let problem: unknown;
  const writing = (async () => {
    try {
      for await (const chunk of sent) await writer.write(chunk);
      await writer.close();
    } catch (error) {
      problem = error;
      await writer.abort(error).catch(() => {});
    }
  })();
  const reader = readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield value;
    }
    await writing;
  } catch {
    await writing;
    if (problem instanceof Problem) throw problem;
    throw new Problem(400, `Cannot unpack the body: it is no ${encoding}, or cut off`);
  } finally {
    await reader.cancel().catch(() => {});
  }
}
