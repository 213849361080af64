/**
 * Compressed bytes of a known length.
 *
 * @module
 */

/**
 * What is given to the decompressor at once: a byte can become a thousand, all of which are in memory
 * before any can be counted.
 */
const SLICE = 2 ** 14;

/**
 * Decompresses no more than is asked for, whatever more there would be.
 *
 * @param parts Data in zlib's format, in parts.
 * @param length How many bytes there have to be.
 * @returns That many bytes.
 * @throws {TypeError} When there are fewer, or they are damaged.
 */
export async function inflate(parts: Iterable<Uint8Array>, length: number): Promise<Uint8Array> {
  const { readable, writable } = new DecompressionStream("deflate");
  const writer = writable.getWriter();
  const reader = readable.getReader();
  const write = async (): Promise<void> => {
    for (const part of parts) {
      for (let from = 0; from < part.length; from += SLICE) {
        await writer.ready;
        await writer.write(part.slice(from, from + SLICE));
      }
    }
    await writer.close();
  };
  // The reader hears of what goes wrong, and stops listening when it has enough.
  const written = write().catch(() => {});
  const out = new Uint8Array(length);
  let filled = 0;
  try {
    while (filled < length) {
      const { value, done } = await reader.read();
      if (done) break;
      const some = value.subarray(0, length - filled);
      out.set(some, filled);
      filled += some.length;
    }
  } catch (cause) {
    throw new TypeError("its compressed data is damaged", { cause });
  } finally {
    await reader.cancel().catch(() => {});
    await written;
  }
  if (filled < length) throw new TypeError("its compressed data ends too soon");
  return out;
}
