/**
 * The page's files: bundled code, style, the networks' weights, tfjs's WebAssembly.
 *
 * @module
 */

import manifest from "../../deno.json" with { type: "json" };
import type { EngineName } from "./options.ts";

/** One file. */
export interface Resource {
  /** Its media type. */
  readonly type: string;
  /** Its content. */
  readonly body: Uint8Array<ArrayBuffer>;
}

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
  wasm: "application/wasm",
  safetensors: "application/octet-stream",
};

/** The library's weight files, under the names that its code asks for beside a bundle. */
const WEIGHTS = [
  "recognizer/blaze_face.safetensors",
  "recognizer/ultra_light.safetensors",
  "pretrained/fernet.safetensors",
];

/** The package of tfjs's WebAssembly; where this module is served, no import map has its bare name. */
const TFJS_WASM = manifest.imports["@tensorflow/tfjs-backend-wasm"];

/** tfjs chooses among them by what the browser can do. */
const WASM = ["tfjs-backend-wasm", "tfjs-backend-wasm-simd"].map((name) => `${name}.wasm`);

function resource(name: string, body: Uint8Array<ArrayBuffer>): Resource {
  return { type: TYPES[name.slice(name.lastIndexOf(".") + 1)], body };
}

/** The page's programs and the chunks that they share; what nothing asks for is never loaded. */
async function bundle(): Promise<Map<string, Resource>> {
  const folder = "/bundle";
  const { success, errors, outputFiles = [] } = await Deno.bundle({
    entrypoints: ["main.ts", "worker.ts"].map((name) =>
      new URL(`page/${name}`, import.meta.url).href
    ),
    platform: "browser",
    codeSplitting: true,
    minify: true,
    outputDir: folder,
    write: false,
  });
  if (!success) {
    throw new Error(`Cannot bundle the page: ${errors.map(({ text }) => text).join("; ")}`);
  }
  return new Map(outputFiles.map(({ path, contents }) => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    return [`/${name}`, resource(name, contents as Uint8Array<ArrayBuffer>)];
  }));
}

/** Where the Web Cache API keeps what a version of the package has; it never changes. */
const CACHE = "fer-webcam";

/** Fetches a file, once. */
async function fetchOnce(url: URL): Promise<Uint8Array<ArrayBuffer> | null> {
  const cache = await caches.open(CACHE).catch(() => null);
  const kept = await cache?.match(url);
  if (kept) return await kept.bytes();
  const response = await fetch(url);
  if (!response.ok) {
    await response.body?.cancel();
    if (response.status === 404) return null;
    throw new Error(`Cannot fetch ${url}: the server answered ${response.status}`);
  }
  const bytes = await response.bytes();
  // A full or forbidden cache costs the next download, no more.
  await cache?.put(url, new Response(bytes)).catch(() => {});
  return bytes;
}

/** Reads a file of the package that need not be there, from the disk or where it was served from. */
async function readIfAny(url: URL): Promise<Uint8Array<ArrayBuffer> | null> {
  if (url.protocol !== "file:") return await fetchOnce(url);
  try {
    return await Deno.readFile(url);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Reads a file of the package. */
async function readBeside(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL(path, import.meta.url);
  const bytes = await readIfAny(url);
  if (!bytes) throw new Error(`Cannot build the page: there is no ${url}`);
  return bytes;
}

/** What the page loads as a model when it does not take the one that comes with the library. */
const OWN_MODEL = "model.safetensors";

/**
 * Builds the page.
 *
 * @param model A model file's bytes, to take the place of the network that comes with the library.
 * @param engine What is to compute: `webgpu`, `wasm`, or `auto` for the faster.
 * @returns The page's files by their paths.
 * @throws {Error} When the code cannot be bundled, or tfjs's package cannot be had.
 */
export async function buildPage(
  model?: Uint8Array<ArrayBuffer>,
  engine: EngineName = "auto",
): Promise<Map<string, Resource>> {
  const files = await bundle();
  for (const name of ["style.css", "icon.svg"]) {
    files.set(
      `/${name}`,
      resource(name, await readBeside(`page/${name}`)),
    );
  }
  for (const name of WEIGHTS) {
    const bytes = await readIfAny(new URL(`../../src/${name}`, import.meta.url));
    if (bytes) files.set(`/${name}`, resource(name, bytes));
  }
  // Importing its description fetches the package; nothing of it runs.
  await import("@tensorflow/tfjs-backend-wasm/package.json", { with: { type: "json" } });
  for (const name of WASM) {
    const url = import.meta.resolve(`${TFJS_WASM}/dist/${name}`);
    files.set(`/wasm/${name}`, resource(name, await Deno.readFile(new URL(url))));
  }
  if (model) files.set(`/${OWN_MODEL}`, resource(OWN_MODEL, model));
  const html = new TextDecoder().decode(await readBeside("page/index.html"));
  const told = `<html data-wanted="${engine}" ${model ? `data-model="${OWN_MODEL}" ` : ""}`;
  const page = html.replace("<html ", told);
  files.set("/", resource("index.html", new TextEncoder().encode(page)));
  return files;
}
