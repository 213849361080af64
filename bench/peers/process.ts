/**
 * The comparison's side: a peer in a process of its own, so that no state is shared.
 *
 * @module
 */

/** A peer that answered when it was started. */
export interface RunningPeer {
  /** Its name. */
  readonly name: string;
  /** Name and version of what computes. */
  readonly version: string;
  /** Whether the process is gone: it answers no more. */
  readonly hasEnded: boolean;
  /**
   * Times a job.
   *
   * @param job Its name.
   * @param budget Milliseconds to spend; it runs once at least.
   * @returns Milliseconds of each run; `null` where the peer does not do this.
   */
  time(job: string, budget: number): Promise<readonly number[] | null>;
  /** Asks for something else; `null` where the peer does not know. */
  ask<T>(what: string): Promise<T | null>;
  /** Ends the process. */
  end(): Promise<void>;
}

/** Thrown when a peer cannot take part, or no longer. */
export class PeerError extends Error {
  /** The class's name. */
  override readonly name = "PeerError";
}

/** A program and its arguments. */
export type CommandLine = readonly [program: string, ...args: string[]];

interface Answer {
  readonly missing?: string;
  readonly version?: string;
  readonly ms?: readonly number[];
  readonly value?: unknown;
  readonly error?: string;
}

const MARK = "@peer ";

async function* answersOf(stdout: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Answer> {
  let rest = "";
  for await (const text of stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.startsWith(MARK)) yield JSON.parse(line.slice(MARK.length));
    }
  }
}

/**
 * Starts a peer.
 *
 * @param name Its name.
 * @param command The process.
 * @returns The peer, ready.
 * @throws {PeerError} When it cannot take part, with the reason.
 */
export async function startPeer(name: string, command: CommandLine): Promise<RunningPeer> {
  const [program, ...args] = command;
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound ? "is not installed" : "cannot be run";
    throw new PeerError(`${program} ${why}`, { cause });
  }
  const complaint = new Response(child.stderr).text();
  const answers = answersOf(child.stdout);
  const input = child.stdin.getWriter();
  let hasEnded = false;
  const next = async (): Promise<Answer> => {
    const { value, done } = await answers.next();
    if (!done) return value;
    hasEnded = true;
    await child.status;
    const lines = (await complaint).trim().split("\n");
    const last = lines.find((line) => /error/i.test(line)) ?? lines[lines.length - 1];
    throw new PeerError(last || "it ended without a word");
  };
  const end = async () => {
    await input.close().catch(() => {});
    await answers.return(undefined);
    await child.status;
    await complaint;
  };
  const request = async (question: Record<string, unknown>): Promise<Answer> => {
    const line = new TextEncoder().encode(`${JSON.stringify(question)}\n`);
    // Where the process is gone, reading tells why.
    await input.write(line).catch(() => {});
    const answer = await next();
    if (answer.error !== undefined) throw new PeerError(answer.error);
    return answer;
  };
  const first = await next();
  if (first.version === undefined) {
    await end();
    throw new PeerError(first.missing ?? "it did not say what it is");
  }
  return {
    name,
    version: first.version,
    get hasEnded(): boolean {
      return hasEnded;
    },
    async time(job, budget) {
      return (await request({ job, budget })).ms ?? null;
    },
    async ask<T>(what: string) {
      return ((await request({ ask: what })).value ?? null) as T | null;
    },
    end,
  };
}
