/**
 * The folder that a training run leaves: `config.json`, `metrics.jsonl` and its checkpoints.
 *
 * @module
 */
import { writeFileAtomic } from "../model/atomic_write.ts";

/** Thrown when a run folder cannot be begun, continued or read. */
export class RunDirectoryError extends Error {
  /** The class's name. */
  override readonly name = "RunDirectoryError";
}

const holdsARun = (path: string): string =>
  `Cannot begin a run in ${path}: it holds one already; resume it or name another folder`;

/** A line of `metrics.jsonl` during an epoch. */
export interface StepLine {
  /** Which kind of line this is. */
  readonly type: "step";
  /** From 1. */
  readonly epoch: number;
  /** Batches trained on since the run's beginning. */
  readonly step: number;
  /** Mean training loss since the line before. */
  readonly loss: number;
  /** Learning rate of the step. */
  readonly lr: number;
  /** Images a second since the line before. */
  readonly imagesPerSecond: number;
  /** Seconds of training since the run's beginning, over all its starts. */
  readonly seconds: number;
}

/** What a validation finds of the second output, on the images on whose class most voters agree. */
export interface FerPlusScores {
  /** Mean cross-entropy to the majority's class. */
  readonly valLoss: number;
  /** Share of the images that are classified as the majority does. */
  readonly valAccuracy: number;
  /** Macro-F1 over FER+'s eight classes. */
  readonly valMacroF1: number;
}

/** A line of `metrics.jsonl` after a validation. */
export interface EpochLine {
  /** Which kind of line this is. */
  readonly type: "epoch";
  /** From 1. */
  readonly epoch: number;
  /** Batches trained on since the run's beginning. */
  readonly step: number;
  /** Mean training loss of the epoch, dropout and augmentation included. */
  readonly trainLoss: number;
  /** Share of the epoch's training images that were classified right, as they were trained on. */
  readonly trainAccuracy: number;
  /** Mean cross-entropy on the validation data, without label smoothing or weights. */
  readonly valLoss: number;
  /** Share of the validation images that are classified right. */
  readonly valAccuracy: number;
  /** Macro-F1 on the validation data. */
  readonly valMacroF1: number;
  /** The same of the second output, where the network has one. */
  readonly ferPlus?: FerPlusScores;
  /** Learning rate at the end of the epoch. */
  readonly lr: number;
  /** Images trained on a second. */
  readonly imagesPerSecond: number;
  /** Seconds of training since the run's beginning, over all its starts. */
  readonly seconds: number;
  /** Whether this is the best checkpoint so far. */
  readonly best: boolean;
  /** Whether a limit cut the epoch short. */
  readonly partial: boolean;
}

/** A line of `metrics.jsonl`. */
export type MetricsLine = StepLine | EpochLine;

/**
 * The lines of a run's `metrics.jsonl`; those that a crash cut off, and left behind, are left out.
 *
 * @param path The run folder.
 * @returns Its lines; none where there is no such file yet.
 * @throws {SyntaxError} When a whole line is neither a step nor an epoch, or there is no whole one.
 */
export async function readMetrics(path: string): Promise<MetricsLine[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(`${path}/metrics.jsonl`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  const lines = text.split("\n");
  lines.pop(); // what follows the last line break: nothing, or half a line
  const fail = (why: string): never => {
    throw new SyntaxError(`Cannot read ${path}/metrics.jsonl: ${why}`);
  };
  const whole = lines.flatMap((line, i): MetricsLine[] => {
    const value = parsed(line);
    // A power cut can leave half a line, or zeros, with whole ones behind.
    if (typeof value !== "object" || value === null) return [];
    return isMetricsLine(value) ? [value] : fail(`line ${i + 1} is neither a step nor an epoch`);
  });
  if (whole.length === 0 && lines.some((line) => line.trim() !== "")) {
    fail("none of its lines is a step or an epoch");
  }
  return whole;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isMetricsLine(value: object): value is MetricsLine {
  const { type, epoch, step } = value as Partial<MetricsLine>;
  return (type === "step" || type === "epoch") && Number.isSafeInteger(epoch) &&
    Number.isSafeInteger(step);
}

/**
 * A run's folder, held by one process at a time.
 *
 * The hold is an advisory lock of the operating system on `.lock`, so that a killed process lets
 * go of it.
 */
export class RunDirectory {
  /** Where it is. */
  readonly path: string;
  readonly #lock: Deno.FsFile;
  #metrics: Deno.FsFile | null = null;

  private constructor(path: string, lock: Deno.FsFile) {
    this.path = path;
    this.#lock = lock;
  }

  /**
   * Opens a folder for a new run, or to go on with the run in it.
   *
   * @param path The folder; a new run makes it.
   * @param options Whether to go on.
   * @throws {RunDirectoryError} When it is in use, holds a run already, or holds none to go on with.
   */
  static async open(path: string, options: { readonly resume: boolean }): Promise<RunDirectory> {
    const hasRun = await Deno.stat(`${path}/config.json`).then(() => true, () => false);
    if (options.resume && !hasRun) {
      throw new RunDirectoryError(`Cannot resume ${path}: it holds no config.json`);
    }
    let lock: Deno.FsFile;
    try {
      if (!options.resume) await Deno.mkdir(path, { recursive: true });
      // A folder that holds a run and is not to go on is left as it is.
      const create = options.resume || !hasRun;
      lock = await Deno.open(`${path}/.lock`, { create, write: true });
    } catch (cause) {
      if (hasRun && !options.resume && cause instanceof Deno.errors.NotFound) {
        throw new RunDirectoryError(holdsARun(path));
      }
      throw new RunDirectoryError(`Cannot train into ${path}: ${(cause as Error).message}`, {
        cause,
      });
    }
    if (!await lock.tryLock(true)) {
      lock.close();
      throw new RunDirectoryError(`Cannot train into ${path}: another process is training there`);
    }
    if (!options.resume && hasRun) {
      lock.close();
      throw new RunDirectoryError(holdsARun(path));
    }
    return new RunDirectory(path, lock);
  }

  /**
   * The path of one of the run's files.
   *
   * @param name For instance `best.safetensors`.
   */
  file(name: string): string {
    return `${this.path}/${name}`;
  }

  /**
   * Whether the run has a file yet.
   *
   * @param name For instance `last.safetensors`.
   */
  async has(name: string): Promise<boolean> {
    return await Deno.stat(this.file(name)).then(() => true, () => false);
  }

  /**
   * Writes a JSON file whole or not at all.
   *
   * @param name For instance `config.json`.
   * @param value What JSON can hold.
   */
  async writeJson(name: string, value: unknown): Promise<void> {
    const text = JSON.stringify(value, null, 2) + "\n";
    await writeFileAtomic(this.file(name), new TextEncoder().encode(text));
  }

  /**
   * Leaves only the metrics that a checkpoint knows of: what came after it will be trained again.
   *
   * @param isKnown Whether a line is to stay.
   * @returns The lines that stayed.
   */
  async rewindMetrics(isKnown: (line: MetricsLine) => boolean): Promise<MetricsLine[]> {
    this.#metrics?.close();
    this.#metrics = null;
    const lines = (await readMetrics(this.path)).filter(isKnown);
    const text = lines.map((line) => JSON.stringify(line) + "\n").join("");
    await writeFileAtomic(this.file("metrics.jsonl"), new TextEncoder().encode(text));
    return lines;
  }

  /**
   * Appends a line to `metrics.jsonl`.
   *
   * @param line What to append.
   */
  async appendMetrics(line: MetricsLine): Promise<void> {
    this.#metrics ??= await Deno.open(this.file("metrics.jsonl"), { create: true, append: true });
    const bytes = new TextEncoder().encode(JSON.stringify(line) + "\n");
    for (let at = 0; at < bytes.length;) at += await this.#metrics.write(bytes.subarray(at));
  }

  /** Lets go of the folder. */
  close(): void {
    this.#metrics?.close();
    this.#metrics = null;
    this.#lock.close();
  }
}
