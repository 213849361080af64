/**
 * How the program was called, so that what it advises can be typed as it stands: `deno task train` in
 * a clone, `fer train` elsewhere.
 *
 * @module
 */

/** The names under which `fer` has what a task of another name does. */
const OTHER_NAMES: Readonly<Record<string, string>> = { server: "serve" };

/** The commands that `fer` has; none where tasks are run. */
let commands: readonly string[] = [];

/**
 * From now on the program speaks as `fer`.
 *
 * @param names Its commands.
 */
export function callAsFer(names: readonly string[]): void {
  commands = names;
}

/** Whether the program was called as `fer`. */
export function isCalledAsFer(): boolean {
  return commands.length > 0;
}

/**
 * A command as the user calls it.
 *
 * @param name For instance `train`.
 * @returns For instance `deno task train`, or `fer train`.
 */
export function invocation(name: string): string {
  const own = OTHER_NAMES[name] ?? name;
  return commands.includes(own) ? `fer ${own}` : `deno task ${name}`;
}

/**
 * A text that speaks of tasks, as the user calls them.
 *
 * @param text For instance `Run deno task train`.
 * @returns For instance `Run fer train`. Tasks that only a clone has stay as they are.
 */
export function asCalled(text: string): string {
  return text.replace(/\bdeno task ([a-z][\w:-]*)/g, (_, name: string) => invocation(name));
}
