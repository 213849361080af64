/**
 * The server of the load test: `deno task server` in a process of its own.
 *
 * @module
 */
import manifest from "../../deno.json" with { type: "json" };

/** A server that answers. */
export interface LoadServer {
  /** Where, without a slash at the end. */
  readonly url: string;
  /** What it computes on. */
  readonly adapter: string;
  /** Its figures by their names, those without labels. */
  figures(): Promise<ReadonlyMap<string, number>>;
  /** Asks it to stop; gives its exit code. */
  stop(): Promise<number>;
}

const ROOT = new URL("../../", import.meta.url).pathname;

/**
 * Starts the server on a free port.
 *
 * @param args Its arguments.
 */
export async function startLoadServer(args: readonly string[]): Promise<LoadServer> {
  const [, ...words] = manifest.tasks.server.command.split(" ");
  const script = words.pop() ?? "";
  const child = new Deno.Command(Deno.execPath(), {
    args: [words[0], "--no-prompt", ...words.slice(1), `${ROOT}${script}`, "--port=0", ...args],
    env: { FER_SERVER_TOKEN: "" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream());
  const listening = Promise.withResolvers<{ url: string; adapter: string }>();
  const reading = (async () => {
    let start: string | null = "";
    // Its log is read to its end, and not kept.
    for await (const text of lines) {
      if (start === null) continue;
      start += text;
      const line = start.split("\n").slice(0, -1).find((each) => each.includes('"listening"'));
      if (!line) continue;
      start = null;
      listening.resolve(JSON.parse(line));
    }
    listening.reject(new Error("Cannot measure the server: it did not start"));
  })();
  const { url: address, adapter } = await listening.promise;
  const url = address.replace(/\/$/, "");
  return {
    ...{ url, adapter },
    async figures() {
      const page = await (await fetch(`${url}/metrics`)).text();
      return new Map(
        [...page.matchAll(/^([a-z_]+)(?:\{queue="infer"\})? ([\d.e+-]+)$/gm)]
          .map(([, name, value]) => [name, Number(value)]),
      );
    },
    async stop() {
      child.kill("SIGTERM");
      const { code } = await child.status;
      await reading;
      return code;
    },
  };
}
