/**
 * Runs the benchmarks.
 *
 * @module
 */
import type { Command } from "../cli/flags.ts";
import { runProgram } from "../cli/program.ts";

const COMMAND = {
  name: "bench",
  about: "Run every benchmark, or those under the given paths. None needs a download.",
  operands: "[PATH...]",
  flags: {
    filter: { kind: "string", value: "TEXT", about: "Run only the benchmarks whose name has it" },
    json: { kind: "boolean", about: "Print one JSON object, in the form of deno bench" },
  },
  examples: ["deno task bench bench/data_bench.ts"],
} as const satisfies Command;

const PERMISSIONS = ["--allow-read", "--allow-env", "--allow-write", "--allow-run", "--allow-sys"];

await runProgram(COMMAND, async ({ filter, json }, operands) => {
  const args = ["bench", ...PERMISSIONS];
  if (filter) args.push(`--filter=${filter}`);
  if (json) args.push("--json");
  const paths = operands.length > 0 ? operands : ["bench/"];
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [...args, ...paths],
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn().status;
  return code;
});
