/**
 * The tasks as a shell runs them: a process each, with the permissions that `deno.json` gives.
 *
 * @module
 */
import { drawnFaces } from "../../src/data.ts";
import manifest from "../../deno.json" with { type: "json" };

/** The project's folder. */
export const ROOT = new URL("../../", import.meta.url).pathname;

/** What a task left. */
export interface TaskOutput {
  /** The exit code. */
  readonly code: number;
  /** What it printed. */
  readonly stdout: string;
  /** What it complained of. */
  readonly stderr: string;
}

/** Names of tasks with a program of their own. */
export type TaskName = keyof typeof manifest.tasks;

/** How a task is run. */
export interface RunOptions {
  /** Its working folder; the project's when left out. */
  readonly cwd?: string;
  /** Variables beside those of the test. */
  readonly env?: Record<string, string>;
}

/**
 * A task's process, not yet started.
 *
 * @param task The task.
 * @param args Its arguments.
 * @param options Working folder and variables.
 * @returns The command.
 */
export function taskCommand(
  task: TaskName,
  args: readonly string[],
  options: RunOptions = {},
): Deno.Command {
  const [, ...words] = manifest.tasks[task].command.split(" ");
  const [verb, ...flags] = words.map((word) => word.endsWith(".ts") ? `${ROOT}${word}` : word);
  return new Deno.Command(Deno.execPath(), {
    args: [verb, "--no-prompt", ...flags, ...args],
    cwd: options.cwd ?? ROOT,
    env: { FER2013: "", FERPLUS: "", INIT_CWD: "", NO_COLOR: "1", ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/**
 * Runs a task to its end.
 *
 * @param task The task.
 * @param args Its arguments.
 * @param options Working folder and variables.
 * @returns What it left.
 */
export async function runTask(
  task: TaskName,
  args: readonly string[],
  options: RunOptions = {},
): Promise<TaskOutput> {
  const { code, stdout, stderr } = await taskCommand(task, args, options).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/**
 * Runs a test with a folder of its own, removed afterwards.
 *
 * @param test What to do in it.
 */
export async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "fer-cli-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Writes drawn faces in the layout of `fer2013.csv`.
 *
 * @param path The file.
 * @param count How many faces.
 */
export async function writeFaces(path: string, count: number): Promise<void> {
  const faces = drawnFaces(count, 7);
  const usages = ["Training", "PublicTest", "PrivateTest"];
  const rows = Array.from(
    faces.labels,
    (label, i) => `${label},${faces.image(i).data.join(" ")},${usages[faces.usages[i]]}\n`,
  );
  await Deno.writeTextFile(path, `emotion,pixels,Usage\n${rows.join("")}`);
}

/**
 * Writes a recipe whose network trains within a moment.
 *
 * @param path The file.
 * @param settings What else it says.
 */
export async function writeTinyRecipe(
  path: string,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const architecture = { name: "ferCnn", options: { filters: [2, 3, 4], hidden: 8 } };
  const recipe = { batchSize: 8, epochs: 2, workers: 0, ...settings, architecture };
  await Deno.writeTextFile(path, JSON.stringify(recipe));
}
