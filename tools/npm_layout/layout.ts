/**
 * The package as JSR serves it to npm's clients: JavaScript where TypeScript was, declarations in
 * `_dist`, all other files in place, and a `package.json` that names what it needs.
 *
 * @module
 */
import { compile, compiledName, declarationsName, importsOf } from "./compile.ts";

/** The part of `deno.json` that is used. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
}

/** What was laid out. */
export interface Layout {
  /** Packages by their versions. */
  readonly dependencies: Readonly<Record<string, string>>;
  /** Exports that were left out, with the package that only JSR has. */
  readonly left: Readonly<Record<string, string>>;
  /** How many files there are. */
  readonly files: number;
}

/** An import map's `npm:name@version`. */
const NPM = /^npm:\/?((?:@[^/]+\/)?[^@/]+)@([^/]+)(?:\/(.*))?$/;

/** A file beside a module that it names by its address. */
const BESIDE = /new URL\("(\.\/[^"]+)", import\.meta\.url\)/g;

/** The package's names for what an import map has. */
class Names {
  readonly #imports: Manifest["imports"];
  readonly dependencies: Map<string, string> = new Map();

  constructor(imports: Manifest["imports"]) {
    this.#imports = imports;
  }

  /** The key of the map that a specifier begins with. */
  #keyOf(specifier: string): string | undefined {
    return Object.keys(this.#imports)
      .filter((key) => specifier === key || specifier.startsWith(`${key.replace(/\/$/, "")}/`))
      .toSorted((a, b) => b.length - a.length).at(0);
  }

  /** What is not on npm, if it is such. */
  missing(specifier: string): string | null {
    const target = this.#imports[this.#keyOf(specifier) ?? ""] ?? specifier;
    return target.startsWith("node:") || NPM.test(target) ? null : target;
  }

  /** The specifier as npm's clients take it. */
  rename(specifier: string): string {
    const key = this.#keyOf(specifier);
    const match = NPM.exec(this.#imports[key ?? ""] ?? "");
    if (!key || !match) return specifier;
    const [, name, version, path] = match;
    this.dependencies.set(name, version);
    const rest = specifier.slice(key.replace(/\/$/, "").length).replace(/^\//, "");
    return [name, path, rest].filter(Boolean).join("/");
  }
}

/** A path from where a module stands. */
const from = (module: string, specifier: string): string =>
  new URL(specifier, `file:///${module}`).pathname.slice(1);

/** All modules that an export leads to, and what they need that npm has not. */
async function graphOf(
  root: URL,
  entry: string,
  names: Names,
): Promise<{ modules: Map<string, string>; files: Set<string>; missing: string | null }> {
  const modules = new Map<string, string>();
  const files = new Set<string>();
  let missing: string | null = null;
  const waiting = [from("deno.json", entry)];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (modules.has(path)) continue;
    const code = await Deno.readTextFile(new URL(path, root));
    modules.set(path, code);
    const module = path;
    const { own, foreign } = importsOf(code);
    waiting.push(...own.map((each) => from(module, each)));
    missing ??= foreign.map((each) => names.missing(each)).find((each) => each !== null) ?? null;
    for (const [, beside] of code.matchAll(BESIDE)) {
      const named = from(module, beside);
      if (/\.[jt]s$/.test(named)) waiting.push(named);
      else files.add(named);
    }
  }
  return { modules, files, missing };
}

/** Writes a file, and the folders that it is in. */
async function write(folder: string, path: string, content: string | Uint8Array): Promise<void> {
  const to = `${folder}/${path}`;
  await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
  await (typeof content === "string"
    ? Deno.writeTextFile(to, content)
    : Deno.writeFile(to, content));
}

/** The licences of what is carried, beside it, and the package's own. */
async function licencesIn(root: URL, files: ReadonlySet<string>): Promise<string[]> {
  const folders = new Set([...files].map((path) => path.slice(0, path.lastIndexOf("/") + 1)));
  const found = ["LICENSE", "README.md"];
  for (const folder of folders) {
    for await (const { name } of Deno.readDir(new URL(folder, root))) {
      if (/LICENSE/.test(name)) found.push(folder + name);
    }
  }
  return found;
}

/**
 * Lays the package out.
 *
 * @param root The project's folder, with a slash at its end.
 * @param manifest Its `deno.json`.
 * @param folder Where to; it is made.
 * @returns What the package needs and what was left out.
 */
export async function layOut(root: URL, manifest: Manifest, folder: string): Promise<Layout> {
  const names = new Names(manifest.imports);
  const modules = new Map<string, string>();
  const files = new Set<string>();
  const left: Record<string, string> = {};
  const exports: Record<string, { types: string; default: string }> = {};
  for (const [name, entry] of Object.entries(manifest.exports)) {
    const graph = await graphOf(root, entry, names);
    if (graph.missing) {
      left[name] = graph.missing;
      continue;
    }
    for (const [path, code] of graph.modules) modules.set(path, code);
    for (const path of graph.files) files.add(path);
    exports[name] = {
      types: `./_dist/${declarationsName(entry.slice(2))}`,
      default: compiledName(entry),
    };
  }
  for (const [path, source] of modules) {
    const { code, declarations } = compile(path, source, (name) => names.rename(name));
    await write(folder, compiledName(path), code);
    if (/\.ts$/.test(path)) await write(folder, `_dist/${declarationsName(path)}`, declarations);
  }
  for (const path of [...files, ...await licencesIn(root, files)]) {
    await write(folder, path, await Deno.readFile(new URL(path, root)));
  }
  const dependencies = Object.fromEntries([...names.dependencies].toSorted());
  const { name, version, license } = manifest;
  const description = { name, version, license, type: "module", dependencies, exports };
  await write(folder, "package.json", `${JSON.stringify(description, null, 2)}\n`);
  return { dependencies, left, files: 2 * modules.size + files.size };
}
