/**
 * All that can be said of the code without running it.
 *
 * @module
 */
import type { Command } from "../cli/flags.ts";
import { print, runProgram } from "../cli/program.ts";
import manifest from "../deno.json" with { type: "json" };

const COMMAND = {
  name: "check",
  about: "Check format, lint, types and documentation, and rehearse publishing.",
  flags: {},
} as const satisfies Command;

const STEPS: Readonly<Record<string, readonly string[]>> = {
  "fmt": ["fmt", "--check"],
  "lint": ["lint"],
  "check": ["check"],
  "doc --lint": ["doc", "--lint", ...Object.values(manifest.exports)],
  "publish --dry-run": ["publish", "--dry-run", "--allow-dirty"],
};

await runProgram(COMMAND, async () => {
  const failed: string[] = [];
  for (const [name, args] of Object.entries(STEPS)) {
    print(`deno ${name}`);
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: [...args],
      stdin: "null",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn().status;
    if (!success) failed.push(name);
  }
  print(failed.length === 0 ? "All checks passed" : `Failed: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
});
