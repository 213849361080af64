/**
 * Runs the tests and says at the end how many passed, failed and were skipped, and which.
 *
 * @module
 */
import type { Command } from "../cli/flags.ts";
import { print, runProgram } from "../cli/program.ts";

const COMMAND = {
  name: "test",
  about: "Run every test and the examples in the documentation, or those under the given paths.",
  operands: "[PATH...]",
  flags: {
    filter: {
      kind: "string",
      value: "TEXT",
      about: "Run only the tests whose name contains it, or matches it as /pattern/",
    },
    serial: { kind: "boolean", about: "Run one file after the other, not one on each core" },
  },
  examples: ["deno task test tests/data", "deno task test tests/cli --filter=predict"],
} as const satisfies Command;

/** What the tests may do; nothing goes out to the network. */
const PERMISSIONS = [
  "--allow-read",
  "--allow-env",
  "--allow-write",
  "--allow-run",
  "--allow-sys",
  "--allow-net=127.0.0.1",
];

/** Where tests and documented examples are. */
const EVERYTHING = ["tests/", "src/", "mod.ts", "README.md"];

/** What deno's own summary line says. */
interface Summary {
  passed: number;
  failed: number;
  skipped: number;
}

// deno-lint-ignore no-control-regex
const COLOUR = /\x1b\[[\d;]*m/g;
const SUMMARY =
  /^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed(?: \([^)]*\))?(?: \| (\d+) ignored)?/;
// Ignored steps of a test are indented: the test itself ran.
const SKIPPED = /^(?:\S+\.[a-z]+ => )?(\S.*) \.\.\. ignored \(\d+\S*\)$/;

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Runs deno's test command, shows its output and reads its last line. */
async function runTests(args: string[]): Promise<{ summary: Summary | null; skipped: string[] }> {
  const isTerminal = Deno.stdout.isTerminal();
  const child = new Deno.Command(Deno.execPath(), {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    env: isTerminal ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" },
  }).spawn();
  let summary: Summary | null = null;
  const skipped: string[] = [];
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    Deno.stdout.writeSync(new TextEncoder().encode(text));
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const coloured of lines) {
      const line = coloured.replace(COLOUR, "");
      const found = SUMMARY.exec(line);
      if (found) {
        const [passed, failed, ignored] = found.slice(1).map((each) => Number(each ?? 0));
        summary = { passed, failed, skipped: ignored };
      }
      const name = SKIPPED.exec(line)?.[1];
      if (name) skipped.push(name);
    }
  }
  const { success, signal } = await child.status;
  if (signal && summary?.failed === 0) {
    // Mesa's driver may stumble when deno takes its threads down; every test had ended by then.
    print(`deno test died of ${signal} after its last test.`);
  } else if (!success && (!summary || summary.failed === 0)) {
    // A crash or a type error leaves no summary, and a leak may fail a run whose tests all passed.
    summary = { passed: 0, skipped: 0, ...summary, failed: 1 };
  }
  return { summary, skipped };
}

await runProgram(COMMAND, async ({ filter, serial }, operands) => {
  const paths = operands.length > 0 ? operands : EVERYTHING;
  const args = ["test", "--doc", ...PERMISSIONS];
  if (!serial) args.push("--parallel");
  if (filter) args.push(`--filter=${filter}`);
  const { summary, skipped } = await runTests([...args, ...paths]);
  const { passed, failed, skipped: count } = summary ?? { passed: 0, failed: 1, skipped: 0 };
  if (skipped.length > 0) {
    print("Skipped:");
    for (const name of skipped) print(`  ${name}`);
  }
  const data = Deno.env.get("FER2013") || "../shared/fer2013/fer2013.csv.gz";
  print(
    await exists(data)
      ? `FER-2013 was found at ${data}: tests on the real data are included.`
      : `FER-2013 was not found at ${data}: tests on the real data are skipped. ` +
        "Set FER2013 to the path of fer2013.csv or fer2013.csv.gz.",
  );
  print(`${passed} passed, ${failed} failed, ${count} skipped`);
  return failed > 0 ? 1 : 0;
});
