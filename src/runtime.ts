/**
 * What runs the library.
 *
 * @module
 */

/** What runs the library, as messages call it. */
export type Runtime = "Deno" | "Node" | "Bun" | "a browser";

/** Node's own object, which Deno and Bun have too. */
interface Process {
  readonly pid?: number;
  readonly platform?: string;
  readonly versions?: { readonly node?: string };
}

/** Deno's, Node's or Bun's `process`; undefined in browsers, where bundlers may leave an empty one. */
export function processOf(): Process | undefined {
  const { process } = globalThis as { readonly process?: Process };
  return typeof process?.versions?.node === "string" ? process : undefined;
}

/** What runs the library. */
export function runtime(): Runtime {
  // Deno and Bun bring Node's `process` along.
  if ("Deno" in globalThis) return "Deno";
  if ("Bun" in globalThis) return "Bun";
  return processOf() ? "Node" : "a browser";
}
