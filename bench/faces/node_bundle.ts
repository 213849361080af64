/**
 * Programs that packages publish for Node, on the tfjs of this process: the same version and the same
 * backends for all.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { createRequire } from "node:module";
import { importPackage } from "../peers/optional.ts";

/** What a program asks for: tfjs in parts or whole. */
const TFJS = /^@tensorflow\/tfjs(?:$|-)/;
const WASM = "@tensorflow/tfjs-backend-wasm";

/**
 * Runs a CommonJS program.
 *
 * @typeParam Exports The part of what it exports that is used.
 * @param url Its file.
 * @returns What it exports.
 */
export async function runNodeBundle<Exports>(url: URL): Promise<Exports> {
  const code = await Deno.readTextFile(url);
  const require = createRequire(url);
  const module = { exports: {} };
  const wasm = await importPackage(WASM);
  // The package does not name tfjs among what it needs: no module loader would find it.
  const program = new Function("require", "module", "exports", "__dirname", code);
  program(
    (name: string) => name === WASM ? wasm : TFJS.test(name) ? tf : require(name),
    module,
    module.exports,
    new URL(".", url).pathname,
  );
  return module.exports as Exports;
}
