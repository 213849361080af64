// Runs the programs in Deno, Node and Bun: a picture's path, a folder's path.
import { readFile } from "node:fs/promises";
import process from "node:process";
import { handleFiles } from "./files.js";
import { examine } from "./program.js";

const [picture, folder] = process.argv.slice(2);
const examined = await examine(new Uint8Array(await readFile(picture)));
// deno-lint-ignore no-console
console.log(JSON.stringify({ ...examined, files: await handleFiles(folder) }));
