/**
 * The first requests, before there are any: drivers compile programs when they are first used.
 *
 * @module
 */
import { decodeImage } from "../../mod.ts";
import type { LogitsSource } from "./service.ts";

/** Grey pixels, 8x8. */
const JPEG =
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERX" +
  "RTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAA" +
  "AAAAAAAAAAD/2gAIAQEAAD8AP//Z";
/** A grey pixel, twice. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";
const WEBP = "UklGRh4AAABXRUJQVlA4TBEAAAAvAAAAAAdQwAIWsP+BiOh/AAA=";

/**
 * Loads the decoders, and has the network compute a batch of each size.
 *
 * @param network The network.
 * @param sizes The sizes.
 */
export async function warmUp(network: LogitsSource, sizes: readonly number[]): Promise<void> {
  for (const file of [JPEG, PNG, WEBP]) await decodeImage(Uint8Array.fromBase64(file));
  const blank = new Float32Array(network.served.size ** 2);
  for (const size of sizes) await network.logits(Array.from({ length: size }, () => blank));
}
