/**
 * The model that a task takes when none is named.
 *
 * @module
 */

/** Where training leaves its runs. */
export const RUNS = "runs";

/**
 * The best weights of the newest run.
 *
 * @returns A path.
 * @throws {Error} When no run has left any.
 */
export async function newestModel(): Promise<string> {
  let newest = { path: "", time: -Infinity };
  try {
    for await (const { name } of Deno.readDir(RUNS)) {
      const path = `${RUNS}/${name}/best.safetensors`;
      const time = await Deno.stat(path).then((info) => info.mtime?.getTime() ?? 0, () => null);
      if (time !== null && time > newest.time) newest = { path, time };
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (newest.path) return newest.path;
  throw new Error(
    `Cannot find a model: there is none in ${RUNS}/. Run deno task train, or give --model FILE`,
  );
}
