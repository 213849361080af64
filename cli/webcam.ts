/**
 * `fer webcam`: expressions in a camera, on a page of this machine. The page is `examples/webcam`.
 *
 * @module
 */
import { PORT, UsageError as WebcamUsageError } from "../examples/webcam/options.ts";
import { ENGINE_FLAG } from "./compute.ts";
import { type Command, UsageError } from "./flags.ts";
import { defineProgram, type Program } from "./program.ts";

const COMMAND = {
  name: "webcam",
  about: "Serve a page that recognizes expressions in a camera, picture or video, to this machine.",
  flags: {
    model: {
      kind: "string",
      value: "PATH",
      about: "A model file, or a run's folder",
      otherwise: "the network that comes along",
    },
    port: {
      kind: "integer",
      value: "N",
      min: 0,
      max: 65535,
      default: PORT,
      about: "The port on 127.0.0.1; 0 for any",
    },
    engine: ENGINE_FLAG,
  },
  examples: ["deno task webcam", "deno task webcam --model runs/first --port 8000"],
} as const satisfies Command;

/**
 * Runs the command in a process that may bundle, which has to be allowed when a process begins.
 *
 * @param args What follows the command's name.
 * @returns Its exit code.
 */
async function runWithBundler(args: readonly string[]): Promise<number> {
  const words = ["--unstable-bundle", "--no-lock", "--quiet"];
  const may = ["--allow-read", "--allow-env", "--allow-sys", "--allow-net", "--allow-import"];
  const { state } = await Deno.permissions.request({ name: "run", command: Deno.execPath() });
  if (state !== "granted") {
    throw new Error(
      "Cannot build the page: give deno run --unstable-bundle, or --allow-run to have it given",
    );
  }
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...words, ...may, new URL("mod.ts", import.meta.url).href, "webcam", ...args],
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  // The terminal sends Ctrl-C to both; the page's process ends, and this one with it.
  Deno.addSignalListener("SIGINT", () => {});
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => child.kill("SIGTERM"));
  return (await child.status).code;
}

/** The command. */
export const PROGRAM: Program = defineProgram(
  COMMAND,
  async ({ model, port, engine }, _operands, _given, args) => {
    if (!("bundle" in Deno)) return await runWithBundler(args);
    const { serve } = await import("../examples/webcam/serve.ts");
    try {
      return await serve({ model, port, engine });
    } catch (error) {
      throw error instanceof WebcamUsageError ? new UsageError(error.message) : error;
    }
  },
);

if (import.meta.main) await PROGRAM.run(Deno.args);
