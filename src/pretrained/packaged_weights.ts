/**
 * A network that comes with the library: which bytes are the right ones, and how to get them.
 *
 * @module
 */
import { CheckpointError } from "../model/checkpoint_error.ts";
import { readSource } from "../model/source.ts";

/** What the library's code knows of a weight file beside it. */
export interface PackagedWeights {
  /** The file's name, in the folder of this module. */
  readonly file: string;
  /** Its length. */
  readonly bytes: number;
  /** Its SHA-256 in lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** The largest weight file that a package may carry, in bytes. */
export const LARGEST_FILE = 4_200_000;

/** Where the Web Cache API keeps what was fetched, in Deno as in browsers. */
const CACHE = "fer-core";

/**
 * The SHA-256 of bytes.
 *
 * @param bytes The bytes.
 * @returns 64 lower-case hexadecimal digits.
 * @throws {CheckpointError} In a page that was not loaded over https: browsers have no SHA-256 there.
 */
export async function sha256(bytes: Uint8Array): Promise<string> {
  if (!globalThis.crypto?.subtle) {
    throw new CheckpointError(
      "Cannot verify the packaged network: browsers compute a SHA-256 only in pages that were " +
        "loaded over https: or from localhost",
    );
  }
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function verified(
  { bytes, name }: { readonly bytes: Uint8Array; readonly name: string },
  expected: PackagedWeights,
): Promise<Uint8Array> {
  const found = await sha256(bytes);
  if (found === expected.sha256) return bytes;
  throw new CheckpointError(
    `Cannot load the packaged network from ${name}: its SHA-256 is ${found}, expected ` +
      `${expected.sha256}. The file is damaged or belongs to another version of the library ` +
      `(${bytes.length.toLocaleString("en-US")} bytes, expected ` +
      `${expected.bytes.toLocaleString("en-US")})`,
  );
}

/** The cache; null where there is none or it may not be used. */
async function openCache(): Promise<Cache | null> {
  try {
    return await globalThis.caches?.open(CACHE) ?? null;
  } catch {
    return null;
  }
}

/** What the cache has under an address, if it is whole. */
async function readCache(
  cache: Cache | null,
  url: string,
  expected: PackagedWeights,
): Promise<Uint8Array | null> {
  try {
    const response = await cache?.match(url);
    if (!response) return null;
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (await sha256(bytes) === expected.sha256) return bytes;
    await cache?.delete(url);
  } catch { /* A cache that cannot be read is as good as none. */ }
  return null;
}

/**
 * Gets a weight file and sees that it is the right one. What comes over the network is kept in the
 * Web Cache API, where there is one, and taken from there the next time.
 *
 * @param expected The file.
 * @param source Where it is: a path, a `file:` or `https:` URL, or its bytes.
 * @param useCache Whether to keep and take.
 * @returns Its bytes.
 * @throws {CheckpointError} When it cannot be had or its SHA-256 is another.
 */
export async function readPackagedWeights(
  expected: PackagedWeights,
  source: string | URL | Uint8Array,
  useCache: boolean,
): Promise<Uint8Array> {
  const url = source instanceof Uint8Array ? "" : `${source}`;
  const cache = useCache && /^https?:/i.test(url) ? await openCache() : null;
  const kept = await readCache(cache, url, expected);
  if (kept) return kept;
  const bytes = await verified(await readSource(source), expected);
  try {
    await cache?.put(url, new Response(bytes as Uint8Array<ArrayBuffer>));
  } catch { /* A full or forbidden cache costs the next download, no more. */ }
  return bytes;
}
