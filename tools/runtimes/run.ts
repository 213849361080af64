/**
 * Programs of other runtimes.
 *
 * @module
 */

/** Where and how long. */
export interface RunOptions {
  /** The folder that the program stands in. */
  readonly cwd: string;
  /**
   * Milliseconds after which it is ended.
   *
   * @default 120_000
   */
  readonly limit?: number;
}

/** What a program wrote, and its exit code; null where it had to be ended. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program.
 *
 * @param command Its name and arguments.
 * @param options Where, and how long at most.
 */
export async function run(
  [name, ...args]: readonly string[],
  { cwd, limit = 120_000 }: RunOptions,
): Promise<Ran> {
  const child = new Deno.Command(name, {
    args,
    cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1", INIT_CWD: "" },
  }).spawn();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, limit);
  const { code, stdout, stderr } = await child.output();
  clearTimeout(timer);
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code: isLate ? null : code, stdout: text(stdout), stderr: text(stderr) };
}
