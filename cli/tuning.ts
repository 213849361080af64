/**
 * Which kernels a task computes with, and the tables that `deno task tune` leaves.
 *
 * @module
 */
import type { WebGpuOptions } from "../mod.ts";
import type { ProductChoice } from "../src/kernels.ts";
import { VERSION } from "../src/version.ts";
import { invocation } from "./called.ts";
import { driverVersion } from "./driver.ts";
import { readJson } from "./read_json.ts";

/** What `--tuning` comes to; it stands in `config.json`. */
export interface Tuning {
  /** This library's kernels or tfjs's own. */
  readonly kernels: "fer" | "stock";
  /** Where the table is from: `default` is the one in the library, `off` none at all. */
  readonly source: string;
  /** How products are computed where the library's table does not say. */
  readonly products: readonly ProductChoice[];
}

/** A file that `deno task tune` writes. */
export interface TuningFile {
  /** The adapter that the table is for. */
  readonly adapter: string;
  /** Its driver; `null` where it could not be found out. */
  readonly driver: string | null;
  /** The library's version. */
  readonly libraryVersion: string;
  /** The fastest candidates. */
  readonly products: readonly ProductChoice[];
}

/** An adapter as a table is kept for it. */
export type AdapterIdentity = Pick<TuningFile, "adapter" | "driver">;

/** The library's kernels, as its own table says. */
export const DEFAULT_TUNING: Tuning = { kernels: "fer", source: "default", products: [] };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whole numbers of a product or a candidate, and the least and largest of each. */
const SIZE_RANGES = {
  rows: [1, 2 ** 31],
  columns: [1, 2 ** 31],
  depth: [1, 2 ** 31],
  batch: [1, 2 ** 31],
} as const;
const CANDIDATE_RANGES = {
  rows: [4, 64],
  columns: [4, 64],
  down: [1, 1024],
  across: [1, 1024],
  depth: [0, 1024],
} as const;

function checkNumbers(
  value: Record<string, unknown>,
  ranges: Readonly<Record<string, readonly [number, number]>>,
): string | null {
  for (const [name, [low, high]] of Object.entries(ranges)) {
    const number = value[name];
    const fits = Number.isSafeInteger(number) && Number(number) >= low && Number(number) <= high;
    if (!fits) return `${name} is ${JSON.stringify(number)}`;
  }
  return null;
}

/** What is wrong with an entry of a table, or null. */
function faultOf(entry: unknown): string | null {
  if (!isObject(entry) || !isObject(entry.size) || !isObject(entry.candidate)) {
    return "expected {size, candidate}";
  }
  const { size, candidate } = entry;
  if (typeof size.transposeA !== "boolean" || typeof size.transposeB !== "boolean") {
    return "expected transposeA and transposeB of the size";
  }
  const { family } = candidate;
  if (family !== "tile" && family !== "register" && family !== "subgroup") {
    return `family is ${JSON.stringify(family)}`;
  }
  const fault = checkNumbers(size, SIZE_RANGES) ?? checkNumbers(candidate, CANDIDATE_RANGES);
  if (fault) return fault;
  if (family !== "register" && candidate.depth === 0) return "depth is 0";
  if (family === "subgroup") {
    const fits = Number(candidate.columns) % Math.max(4, Number(candidate.down)) === 0;
    return fits ? null : "columns of the candidate are no multiple of its subgroup";
  }
  for (const name of ["rows", "columns", "depth"]) {
    if (Number(candidate[name]) % 4 !== 0) return `${name} of the candidate is no multiple of 4`;
  }
  return null;
}

/**
 * Checks the products of a table.
 *
 * @param value What was read.
 * @param source Where it was read, for the message.
 * @returns The products, nothing else in them.
 * @throws {SyntaxError} When it is no such table.
 */
export function readProducts(value: unknown, source: string): ProductChoice[] {
  if (!Array.isArray(value)) {
    throw new SyntaxError(`Cannot read ${source}: expected a list of products`);
  }
  return value.map((entry, i) => {
    const fault = faultOf(entry);
    if (fault) throw new SyntaxError(`Cannot read ${source}: product ${i + 1}: ${fault}`);
    const { size, candidate } = entry as ProductChoice;
    return { size, candidate };
  });
}

/**
 * Checks what `config.json` says of the kernels.
 *
 * @param value What was read.
 * @param source Where it was read, for the message.
 * @throws {SyntaxError} When it is not what this library writes.
 */
export function readTuning(value: unknown, source: string): Tuning {
  const known = isObject(value) && typeof value.source === "string" &&
    (value.kernels === "fer" || value.kernels === "stock");
  if (!known) throw new SyntaxError(`Cannot read ${source}: tuning is ${JSON.stringify(value)}`);
  return {
    kernels: value.kernels as Tuning["kernels"],
    source: value.source as string,
    products: readProducts(value.products, source),
  };
}

async function readFile(path: string): Promise<readonly ProductChoice[]> {
  const file = await readJson(path);
  return readProducts(isObject(file) ? file.products : file, path);
}

/**
 * The folder of the user's that holds what can be made again.
 *
 * @param os The operating system.
 * @param env Reads a variable.
 * @returns The library's own folder in it.
 * @throws {Error} When no variable tells.
 */
export function cacheFolder(
  os: typeof Deno.build.os = Deno.build.os,
  env: (name: string) => string | undefined = (name) => Deno.env.get(name),
): string {
  const home = env("HOME");
  if (os === "windows") {
    const local = env("LOCALAPPDATA");
    if (local) return `${local}\\fer`;
    throw new Error("Cannot find the user's cache folder: LOCALAPPDATA is not set");
  }
  const base = env("XDG_CACHE_HOME") ||
    (home && `${home}${os === "darwin" ? "/Library/Caches" : "/.cache"}`);
  if (base) return `${base}/fer`;
  throw new Error("Cannot find the user's cache folder: neither XDG_CACHE_HOME nor HOME is set");
}

/**
 * Where the table of an adapter is kept.
 *
 * @param identity The adapter and its driver.
 * @returns A path in {@linkcode cacheFolder}: another driver or library has another one.
 */
export function tuningPath({ adapter, driver }: AdapterIdentity): string {
  const slug = (text: string) =>
    text.toLowerCase().replace(/[^a-z0-9.]+/g, "-").replace(/^-+|-+$/g, "");
  const name = [adapter, driver ?? "unknown driver", VERSION].map(slug).join("_");
  return `${cacheFolder()}/tuning/${name}.json`;
}

/** The adapter that `useWebGpu()` would take, or null. */
export async function identifyAdapter(): Promise<AdapterIdentity | null> {
  const found = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!found) return null;
  const { description, device, vendor } = found.info;
  return { adapter: description || device, driver: await driverVersion(vendor) };
}

/**
 * What `--tuning` means on this machine.
 *
 * @param choice `default`, `auto`, `off`, or a file.
 * @param onNote Told what is not as asked for.
 * @throws {Error} When the file cannot be read.
 * @throws {SyntaxError} When it is no table.
 */
export async function resolveTuning(
  choice: string,
  onNote: (text: string) => void,
): Promise<Tuning> {
  if (choice === "default") return DEFAULT_TUNING;
  if (choice === "off") return { kernels: "stock", source: "off", products: [] };
  let path = choice;
  if (choice === "auto") {
    const identity = await identifyAdapter();
    if (!identity) return DEFAULT_TUNING;
    path = tuningPath(identity);
    const isThere = await Deno.stat(path).then(() => true, () => false);
    if (!isThere) {
      onNote(
        `Nothing is tuned for ${identity.adapter}, ${identity.driver ?? "its driver unknown"}: ` +
          `computing as the library's own table says. See ${invocation("tune")}`,
      );
      return DEFAULT_TUNING;
    }
  }
  return { kernels: "fer", source: path, products: await readFile(path) };
}

/** Options of `useWebGpu()` for a choice of kernels. */
export function gpuOptions({ kernels, products }: Tuning): WebGpuOptions {
  return { kernels, tuning: products };
}
