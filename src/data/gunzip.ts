/**
 * Gzip, of one member or several.
 *
 * The platform's `DecompressionStream` takes one member only and lets its end reject twice, so this
 * is `pako`: zlib in plain JavaScript, which also says how much of its input it has used.
 *
 * @module
 */

/** Gzip that cannot be unpacked; the message is the end of a sentence about the file. */
export class GzipError extends Error {
  /** The class's name. */
  override readonly name: string = "GzipError";
  /** Whether the data themselves are wrong, and not what follows them. */
  readonly isDamage: boolean;

  /**
   * @param trailing What follows the data; they are damaged or cut off where it is left out.
   */
  constructor(trailing?: Uint8Array) {
    super(trailing ? trailingProblem(trailing) : "its gzip data is damaged or cut off");
    this.isDamage = trailing === undefined;
  }
}

/** With these the header is gzip's, and the sums behind each member are checked. */
const WINDOW_BITS = 15 + 16;
const OUTPUT_BYTES = 65_536;

/**
 * Unpacks gzip: members one after the other, each checked against its sum, with zeros between and
 * behind them (RFC 1952, section 2.2). Little is held, however much the data unpack to.
 *
 * @param chunks The packed bytes, as they come.
 * @returns The unpacked bytes, each chunk valid until the next is asked for.
 * @throws {GzipError} When they are damaged or cut off, or when something else follows them.
 */
export async function* gunzip(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { Z_BUF_ERROR, Z_NO_FLUSH, Z_OK, Z_STREAM_END, ZStream, ...zlib } = await import("pako");
  const stream = new ZStream();
  zlib.zlibInflateInit2(stream, WINDOW_BITS);
  const output = new Uint8Array(OUTPUT_BYTES);
  let isInMember = true;
  for await (const chunk of chunks) {
    stream.input = chunk;
    stream.next_in = 0;
    stream.avail_in = chunk.length;
    while (stream.avail_in > 0 || stream.avail_out === 0) {
      if (!isInMember) {
        while (stream.avail_in > 0 && chunk[stream.next_in] === 0) {
          stream.next_in++;
          stream.avail_in--;
        }
        if (stream.avail_in === 0) break;
        if (chunk[stream.next_in] !== 0x1f) {
          throw new GzipError(chunk.subarray(stream.next_in));
        }
        zlib.zlibInflateReset(stream);
        isInMember = true;
      }
      stream.output = output;
      stream.next_out = 0;
      stream.avail_out = output.length;
      const status = zlib.zlibInflate(stream, Z_NO_FLUSH);
      if (status !== Z_OK && status !== Z_STREAM_END && status !== Z_BUF_ERROR) {
        throw new GzipError();
      }
      if (stream.next_out > 0) yield output.subarray(0, stream.next_out);
      if (status === Z_STREAM_END) {
        isInMember = false;
        stream.avail_out = output.length;
      }
    }
  }
  if (isInMember) throw new GzipError();
}

function trailingProblem(bytes: Uint8Array): string {
  const shown = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0"));
  return `after its gzip data come bytes that are none, ${shown.join(" ")}…: cut them off, ` +
    "or unpack it and give what comes out";
}
