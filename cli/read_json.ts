/**
 * JSON files that a user names.
 *
 * @module
 */
import { reasonOf } from "../src/model/source.ts";

/**
 * Reads a JSON file.
 *
 * @param path The file.
 * @returns What it holds.
 * @throws {Error} When it cannot be read.
 * @throws {SyntaxError} When it is not JSON.
 */
export async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    throw new Error(`Cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new SyntaxError(`Cannot read ${path}: it is not JSON, ${why}`, { cause });
  }
}
