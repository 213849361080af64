/**
 * What all tasks have in common: help, errors in one line, exit codes.
 *
 * @module
 */
import {
  type Command,
  type FilledFlagValues,
  type FlagTable,
  type FlagValues,
  helpText,
  parseFlags,
  UsageError,
} from "./flags.ts";
import { standWithUser } from "./standing.ts";

/** Exit codes of the tasks. */
export const EXIT = {
  /** All went well. */
  ok: 0,
  /** Something could not be done; one line on stderr says what. */
  failed: 1,
  /** The command line could not be read. */
  usage: 2,
  /** Stopped from the keyboard (128 + SIGINT). */
  interrupted: 130,
} as const;

/**
 * Prints a line on stdout.
 *
 * @param line The text, without its line end.
 */
export function print(line: string): void {
  // deno-lint-ignore no-console
  console.log(line);
}

/**
 * Prints a line on stderr.
 *
 * @param line The text, without its line end.
 */
export function warn(line: string): void {
  // deno-lint-ignore no-console
  console.error(line);
}

/**
 * What went wrong, in one line.
 *
 * @param error What was thrown.
 * @returns For instance `error: Cannot open fer.csv: there is no such file`.
 */
export function errorLine(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  return `error: ${message.replace(/\s*\n\s*/g, " ").trim()}`;
}

/** Mesa complains on stderr where this is unset, as it is in containers. */
function quietMesa(): void {
  try {
    if (Deno.build.os === "linux" && !Deno.env.has("XDG_RUNTIME_DIR")) {
      Deno.env.set("XDG_RUNTIME_DIR", "/tmp");
    }
  } catch { /* no permission: then it complains */ }
}

/**
 * Runs a task to its end and leaves the process with its exit code.
 *
 * @param command The task.
 * @param main What it does; returns an exit code, 0 if none.
 */
export async function runProgram<Table extends FlagTable>(
  command: Command<Table>,
  main: (
    values: FilledFlagValues<Table>,
    operands: readonly string[],
    given: FlagValues<Table>,
  ) => Promise<number | void>,
): Promise<never> {
  const debug = Deno.args.includes("--debug");
  const fail = (error: unknown): never => {
    warn(debug && error instanceof Error ? `error: ${error.stack ?? error}` : errorLine(error));
    if (debug && error instanceof Error && error.cause) warn(`caused by: ${error.cause}`);
    Deno.exit(error instanceof UsageError ? EXIT.usage : EXIT.failed);
  };
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    fail(event.reason);
  });
  try {
    const { values, operands, given, help } = parseFlags(command, Deno.args);
    if (help) {
      print(helpText(command as unknown as Command));
      Deno.exit(EXIT.ok);
    }
    quietMesa();
    standWithUser();
    Deno.exit(await main(values, operands, given) ?? EXIT.ok);
  } catch (error) {
    return fail(error);
  }
}
