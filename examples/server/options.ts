/**
 * The server's command line.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { FACE_MODES, type FaceMode } from "./protocol.ts";

/** Thrown when the command line cannot be read. */
export class UsageError extends Error {
  /** The class's name. */
  override readonly name = "UsageError";
}

/** What can compute. */
const ENGINES = ["auto", "webgpu", "wasm"] as const;
type EngineName = (typeof ENGINES)[number];

/** What the server is told. */
export interface ServerOptions {
  /** A model file; the packaged network when left out. */
  readonly model?: string;
  /** What computes. */
  readonly engine: EngineName;
  /** The address to listen on. */
  readonly host: string;
  /** The port; 0 for any. */
  readonly port: number;
  /** A file with the bearer token. */
  readonly tokenFile?: string;
  /** Origins whose pages may ask; none when left out. */
  readonly allowOrigin?: readonly string[];
  /** The most images in a batch. */
  readonly maxBatch: number;
  /** Milliseconds that an image waits for company. */
  readonly maxDelay: number;
  /** The most images that wait. */
  readonly queue: number;
  /** The most pictures in a batch. */
  readonly pictureBatch: number;
  /** The most pictures that wait. */
  readonly pictureQueue: number;
  /** The longest body, in MiB. */
  readonly maxBody: number;
  /** The largest picture, in megapixels. */
  readonly maxMegapixels: number;
  /** Which pictures are framed by their faces before the network sees them. */
  readonly faces: FaceMode;
  /** Seconds for a request's headers, and from then to its answer. */
  readonly timeout: number;
  /** The most connections. */
  readonly maxConnections: number;
  /** Seconds from a signal to stop until new requests are refused. */
  readonly drain: number;
}

/** A flag that takes a value. */
export interface Flag {
  readonly value: string;
  readonly about: string;
  readonly default?: string;
  /** The least and the greatest number; none for texts. */
  readonly range?: readonly [number, number];
  readonly isInteger?: boolean;
  /** What a text may be. */
  readonly choices?: readonly string[];
}

/** The flags, by their names without their dashes. */
export const FLAGS = {
  "model": { value: "FILE", about: "A model file; without it the packaged network answers" },
  "engine": {
    value: "NAME",
    default: "auto",
    about: "What computes: webgpu, wasm, or with auto the faster of those there are",
  },
  "host": { value: "ADDRESS", default: "127.0.0.1", about: "The address to listen on" },
  "port": {
    ...{ value: "N", default: "8080", range: [0, 65535], isInteger: true },
    about: "The port; 0 for any that is free",
  },
  "token-file": {
    value: "FILE",
    about: "A file with the bearer token that clients must send; or set FER_SERVER_TOKEN",
  },
  "allow-origin": {
    value: "ORIGIN",
    about: "Origins whose pages may ask, with commas between; * for all, none without it",
  },
  "max-batch": {
    ...{ value: "N", default: "64", range: [1, 65536], isInteger: true },
    about: "The most images in a batch",
  },
  "max-delay": {
    ...{ value: "MS", default: "2", range: [0, 10_000] },
    about: "Milliseconds that an image waits for company while nothing is computed",
  },
  "queue": {
    ...{ value: "N", default: "1024", range: [1, 1e7], isInteger: true },
    about: "The most images that wait; what comes after gets 429",
  },
  "picture-batch": {
    ...{ value: "N", default: "8", range: [1, 1024], isInteger: true },
    about: "The most pictures in a batch",
  },
  "picture-queue": {
    ...{ value: "N", default: "32", range: [1, 1e5], isInteger: true },
    about: "The most pictures that wait, decoded",
  },
  "max-body": {
    ...{ value: "MIB", default: "8", range: [0.001, 1024] },
    about: "The longest body; a longer one gets 413",
  },
  "max-megapixels": {
    ...{ value: "N", default: "16", range: [0.001, 1000] },
    about: "The largest picture; a larger one gets 413",
  },
  "faces": {
    ...{ value: FACE_MODES.join("|"), default: "auto", choices: FACE_MODES },
    about:
      "Find and frame the face of infer's pictures that it does not fill (auto), of none, or of all",
  },
  "timeout": {
    ...{ value: "S", default: "30", range: [0.001, 3600] },
    about: "Seconds for the headers, and from then on for the answer, or else 408, 503 or 504",
  },
  "max-connections": {
    ...{ value: "N", default: "1000", range: [1, 1e6], isInteger: true },
    about: "The most connections; more are closed at once",
  },
  "drain": {
    ...{ value: "S", default: "0", range: [0, 3600] },
    about: "Seconds from SIGTERM until new requests are refused, while not ready already",
  },
} as const satisfies Readonly<Record<string, Flag>>;

/** The flags' names, without their dashes. */
export const FLAG_NAMES: readonly string[] = [...Object.keys(FLAGS), "help"];

/** How the server is called in a clone. */
const CALLED = "deno task server";

/**
 * What `--help` prints.
 *
 * @param called How the server is called.
 */
export function helpText(called: string = CALLED): string {
  const rows = Object.entries<Flag>(FLAGS).map(([name, { value, about, default: by }]) => [
    `--${name} ${value}`,
    by === undefined ? about : `${about} [default: ${by}]`,
  ]);
  rows.push(["--help", "Show this help"]);
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    "Recognize expressions over HTTP: the Open Inference Protocol, and pictures.",
    "",
    `Usage: ${called} [FLAGS]`,
    "",
    "Flags:",
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
  ].join("\n");
}

function readNumber(name: string, flag: Flag, text: string): number {
  const [low, high] = flag.range ?? [-Infinity, Infinity];
  const value = /^\d+(\.\d+)?(e\d+)?$/.test(text) ? Number(text) : NaN;
  if (value >= low && value <= high && (!flag.isInteger || Number.isSafeInteger(value))) {
    return value;
  }
  const kind = flag.isInteger ? "an integer" : "a number";
  throw new UsageError(
    `Cannot set --${name} to "${text}": expected ${kind} from ${low} to ${high}`,
  );
}

function readChoice(name: string, choices: readonly string[], text: string): string {
  if (choices.includes(text)) return text;
  throw new UsageError(`Cannot set --${name} to "${text}": expected ${choices.join(", ")}`);
}

function readOrigins(text: string): string[] {
  return text.split(",").map((each) => {
    const origin = each.trim().replace(/\/$/, "");
    if (origin === "*" || (URL.canParse(origin) && new URL(origin).origin === origin)) {
      return origin;
    }
    throw new UsageError(
      `Cannot set --allow-origin to "${text}": expected an origin, for instance ` +
        "http://localhost:3000, or *",
    );
  });
}

/**
 * Reads the command line.
 *
 * @param args The arguments.
 * @param called How the server is called.
 * @returns What the server is told, or `"help"`.
 * @throws {UsageError} When there is an unknown flag, or a value out of range.
 */
export function readOptions(
  args: readonly string[],
  called: string = CALLED,
): ServerOptions | "help" {
  const names = Object.keys(FLAGS);
  const parsed = parseArgs([...args], {
    boolean: ["help"],
    string: ["_", ...names],
    unknown: (arg: string): boolean => {
      const what = arg.startsWith("-") ? "There is no flag" : "Cannot take";
      throw new UsageError(`${what} ${arg.replace(/=.*/s, "")}: see ${called} --help`);
    },
  });
  if (parsed.help) return "help";
  const values = Object.entries<Flag>(FLAGS).map(([name, flag]) => {
    const given: unknown = (parsed as Record<string, unknown>)[name];
    const last = Array.isArray(given) ? given.at(-1) : given;
    if (last === "") throw new UsageError(`Cannot set --${name} to "": expected ${flag.value}`);
    const text = typeof last === "string" ? last : flag.default;
    const key = name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (text === undefined) return [key, undefined];
    if (flag.choices) return [key, readChoice(name, flag.choices, text)];
    return [key, flag.range ? readNumber(name, flag, text) : text];
  });
  const options = Object.fromEntries(values);
  const { allowOrigin, engine } = options;
  if (!ENGINES.includes(engine)) {
    throw new UsageError(`Cannot set --engine to "${engine}": expected ${ENGINES.join(", ")}`);
  }
  return { ...options, allowOrigin: allowOrigin && readOrigins(allowOrigin) } as ServerOptions;
}
