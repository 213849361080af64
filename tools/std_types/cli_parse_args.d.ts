/** What {@linkcode parseArgs} accepts. */
export interface ParseOptions {
  boolean?: readonly string[];
  string?: readonly string[];
  collect?: readonly string[];
  negatable?: readonly string[];
  alias?: Readonly<Record<string, string | readonly string[]>>;
  default?: Readonly<Record<string, unknown>>;
  "--"?: boolean;
  stopEarly?: boolean;
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** The parsed arguments: one property a flag, the rest under `_`. */
export interface Args {
  _: Array<string | number>;
  // deno-lint-ignore no-explicit-any
  [flag: string]: any;
}

/** Parses command line arguments. */
export function parseArgs(args: readonly string[], options?: ParseOptions): Args;
