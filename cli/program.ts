/**
 * What all commands have in common: help, errors in one line, exit codes.
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
import { asCalled } from "./called.ts";
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
  return asCalled(`error: ${message.replace(/\s*\n\s*/g, " ").trim()}`);
}

/** Mesa complains on stderr where this is unset, as it is in containers. */
function quietMesa(): void {
  try {
    if (Deno.build.os === "linux" && !Deno.env.has("XDG_RUNTIME_DIR")) {
      Deno.env.set("XDG_RUNTIME_DIR", "/tmp");
    }
  } catch { /* no permission: then it complains */ }
}

/** What {@linkcode leaveWith} is to show of an error besides its line. */
let debug = false;

/**
 * Says in one line what went wrong and leaves the process.
 *
 * @param error What was thrown.
 */
export function leaveWith(error: unknown): never {
  warn(debug && error instanceof Error ? `error: ${error.stack ?? error}` : errorLine(error));
  if (debug && error instanceof Error && error.cause) warn(`caused by: ${error.cause}`);
  Deno.exit(error instanceof UsageError ? EXIT.usage : EXIT.failed);
}

/** What a command does: flags, arguments, the flags that were given, all words as they stand. */
export type Main<Table extends FlagTable> = (
  values: FilledFlagValues<Table>,
  operands: readonly string[],
  given: FlagValues<Table>,
  args: readonly string[],
) => Promise<number | void>;

/** A command that can be run. */
export interface Program {
  /** Its name, flags and examples. */
  readonly command: Command;
  /**
   * Runs it to its end and leaves the process with its exit code.
   *
   * @param args What follows its name.
   */
  run(args: readonly string[]): Promise<never>;
}

/**
 * A command and what it does.
 *
 * @param command The command.
 * @param main What it does; returns an exit code, 0 if none.
 * @returns The program.
 */
export function defineProgram<Table extends FlagTable>(
  command: Command<Table>,
  main: Main<Table>,
): Program {
  // Where it is shown, it does not matter which flags they are.
  const shown = command as unknown as Command;
  return {
    command: shown,
    async run(args) {
      debug = args.includes("--debug");
      addEventListener("unhandledrejection", (event) => {
        event.preventDefault();
        leaveWith(event.reason);
      });
      try {
        const { values, operands, given, help } = parseFlags(command, args);
        if (help) {
          print(helpText(shown));
          Deno.exit(EXIT.ok);
        }
        quietMesa();
        standWithUser();
        Deno.exit(await main(values, operands, given, args) ?? EXIT.ok);
      } catch (error) {
        return leaveWith(error);
      }
    },
  };
}

/**
 * Runs a task to its end and leaves the process with its exit code.
 *
 * @param command The task.
 * @param main What it does; returns an exit code, 0 if none.
 */
export async function runProgram<Table extends FlagTable>(
  command: Command<Table>,
  main: Main<Table>,
): Promise<never> {
  return await defineProgram(command, main).run(Deno.args);
}
