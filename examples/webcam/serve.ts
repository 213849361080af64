// deno-lint-ignore-file no-console
/**
 * Builds the page and serves it to this machine: `deno task webcam --help`.
 *
 * @module
 */
import { hasPretrained } from "../../mod.ts";
import { answer } from "./answer.ts";
import { buildPage } from "./build.ts";
import { HELP, readOptions, UsageError, type WebcamOptions } from "./options.ts";

/** The one address that no other machine can reach. */
const HOSTNAME = "127.0.0.1";

/** A model file's bytes; that of a run is its best. */
async function readModel(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { isDirectory } = await Deno.stat(path);
    return await Deno.readFile(isDirectory ? `${path}/best.safetensors` : path);
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound
      ? "there is no such file"
      : (cause as Error).message;
    throw new Error(`Cannot read the model ${path}: ${reason}`, { cause });
  }
}

function listen(
  port: number,
  handler: (request: Request) => Response,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname: HOSTNAME, port, onListen: () => {} }, handler);
  } catch (cause) {
    const reason = cause instanceof Deno.errors.AddrInUse
      ? "another program listens on it. Name another with --port, or 0 for any"
      : (cause as Error).message;
    throw new Error(`Cannot serve on port ${port}: ${reason}`, { cause });
  }
}

/**
 * Serves the page until Ctrl+C, and ends the process.
 *
 * @param options The port, and the model.
 * @throws {UsageError} When there is no model.
 * @throws {Error} When the model cannot be read or another program has the port.
 */
export async function serve({ port, model, engine }: Omit<WebcamOptions, "help">): Promise<never> {
  if (model === undefined && !hasPretrained()) {
    throw new UsageError(
      "Cannot serve the packaged network: this version of the library carries none. Name a model " +
        "file with --model PATH",
    );
  }
  const bytes = model === undefined ? undefined : await readModel(model);
  const files = await buildPage(bytes, engine);
  const server = listen(port, (request) => answer(request, files));
  console.log(`http://${HOSTNAME}:${server.addr.port}/`);
  console.log("Only this machine can open it. Ctrl+C ends it.");
  Deno.addSignalListener("SIGINT", () => server.shutdown());
  await server.finished;
  Deno.exit(0);
}

if (import.meta.main) {
  try {
    const options = readOptions(Deno.args);
    if (options.help) console.log(HELP);
    else await serve(options);
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(error instanceof UsageError ? 2 : 1);
  }
}
