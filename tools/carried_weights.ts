/**
 * Weight files that the library carries, each with a module that says which bytes are the right ones.
 *
 * @module
 */
import type { StringFlag } from "../cli/flags.ts";
import { count } from "../cli/numbers.ts";
import { print } from "../cli/program.ts";
import { writeFileAtomic } from "../src/model.ts";
import { sha256 } from "../src/pretrained/packaged_weights.ts";

/** The flag of the tasks that write such files. */
export const ROOT_FLAG = {
  kind: "string",
  value: "DIR",
  about: "The project's folder, to write into",
  otherwise: "the current folder",
} as const satisfies StringFlag;

/**
 * Writes a weight file and its module, and says so.
 *
 * @param folder Where to; it is made if need be.
 * @param file The weight file's name.
 * @param bytes What is in it.
 * @param module The module's name.
 * @param codeOf The module's code around the lines of an object literal.
 */
export async function writeCarried(
  folder: string,
  file: string,
  bytes: Uint8Array,
  module: string,
  codeOf: (fields: string) => string,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const checksum = await sha256(bytes);
  const grouped = String(bytes.length).replace(/\B(?=(\d{3})+$)/g, "_");
  const fields = `  file: "${file}",\n  bytes: ${grouped},\n  sha256: "${checksum}",`;
  await writeFileAtomic(`${folder}/${file}`, bytes);
  await writeFileAtomic(`${folder}/${module}`, codeOf(fields));
  print(`${folder}/${file}  ${count(bytes.length)} bytes, SHA-256 ${checksum}`);
  print(`${folder}/${module}`);
}
