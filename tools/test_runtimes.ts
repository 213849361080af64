/**
 * `deno task test:runtimes`: one program on the package as npm's clients get it, in Node, Bun and
 * Chromium, and in Deno as it is; the answers have to be the same.
 *
 * @module
 */
import type { Command } from "../cli/flags.ts";
import { print, runProgram } from "../cli/program.ts";
import manifest from "../deno.json" with { type: "json" };
import { hasBrowser } from "../tests/chromium.ts";
import { difference, type Result } from "./runtimes/compare.ts";
import { runPage } from "./runtimes/page.ts";
import { makeProjects } from "./runtimes/projects.ts";
import { run, type RunOptions } from "./runtimes/run.ts";
import { layOut } from "./npm_layout/layout.ts";

const COMMAND = {
  name: "test:runtimes",
  about: "Recognize a picture in Node, Bun, Deno and Chromium, and compare what they say.",
  flags: {
    keep: { kind: "boolean", about: "Leave the projects behind, and say where" },
  },
} as const satisfies Command;

const ROOT = new URL("../", import.meta.url);

/** What was found out about a runtime: its answer, why it was passed over, or what went wrong. */
type Outcome = { readonly result: Result } | { readonly passed: true } | {
  readonly skipped: string;
} | {
  readonly failed: string;
};

/** Runs a program that prints its answer. */
async function answerOf(command: readonly string[], options: RunOptions): Promise<Outcome> {
  const { code, stdout, stderr } = await run(command, options);
  if (code === null) return { failed: "it did not end by itself in two minutes" };
  if (code !== 0) return { failed: stderr.trim().split("\n").slice(-12).join("\n") };
  // Libraries say nothing: whoever uses them reads these streams.
  if (stderr.trim() !== "") return { failed: `it wrote to stderr: ${stderr.trim()}` };
  return { result: JSON.parse(stdout) };
}

await runProgram(COMMAND, async ({ keep }) => {
  const began = performance.now();
  const folder = await Deno.makeTempDir({ prefix: "fer_runtimes_" });
  try {
    const { left, files } = await layOut(ROOT, manifest, `${folder}/package`);
    print(`${files} files of the package as npm's clients get it`);
    for (const [name, needs] of Object.entries(left)) print(`  without ${name}: it needs ${needs}`);
    const projects = await makeProjects(folder, ROOT);
    const { node, bun, picture, data } = projects;
    const outcomes = new Map<string, Outcome>();

    const note = (name: string, outcome: Outcome): void => {
      outcomes.set(name, outcome);
      const seconds = Math.round((performance.now() - began) / 1000);
      if ("skipped" in outcome) print(`${name}: skipped, ${outcome.skipped}`);
      else if ("failed" in outcome) print(`${name}: failed\n${outcome.failed}`);
      else print(`${name}: ${"passed" in outcome ? "right" : "answered"}, at ${seconds} s`);
    };
    const deno = [
      ...[Deno.execPath(), "run", "--no-prompt", "--allow-read", "--allow-write"],
      "tests/runtimes/main.js",
    ];
    note("Deno", await answerOf([...deno, picture, await data("deno")], { cwd: ROOT.pathname }));
    note("Node", await answerOf(["node", "main.js", picture, await data("node")], { cwd: node }));
    note(
      "Bun",
      bun === null
        ? { skipped: "npm's package bun brings no program for this machine" }
        : await answerOf([bun.program, "main.js", picture, await data("bun")], { cwd: bun.folder }),
    );
    for (const resolution of ["bundler", "nodenext"]) {
      const module = resolution === "bundler" ? "esnext" : "nodenext";
      const { code, stdout } = await run(
        [
          ...["node", "node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck"],
          ...["--target", "es2022", "--lib", "es2023,esnext.disposable,dom", "types.ts"],
          ...["--module", module, "--moduleResolution", resolution],
        ],
        { cwd: node },
      );
      note(`Types, ${resolution}`, code === 0 ? { passed: true } : { failed: stdout.trim() });
    }
    const built = await run(["node", "node_modules/vite/bin/vite.js", "build"], { cwd: node });
    note(
      "Chromium, built by Vite",
      built.code !== 0
        ? { failed: `${built.stdout}${built.stderr}`.trim() }
        : hasBrowser
        ? await runPage(`${node}/dist`).then((result) => ({ result }), (error: Error) => ({
          failed: error.message,
        }))
        : { skipped: "there is no /usr/bin/chromium" },
    );
    const first = outcomes.get("Deno");
    const expected = first && "result" in first ? first.result : null;
    let wrong = 0;
    for (const [name, outcome] of outcomes) {
      if ("failed" in outcome) wrong++;
      if (!("result" in outcome) || !expected) continue;
      const problem = difference(expected, outcome.result);
      if (problem === null) continue;
      print(`${name} differs from Deno: ${problem}`);
      wrong++;
    }
    print(wrong === 0 ? "All runtimes agree" : `${wrong} went wrong`);
    return wrong === 0 ? 0 : 1;
  } finally {
    if (keep) print(folder);
    else await Deno.remove(folder, { recursive: true });
  }
});
