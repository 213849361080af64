/**
 * What a run folder says of its run.
 *
 * @module
 */
import { isNotFound, messageOf, notFound } from "../files/errors.ts";
import { fileSystem } from "../files/file_system.ts";
import type { Evaluation } from "../metrics/evaluation.ts";
import { type MetricsLine, readMetrics } from "../runs/run_directory.ts";

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A run, as far as its folder knows it. */
export interface Run {
  /** What to call it. */
  readonly name: string;
  /** The content of `config.json`: choices, data, machine; null when there is none. */
  readonly config: JsonObject | null;
  /** The lines of `metrics.jsonl`. */
  readonly metrics: readonly MetricsLine[];
  /** The content of `evaluation.json`: the best epoch on the validation data; null when none. */
  readonly evaluation: Evaluation | null;
  /** The content of `evaluation_ferplus.json`: the same of the second output; null when none. */
  readonly ferPlus: Evaluation | null;
}

/**
 * An object inside an object.
 *
 * @param parent Where to look.
 * @param key Its name there.
 * @returns The object; an empty one when there is none.
 */
export function objectIn(parent: JsonObject | null, key: string): JsonObject {
  const value = parent?.[key];
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as JsonObject
    : {};
}

async function readJson(path: string): Promise<JsonObject | null> {
  let text: string;
  try {
    text = await (await fileSystem()).readFile(path, "utf8");
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
  try {
    const value = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (cause) {
    throw new SyntaxError(`Cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
  throw new SyntaxError(`Cannot read ${path}: expected a JSON object`);
}

/** Whether an object has all that the report shows of an evaluation. */
function isEvaluation(value: JsonObject): value is JsonObject & Evaluation {
  const isNumbers = (list: unknown, length: number): boolean =>
    Array.isArray(list) && list.length === length && list.every(Number.isFinite);
  const classes = Object.values(objectIn(value, "perClass"));
  const { confusion, leakFree } = value;
  return ["n", "accuracy", "macroF1", "weightedF1", "balancedAccuracy", "top2", "ece", "loss"]
    .every((key) => Number.isFinite(value[key])) &&
    isNumbers(value.accuracyInterval, 2) && isNumbers(value.macroF1Interval, 2) &&
    classes.every((scores) => isNumbers(Object.values(scores ?? {}), 4)) &&
    Array.isArray(confusion) && confusion.length === classes.length &&
    confusion.every((row) => isNumbers(row, classes.length)) &&
    (leakFree === null || Number.isFinite(objectIn(value, "leakFree").accuracy));
}

async function readEvaluation(path: string): Promise<Evaluation | null> {
  const evaluation = await readJson(path);
  if (evaluation === null || isEvaluation(evaluation)) return evaluation;
  throw new SyntaxError(`Cannot read ${path}: it is not a whole evaluation`);
}

/**
 * Reads a run folder, whole or begun.
 *
 * @param path The folder.
 * @returns What it holds.
 * @throws {Error} With the code `ENOENT`, in Deno a `Deno.errors.NotFound`: when there is no such folder or it holds no run.
 * @throws {SyntaxError} When one of its files is malformed.
 */
export async function readRun(path: string): Promise<Run> {
  const { realpath, stat } = await fileSystem();
  const isFolder = await stat(path).then((info) => info.isDirectory(), () => false);
  if (!isFolder) {
    throw notFound(`Cannot report on ${path}: there is no such folder`);
  }
  const config = await readJson(`${path}/config.json`);
  const evaluation = await readEvaluation(`${path}/evaluation.json`);
  const ferPlus = await readEvaluation(`${path}/evaluation_ferplus.json`);
  let metrics: MetricsLine[];
  try {
    metrics = await readMetrics(path);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw cause;
    throw new SyntaxError(`Cannot read ${path}/metrics.jsonl: ${messageOf(cause)}`, {
      cause,
    });
  }
  if (!config && !evaluation && metrics.length === 0) {
    throw notFound(
      `Cannot report on ${path}: it holds no config.json, metrics.jsonl or evaluation.json`,
    );
  }
  const name = (await realpath(path)).split(/[/\\]/).at(-1) || path;
  return { name, config, metrics, evaluation, ferPlus };
}
