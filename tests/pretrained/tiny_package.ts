/**
 * The package with a tiny network in it.
 *
 * @module
 */
import manifest from "../../deno.json" with { type: "json" };
import { buildFerCnn, encodeModel } from "../../src/model.ts";
import { type PackagedWeights, sha256 } from "../../src/pretrained/packaged_weights.ts";

/** Where the weight file is in the package. */
export const FILE = "src/pretrained/fernet.safetensors";

/** Its bytes, and what the code knows of them. */
export interface TinyWeights {
  /** The file. */
  readonly bytes: Uint8Array;
  /** What the code knows. */
  readonly expected: PackagedWeights;
}

/** A network of a few filters, on tfjs's current backend. */
export async function tinyWeights(): Promise<TinyWeights> {
  const model = buildFerCnn({ filters: [2, 3, 4], hidden: 4, seed: 5 });
  const bytes = await encodeModel(model, { dtype: "F16", metadata: { data: "drawn" } });
  model.dispose();
  const expected = { file: "fernet.safetensors", bytes: bytes.length, sha256: await sha256(bytes) };
  return { bytes, expected };
}

/**
 * The files of the package that are then others.
 *
 * @param weights The network.
 */
export function tinyFiles({ bytes, expected }: TinyWeights): Map<string, string | Uint8Array> {
  return new Map<string, string | Uint8Array>([
    [FILE, bytes],
    [
      "src/pretrained/fernet.ts",
      `import type { PackagedWeights } from "./packaged_weights.ts";
      export const FERNET: PackagedWeights | null = ${JSON.stringify(expected)};`,
    ],
  ]);
}

/**
 * A folder for programs that import the served package: what they import is vendored into it, so
 * that the user's own cache stays as it is.
 *
 * @returns The folder.
 */
export async function programFolder(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "fer-served-" });
  const { imports } = manifest;
  const config = { vendor: true, lock: false, nodeModulesDir: "none", imports };
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
  await Deno.mkdir(`${folder}/vendor`);
  const standard = new URL("../../vendor/jsr.io", import.meta.url).pathname;
  await Deno.symlink(standard, `${folder}/vendor/jsr.io`);
  return folder;
}

/**
 * Copies the package's code, with a tiny network in it.
 *
 * @param weights The network.
 * @param folder Where to.
 */
export async function copyPackage(weights: TinyWeights, folder: string): Promise<void> {
  const copy = async (from: URL, to: string): Promise<void> => {
    await Deno.mkdir(to, { recursive: true });
    for await (const { name, isDirectory } of Deno.readDir(from)) {
      if (isDirectory) await copy(new URL(`${name}/`, from), `${to}/${name}`);
      else await Deno.copyFile(new URL(name, from), `${to}/${name}`);
    }
  };
  for (const name of ["src", "cli"]) {
    await copy(new URL(`../../${name}/`, import.meta.url), `${folder}/${name}`);
  }
  await Deno.copyFile(new URL("../../mod.ts", import.meta.url), `${folder}/mod.ts`);
  for (const [path, content] of tinyFiles(weights)) {
    if (typeof content === "string") await Deno.writeTextFile(`${folder}/${path}`, content);
    else await Deno.writeFile(`${folder}/${path}`, content);
  }
}

/**
 * A program that loads the packaged network, predicts and tells.
 *
 * @param library What the library is imported from.
 * @param tell What is done with the result, an expression with `result` in it.
 */
export function programOf(library: string, tell: string): string {
  return `import * as tf from "@tensorflow/tfjs";
    import { loadPretrained, predict } from "${library}";
    tf.env().set("PROD", true);
    await tf.setBackend("cpu");
    const { model, metadata } = await loadPretrained();
    const grey = { data: new Uint8Array(48 * 48).fill(128), width: 48, height: 48 };
    const result = JSON.stringify([metadata.data, (await predict(model, grey)).length]);
    ${tell};`;
}
