/**
 * `fer serve`: expressions over HTTP. The server is `examples/server`, which reads its own flags.
 *
 * @module
 */
import { FLAGS, helpText } from "../examples/server/options.ts";
import { invocation } from "./called.ts";
import type { Flag } from "./flags.ts";
import { print, type Program } from "./program.ts";

/** The command. */
export const PROGRAM: Program = {
  command: {
    name: "server",
    about: "Recognize expressions over HTTP: the Open Inference Protocol, and pictures.",
    flags: Object.fromEntries(
      Object.entries(FLAGS).map(([name, { about, value }]): [string, Flag] => [
        name,
        { kind: "string", about, value },
      ]),
    ),
  },
  async run(args) {
    const called = invocation("server");
    if (args.includes("--help") || args.includes("-h")) {
      print(
        `${helpText(called)}\n\nExamples:\n  ${called}\n  ${called} --model runs/first --port 8000`,
      );
      Deno.exit(0);
    }
    const { main } = await import("../examples/server/main.ts");
    await main(args, called);
    Deno.exit(0);
  },
};
