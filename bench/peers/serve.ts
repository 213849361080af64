/**
 * The peer's side: a process that answers on stdout, line by line, what it is asked on stdin.
 *
 * The first line says its version, or why it cannot take part. Then `{"job", "budget"}` is answered
 * with `{"ms": [...]}`, `{"ask"}` with `{"value"}`, and what it does not do with `{}`.
 *
 * @module
 */
import { Generator } from "../../src/random.ts";
import type { Work } from "./work.ts";

/** Work that is timed. */
export interface Job {
  /** Does it once; a promise resolves when it is done. */
  run(): void | Promise<void>;
  /**
   * Resolves when all that `run()` started is done. With it, short work is started several times
   * between two looks at the clock; without, `run()` waits by itself.
   */
  wait?(): Promise<void>;
}

/** What takes part. */
export interface Peer {
  /** Name and version of what computes. */
  readonly version: string;
  /** What it can do, for instance `trainStep64`, `forward1`, `forward64`, and products. */
  readonly jobs: Readonly<Record<string, Job>>;
  /** What else it can be asked. */
  readonly answers: Readonly<Record<string, () => Promise<unknown>>>;
}

/** What the process is given. */
export interface Task {
  /** What to do. */
  readonly work: Work;
  /** Folder with `weights.safetensors`, `network.onnx` and `images.f32`. */
  readonly folder: string;
  /** Images, `[batch, size, size]`, in [-1, 1]. */
  readonly images: Float32Array<ArrayBuffer>;
}

/** Marks the lines of a peer among what libraries print. */
const MARK = "@peer ";
/** Waits below this are the polling's, not the work's. */
const LEAST_MS = 40;

/** Numbers from -1 to 1, always the same. */
export function noise(seed: number, length: number): Float32Array<ArrayBuffer> {
  const generator = new Generator(seed);
  return Float32Array.from({ length }, () => generator.uniform(-1, 1));
}

/** Milliseconds that a job's wait takes where there is nothing to wait for: in Deno up to ten. */
async function emptyWait({ wait }: Job): Promise<number> {
  if (!wait) return 0;
  let least = Infinity;
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    await wait();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

async function clock(job: Job, times: number, idle: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < times; i++) await job.run();
  await job.wait?.();
  // A job that is over before the wait looks is timed by its own computing alone.
  return Math.max(0.001, performance.now() - start - idle) / times;
}

/** Times a job until the budget, in milliseconds, is spent; at least once. */
async function time(job: Job, budget: number): Promise<number[]> {
  const end = performance.now() + budget;
  const first = await clock(job, 1, 0);
  const idle = await emptyWait(job);
  const times = job.wait
    ? Math.max(1, Math.min(1_000, Math.ceil(LEAST_MS / Math.max(0.01, first - idle))))
    : 1;
  const found = times === 1 ? [first] : [];
  while (found.length === 0 || performance.now() < end) found.push(await clock(job, times, idle));
  return found;
}

function say(message: unknown): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${MARK}${JSON.stringify(message)}\n`));
}

/**
 * Serves the comparison's work, in the folder that the first argument names.
 *
 * @param make Sets the peer up; what it throws is why the peer is missing.
 */
export async function servePeer(make: (task: Task) => Promise<Peer>): Promise<void> {
  await serve(async () => {
    const [folder] = Deno.args;
    const work: Work = JSON.parse(await Deno.readTextFile(`${folder}/work.json`));
    const images = new Float32Array((await Deno.readFile(`${folder}/images.f32`)).buffer);
    return await make({ work, folder, images });
  });
}

/**
 * Serves until stdin ends.
 *
 * @param make Sets the peer up; what it throws is why the peer is missing.
 */
export async function serve(make: () => Promise<Peer>): Promise<void> {
  let peer: Peer;
  try {
    peer = await make();
  } catch (error) {
    say({ missing: (error as Error).message });
    Deno.exit();
  }
  say({ version: peer.version });
  let rest = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const { job, budget, ask } = JSON.parse(line);
      try {
        if (job in peer.jobs) say({ ms: await time(peer.jobs[job], budget) });
        else if (ask in peer.answers) say({ value: await peer.answers[ask]() });
        else say({});
      } catch (error) {
        say({ error: (error as Error).message });
      }
    }
  }
  Deno.exit();
}
