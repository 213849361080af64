/**
 * `deno task webcam`, run as its users run it.
 *
 * @module
 */
import manifest from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url).pathname;

/** Its command with flags appended, as `deno task` runs it. */
function command(flags: readonly string[]): Deno.Command {
  const [deno, ...args] = manifest.tasks.webcam.command.split(" ");
  if (deno !== "deno") throw new Error(`Cannot run ${deno}: expected deno`);
  return new Deno.Command(Deno.execPath(), {
    args: [...args, ...flags],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  });
}

/**
 * Runs it to its end.
 *
 * @param flags Its flags.
 * @returns What it wrote, and its exit code.
 */
export async function runTask(
  flags: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await command(flags).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** A running task. */
export interface Served extends AsyncDisposable {
  /** Where the page is. */
  readonly url: string;
}

/**
 * Starts it and waits for its address.
 *
 * @param flags Its flags.
 * @returns The address; ends the task when disposed of.
 * @throws {Error} When it ends instead.
 */
export async function startTask(flags: readonly string[]): Promise<Served> {
  const child = command(["--port", "0", ...flags]).spawn();
  const errors = new Response(child.stderr).text();
  let said = "";
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The task ended: ${said} ${await errors}`);
    said += value;
    const url = /^http:\/\/127\.0\.0\.1:\d+\/$/m.exec(said)?.[0];
    if (!url) continue;
    return {
      url,
      async [Symbol.asyncDispose](): Promise<void> {
        child.kill("SIGINT");
        await child.status;
        await reader.cancel();
        await errors;
      },
    };
  }
}
