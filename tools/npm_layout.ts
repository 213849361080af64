/**
 * `deno run -A tools/npm_layout.ts FOLDER`: the package as npm's clients get it.
 *
 * @module
 */
import type { Command } from "../cli/flags.ts";
import { UsageError } from "../cli/flags.ts";
import { print, runProgram, warn } from "../cli/program.ts";
import manifest from "../deno.json" with { type: "json" };
import { layOut } from "./npm_layout/layout.ts";

const COMMAND = {
  name: "npm-layout",
  about: "Write the package into FOLDER as JSR serves it to npm, pnpm and Bun.",
  operands: "FOLDER",
  flags: {},
} as const satisfies Command;

await runProgram(COMMAND, async (_, [folder, ...others]) => {
  if (folder === undefined || others.length > 0) {
    throw new UsageError("Cannot lay out the package: name one FOLDER");
  }
  const { files, dependencies, left } = await layOut(
    new URL("../", import.meta.url),
    manifest,
    folder,
  );
  for (const [name, needs] of Object.entries(left)) {
    warn(`${name} is left out: it needs ${needs}, which is not on npm`);
  }
  print(`${folder}: ${files} files; needs ${Object.keys(dependencies).join(", ")}`);
});
