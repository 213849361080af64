// deno-lint-ignore-file no-console
/**
 * Recognizes expressions over HTTP: `deno task server --help`.
 *
 * @module
 */
import { FerRecognizer, loadModel, loadPretrained, useEngine, VERSION } from "../../mod.ts";
import { createApp } from "./app.ts";
import { listen } from "./listen.ts";
import { logTo } from "./log.ts";
import { Network } from "./network.ts";
import { helpText, readOptions, type ServerOptions, UsageError } from "./options.ts";
import { serverFigures } from "./server_figures.ts";
import { makeService } from "./service.ts";
import { onStop } from "./stop.ts";
import { checkToken, readToken } from "./token.ts";
import { warmUp } from "./warm_up.ts";

/** Seconds past the time limit in which what was accepted has to be answered. */
const GRACE = 5;

/** `deno task` runs in the project's folder; paths are meant from where the command was given. */
function standWithUser(): void {
  const variable = "INIT_CWD";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  const folder = state === "granted" ? Deno.env.get(variable) : undefined;
  if (folder) Deno.chdir(folder);
}

async function serve(options: ServerOptions): Promise<void> {
  const { timeout, drain } = options;
  standWithUser();
  const log = logTo((line) => console.log(line));
  const token = await readToken(options.tokenFile);
  const engine = await useEngine({ engine: options.engine });
  const loaded = options.model === undefined
    ? await loadPretrained()
    : await loadModel(options.model);
  const network = new Network(loaded.model, engine);
  const recognizer = await FerRecognizer.load({ model: loaded });

  let isReady = true;
  const adapter = engine.gpu?.description ?? `WebAssembly (${engine.reason})`;
  const service = makeService({
    ...{ network, recognizer, options, log },
    isReady: () => isReady,
    figures: serverFigures({ version: VERSION, adapter }, () => isReady),
    checkToken: token === undefined ? undefined : await checkToken(token),
  });
  await warmUp(network, service.infer.sizes);
  await recognizer.warmUp();

  const app = createApp(service);
  const server = await listen(options, (request, connection) => app.fetch(request, connection));
  // All that it will ever read is in memory.
  for (const name of ["read", "env"] as const) await Deno.permissions.revoke({ name });
  const { hostname, port } = server;
  const url = `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}/`;
  log("info", "listening", { url, adapter, token: token !== undefined, version: VERSION });

  const stopped = Promise.withResolvers<void>();
  onStop((signal) => {
    isReady = false;
    log("info", "stopping", { signal, drain });
    setTimeout(async () => {
      const isLate = new Promise<void>((resolve) => setTimeout(resolve, (timeout + GRACE) * 1000));
      await Promise.race([server.shutdown(), isLate]);
      stopped.resolve();
    }, drain * 1000);
  }, (signal, code) => {
    log("warn", "stopped at once", { signal });
    Deno.exit(code);
  });
  engine.gpu?.lost.then((error) => {
    // Nothing can be computed any more: a supervisor starts the server anew.
    log("error", "device lost", { error: error.message });
    Deno.exit(1);
  });
  await stopped.promise;
  recognizer.dispose();
  loaded.model.dispose();
  engine.dispose();
  log("info", "stopped");
  Deno.exit(0);
}

/**
 * Serves until a signal stops it, and ends the process.
 *
 * @param args The command line.
 * @param called How it was called, for `--help`.
 */
export async function main(args: readonly string[], called?: string): Promise<void> {
  try {
    const options = readOptions(args, called);
    if (options === "help") console.log(helpText(called));
    else await serve(options);
  } catch (error) {
    console.error(`error: ${(error as Error).message.replace(/\s*\n\s*/g, " ")}`);
    Deno.exit(error instanceof UsageError ? 2 : 1);
  }
}

if (import.meta.main) await main(Deno.args);
