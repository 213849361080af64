/**
 * Command lines: a table of flags, read with its types, ranges and defaults.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { asCalled, invocation } from "./called.ts";
import { closest } from "./closest.ts";

/** Thrown when a command line cannot be read; the program ends with exit code 2. */
export class UsageError extends Error {
  /** The class's name. */
  override readonly name = "UsageError";
}

interface FlagText {
  /** What it does, in one line without a full stop. */
  readonly about: string;
  /** What `--help` shows where there is no `default`, for instance `the newest run`. */
  readonly otherwise?: string;
}

/** A flag that is either there or not. */
export interface BooleanFlag extends FlagText {
  /** The kind. */
  readonly kind: "boolean";
}

/** A flag that takes a number. */
export interface NumberFlag extends FlagText {
  /** The kind; an `integer` has no fraction. */
  readonly kind: "number" | "integer";
  /** What stands for the value in `--help`. */
  readonly value: string;
  /** The smallest value. */
  readonly min?: number;
  /** The largest value. */
  readonly max?: number;
  /** A bound that the value has to exceed. */
  readonly above?: number;
  /** A bound that the value has to stay below. */
  readonly below?: number;
  /** The value when the flag is left out. */
  readonly default?: number;
}

/** A flag that takes a text. */
export interface StringFlag extends FlagText {
  /** The kind. */
  readonly kind: "string";
  /** What stands for the value in `--help`. */
  readonly value: string;
  /** The value when the flag is left out. */
  readonly default?: string;
}

/** A flag that takes one of a few words. */
export interface ChoiceFlag extends FlagText {
  /** The kind. */
  readonly kind: "choice";
  /** The words. */
  readonly choices: readonly string[];
  /** The value when the flag is left out. */
  readonly default?: string;
}

/** Any flag. */
export type Flag = BooleanFlag | NumberFlag | StringFlag | ChoiceFlag;

/** Flags by their names on the command line, without the dashes. */
export type FlagTable = Readonly<Record<string, Flag>>;

/** `batch-size` as `batchSize`. */
export type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

/** What a flag's value is. */
export type FlagValue<F extends Flag> = F extends BooleanFlag ? boolean
  : F extends NumberFlag ? number
  : F extends { readonly choices: readonly (infer Choice)[] } ? Choice
  : string;

/** The values of the flags that were given, by their names in camel case. */
export type FlagValues<Table extends FlagTable> = {
  [Name in keyof Table & string as CamelCase<Name>]?: FlagValue<Table[Name]>;
};

/** The values of all flags: given, or their defaults; `undefined` where a flag has none. */
export type FilledFlagValues<Table extends FlagTable> = {
  [Name in keyof Table & string as CamelCase<Name>]: Table[Name] extends
    BooleanFlag | { readonly default: number | string } ? FlagValue<Table[Name]>
    : FlagValue<Table[Name]> | undefined;
};

/** A task of the command line. */
export interface Command<Table extends FlagTable = FlagTable> {
  /** Its name after `fer` or `deno task`. */
  readonly name: string;
  /** What it does, in a sentence or two. */
  readonly about: string;
  /** What stands for its arguments in `--help`, for instance `FILE...`; it takes none if left out. */
  readonly operands?: string;
  /** Its flags; `--debug` and `--help` are added. */
  readonly flags: Table;
  /** Command lines to show as examples. */
  readonly examples?: readonly string[];
}

/** A command line that was read. */
export interface CommandLine<Table extends FlagTable = FlagTable> {
  /** The flags that were given. */
  readonly given: FlagValues<Table>;
  /** All flags, those left out at their defaults. */
  readonly values: FilledFlagValues<Table>;
  /** The arguments that are no flags. */
  readonly operands: readonly string[];
  /** Whether `--help` was among them; nothing else was checked then. */
  readonly help: boolean;
}

/** The flags that every task has. */
export const COMMON = {
  debug: { kind: "boolean", about: "Show where in the program an error came from" },
  help: { kind: "boolean", about: "Show this help" },
} as const satisfies FlagTable;

/**
 * A flag's name as it stands in `config.json`.
 *
 * @param name For instance `batch-size`.
 * @returns For instance `batchSize`.
 */
export function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * A setting's name as it stands on the command line.
 *
 * @param name For instance `batchSize`.
 * @returns For instance `batch-size`.
 */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The range of a number in words. */
function range(flag: NumberFlag): string {
  const kind = flag.kind === "integer" ? "an integer" : "a number";
  const { min, max, above, below } = flag;
  const low = min !== undefined ? `from ${min}` : above !== undefined ? `above ${above}` : "";
  const high = max !== undefined
    ? (low.startsWith("from") ? `to ${max}` : `up to ${max}`)
    : below !== undefined
    ? `below ${below}`
    : min !== undefined
    ? "up"
    : "";
  return [kind, [low, high].filter(Boolean).join(low.startsWith("above") && high ? " and " : " ")]
    .filter(Boolean).join(" ");
}

function readNumber(shown: string, flag: NumberFlag, text: string): number {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  const { kind, min = -Infinity, max = Infinity, above = -Infinity, below = Infinity } = flag;
  const fits = Number.isFinite(value) && value >= min && value <= max && value > above &&
    value < below && (kind === "number" || Number.isSafeInteger(value));
  if (!fits) throw new UsageError(`Cannot set ${shown} to "${text}": expected ${range(flag)}`);
  return value;
}

/**
 * A value for a flag, checked.
 *
 * @param shown How messages name the setting, for instance `--lr` or `lr in recipe.json`.
 * @param flag The flag.
 * @param value What the user wrote: a text, or what JSON makes of one.
 * @returns The value in the flag's type.
 * @throws {UsageError} When it is of another kind or out of range.
 */
export function readFlag(shown: string, flag: Flag, value: unknown): boolean | number | string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  switch (flag.kind) {
    case "boolean":
      if (text === "true" || text === "false") return text === "true";
      throw new UsageError(`Cannot set ${shown} to "${text}": expected true or false`);
    case "number":
    case "integer":
      return readNumber(shown, flag, text);
    case "choice":
      if (flag.choices.includes(text)) return text;
      throw new UsageError(
        `Cannot set ${shown} to "${text}": expected ${flag.choices.join(" or ")}, ` +
          `perhaps ${closest(text, flag.choices)}`,
      );
    case "string":
      if (typeof value === "string" && value !== "") return value;
      throw new UsageError(`Cannot set ${shown} to "${text}": expected ${flag.value}`);
  }
}

/** `--out -` as `--out=-`: parseArgs() takes a dash, which stands for stdin or stdout, for no value. */
function joinDashes(args: readonly string[], takesValue: (name: string) => boolean): string[] {
  const joined: string[] = [];
  for (const [i, arg] of args.entries()) {
    if (arg === "--") return [...joined, ...args.slice(i)];
    const before = joined.at(-1);
    const isValue = arg === "-" && before?.startsWith("--") && takesValue(before.slice(2));
    if (isValue) joined[joined.length - 1] += "=-";
    else joined.push(arg);
  }
  return joined;
}

/** What a command line says, not yet checked: texts by flag, the last of each, and the rest. */
function splitArgs(
  command: Command,
  args: readonly string[],
  table: FlagTable,
): { texts: Map<string, string>; operands: string[] } {
  const names = Object.keys(table);
  const isBoolean = (name: string) => table[name].kind === "boolean";
  const takesValue = (name: string) => Object.hasOwn(table, name) && !isBoolean(name);
  const parsed = parseArgs(joinDashes(args, takesValue), {
    boolean: names.filter(isBoolean),
    // With `_` the arguments that are no flags remain texts too.
    string: ["_", ...names.filter((name) => !isBoolean(name))],
    unknown: (arg: string, name?: string): boolean => {
      if (name === undefined) return true;
      throw new UsageError(
        `There is no flag ${arg.replace(/=.*/s, "")}: did you mean ` +
          `--${closest(name, names)}? See ${invocation(command.name)} --help`,
      );
    },
  });
  const texts = new Map<string, string>();
  // parseArgs() takes any value of a boolean flag for true or false.
  for (const arg of args) {
    const [, name, text] = /^--([^=]+)=(.*)$/s.exec(arg) ?? [];
    if (Object.hasOwn(table, name ?? "") && isBoolean(name)) {
      readFlag(`--${name}`, table[name], text);
    }
  }
  for (const name of names) {
    const value: unknown = parsed[name];
    const flag = table[name];
    if (flag.kind === "boolean") {
      if (value === true) texts.set(name, "true");
    } else if (value === "") {
      const wanted = flag.kind === "choice" ? flag.choices.join(" or ") : flag.value;
      throw new UsageError(`Cannot read --${name}: it needs a value, ${wanted}`);
    } else if (value !== undefined) {
      texts.set(name, String(value));
    }
  }
  return { texts, operands: parsed._.map(String) };
}

/**
 * Reads a command line.
 *
 * @param command The task.
 * @param args What follows the task's name.
 * @returns The flags and the other arguments.
 * @throws {UsageError} When a flag is unknown, lacks its value, or has one that does not fit.
 */
export function parseFlags<Table extends FlagTable>(
  command: Command<Table>,
  args: readonly string[],
): CommandLine<Table> {
  const table: FlagTable = { ...command.flags, ...COMMON };
  const help = args.slice(0, args.includes("--") ? args.indexOf("--") : undefined)
    .some((arg) => arg === "--help" || arg === "-h");
  const given: Record<string, unknown> = {};
  let operands: string[] = [];
  if (!help) {
    const split = splitArgs(command, args, table);
    operands = split.operands;
    for (const [name, text] of split.texts) {
      given[camelCase(name)] = readFlag(`--${name}`, table[name], text);
    }
    if (operands.length > 0 && !command.operands) {
      throw new UsageError(
        `Cannot take "${operands[0]}": ${invocation(command.name)} takes flags only`,
      );
    }
  }
  const defaults = Object.entries(table).flatMap(([name, flag]): Array<[string, unknown]> => {
    if (flag.kind === "boolean") return [[camelCase(name), false]];
    return flag.default === undefined ? [] : [[camelCase(name), flag.default]];
  });
  return {
    given: given as FlagValues<Table>,
    values: { ...Object.fromEntries(defaults), ...given } as FilledFlagValues<Table>,
    operands,
    help,
  };
}

/**
 * The text that `--help` prints.
 *
 * @param command The task.
 * @returns Usage, flags with their defaults, and examples; no line end at its end.
 */
export function helpText(command: Command): string {
  const operands = command.operands ? ` ${command.operands}` : "";
  const rows = Object.entries<Flag>({ ...command.flags, ...COMMON }).map(([name, flag]) => {
    const value = flag.kind === "boolean"
      ? ""
      : ` ${flag.kind === "choice" ? flag.choices.join("|") : flag.value}`;
    const fallback = flag.kind === "boolean" ? undefined : flag.default ?? flag.otherwise;
    return [
      `--${name}${value}`,
      flag.about + (fallback === undefined ? "" : ` [default: ${fallback}]`),
    ];
  });
  const width = Math.max(...rows.map(([flag]) => flag.length));
  const lines = [
    command.about,
    "",
    `Usage: ${invocation(command.name)}${operands} [FLAGS]`,
    "",
    "Flags:",
    ...rows.map(([flag, about]) => `  ${flag.padEnd(width)}  ${about}`),
  ];
  if (command.examples?.length) {
    lines.push("", "Examples:", ...command.examples.map((example) => `  ${example}`));
  }
  return asCalled(lines.join("\n"));
}
