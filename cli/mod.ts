/**
 * `fer`, all that the library does on the command line, without a clone:
 *
 * ```sh
 * deno run -A jsr:@fer/core/cli predict face.jpg
 * deno install --global --allow-all --name fer jsr:@fer/core/cli
 * fer --help
 * ```
 *
 * The permissions that each command needs, where not all are to be given, are in docs/cli.md.
 *
 * @module
 */
import { callAsFer } from "./called.ts";
import { closest } from "./closest.ts";
import { COMMAND_NAMES, COMMANDS, runCommand } from "./commands.ts";
import { UsageError } from "./flags.ts";
import { EXIT, leaveWith, print } from "./program.ts";
import { VERSION } from "../src/version.ts";

/** What to do first, in five lines. */
const FIRST_STEPS = [
  `fer ${VERSION} recognizes facial expressions. To begin with:`,
  "  fer predict face.jpg                  the expression in a picture of a face",
  "  fer webcam                            your camera, on a page that sends nothing anywhere",
  "  fer train                             a network of your own; on drawn faces until you have data",
  "fer --help lists all commands, and fer doctor says what this machine can do.",
].join("\n");

function helpText(): string {
  const width = Math.max(...COMMAND_NAMES.map((name) => name.length));
  return [
    "Recognize facial expressions, and train and measure networks that do.",
    "",
    "Usage: fer COMMAND [ARGUMENTS] [FLAGS]",
    "",
    "Commands:",
    ...Object.entries(COMMANDS).map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`),
    "",
    "Flags:",
    "  --help     Show this help; after a command, or as fer help COMMAND, that command's",
    "  --version  Show the version",
    "",
    "Examples:",
    "  fer predict face.jpg",
    "  fer train --help",
  ].join("\n");
}

/** Refuses what is no command, naming the nearest. */
function refuse(word: string): UsageError {
  const what = word.startsWith("-") ? "flag" : "command";
  const words = what === "flag" ? ["--help", "--version"] : COMMAND_NAMES;
  return new UsageError(
    `There is no ${what} ${word}: did you mean ${closest(word, words)}? See fer --help`,
  );
}

/**
 * Runs `fer` to its end and leaves the process: with 0, with 1 when something could not be done,
 * with 2 when the command line could not be read, with 130 when it was stopped from the keyboard.
 *
 * @param args A command's name and what follows it.
 */
export async function runFer(args: readonly string[]): Promise<never> {
  callAsFer(COMMAND_NAMES);
  const [word, ...rest] = args;
  if (word === "--version" || word === "-V") print(VERSION);
  else if (word === undefined) print(FIRST_STEPS);
  else if (word === "--help" || word === "-h" || (word === "help" && rest.length === 0)) {
    print(helpText());
  } else if (word === "help") {
    if (!COMMAND_NAMES.includes(rest[0])) leaveWith(refuse(rest[0]));
    await runCommand(rest[0], ["--help"]);
  } else if (COMMAND_NAMES.includes(word)) await runCommand(word, rest);
  else leaveWith(refuse(word));
  Deno.exit(EXIT.ok);
}

if (import.meta.main) await runFer(Deno.args);
