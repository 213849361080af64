/**
 * What `deno task webcam` is told.
 *
 * @module
 */
import { parseArgs } from "node:util";

/** The port, when none is named. */
export const PORT = 4850;

/** What can compute on the page. */
const ENGINES = ["auto", "webgpu", "wasm"] as const;

/** What is to compute on the page. */
export type EngineName = (typeof ENGINES)[number];

/** What is served, and where. */
export interface WebcamOptions {
  readonly port: number;
  /** A model file or a run's folder; undefined for the network that comes with the library. */
  readonly model: string | undefined;
  /** What is to compute, unless the page's address says otherwise. */
  readonly engine: EngineName;
  /** Whether only to tell how it is used. */
  readonly help: boolean;
}

/** Thrown for flags that cannot be understood. */
export class UsageError extends Error {
  /** The class's name. */
  override readonly name = "UsageError";
}

/** How it is used. */
export const HELP = `Serve a page that recognizes expressions in a camera, picture or video.

Usage: deno task webcam [FLAGS]

Flags:
  --model PATH   A model file, or the folder of a run (default: the network in the library)
  --port N       The port on 127.0.0.1, 0 for any free one (default: ${PORT})
  --engine NAME  What computes: webgpu, wasm, or with auto the faster (default: auto)
  --help         Show this

Examples:
  deno task webcam
  deno task webcam --model runs/first --port 8000`;

/**
 * Reads the flags.
 *
 * @param args The arguments.
 * @returns What they say.
 * @throws {UsageError} When they cannot be understood.
 */
export function readOptions(args: readonly string[]): WebcamOptions {
  const { values } = parse(args);
  const port = values.port === undefined ? PORT : Number(values.port);
  if (values.port?.trim() === "" || !(Number.isInteger(port) && port >= 0 && port <= 65535)) {
    throw new UsageError(
      `Cannot serve on port ${values.port}: expected an integer from 0 to 65535`,
    );
  }
  if (values.model === "") throw new UsageError("Cannot load a model: --model is empty");
  const engine = ENGINES.find((name) => name === (values.engine ?? "auto"));
  if (!engine) {
    throw new UsageError(
      `Cannot compute on engine "${values.engine}": expected ${ENGINES.join(", ")}`,
    );
  }
  return { port, model: values.model, engine, help: values.help ?? false };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        model: { type: "string" },
        engine: { type: "string" },
        port: { type: "string" },
        help: { type: "boolean" },
      },
      allowPositionals: false,
    });
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}
