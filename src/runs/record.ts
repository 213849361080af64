/**
 * What a run writes down of itself before its first step: `config.json`.
 *
 * @module
 */
import { messageOf } from "../files/errors.ts";
import type { ArchitectureConfig } from "../model/description.ts";
import { DEFAULT_TRAINING_CONFIG, type TrainingConfig } from "../train/settings.ts";
import type { DataFingerprint } from "./data_fingerprint.ts";
import { type RunDirectory, RunDirectoryError } from "./run_directory.ts";

/** What a program may add to a run's record. */
export interface RunNotes {
  /** The command that would begin the same run, word by word. */
  readonly command?: readonly string[];
  /** Where data, votes and first weights were, by name; they stand beside the settings. */
  readonly places?: Readonly<Record<string, string | null>>;
  /** How the kernels computed. */
  readonly tuning?: unknown;
  /** What else there is to say of the data: counts, an audit. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The data of a run. */
export interface DataRecord extends Readonly<Record<string, unknown>> {
  /** Where they came from, as messages name it. */
  readonly source: string;
  /** The class names in label order. */
  readonly classes: readonly string[];
  /** Images that were trained on. */
  readonly trainingImages: number;
  /** Images that were validated on. */
  readonly validationImages: number;
}

/** The machine of a run. */
export interface MachineRecord {
  /** What computed. */
  readonly adapter: string;
  /** Whether that was a program rather than hardware. */
  readonly isSoftware: boolean;
  /** Deno's version, where it was Deno. */
  readonly deno?: string;
  /** The operating system, where it is known. */
  readonly os?: string;
  /** The processor's kind, where it is known. */
  readonly arch?: string;
  /** Processor cores. */
  readonly cores?: number;
  /** tfjs's version. */
  readonly tfjs: string;
}

/** What a user brought to a run that no name in the settings stands for. */
export type OwnPart = "schedule" | "optimizer" | "augmentation";

/** A run's record. */
export interface RunRecord {
  /** The version of this library that began the run. */
  readonly libraryVersion: string;
  /** When, in ISO 8601. */
  readonly startedAt: string;
  /** Every setting, and beside them where data, votes and first weights were. */
  readonly config: TrainingConfig & Readonly<Record<string, unknown>>;
  /** The network. */
  readonly architecture: ArchitectureConfig;
  /** Its weights. */
  readonly parameters: number;
  /** The data. */
  readonly data: DataRecord;
  /** The machine. */
  readonly machine: MachineRecord;
  /** Parts of the user's own, in whose place the settings' names did not count. */
  readonly own?: readonly OwnPart[];
  /** The command that would begin the same run. */
  readonly command?: readonly string[];
  /** How the kernels computed. */
  readonly tuning?: unknown;
  /** What the data came to; none in runs of older versions. */
  readonly dataFingerprint?: DataFingerprint;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Reads a run's record. Settings that a run of an older version did not know have the values that it
 * trained with: the recipe's.
 *
 * @param path The run's folder.
 * @returns What `config.json` says.
 * @throws {RunDirectoryError} When there is none, or it is no JSON object.
 */
export async function readRecord(path: string): Promise<RunRecord> {
  const file = `${path}/config.json`;
  let value: unknown;
  try {
    value = JSON.parse(await Deno.readTextFile(file));
    if (!isObject(value)) throw new SyntaxError("it is no object");
  } catch (cause) {
    throw new RunDirectoryError(
      `Cannot read ${file}: it is damaged, ${messageOf(cause)}`,
      { cause },
    );
  }
  const config = isObject(value.config) ? value.config : {};
  return { ...value, config: { ...DEFAULT_TRAINING_CONFIG, ...config } } as unknown as RunRecord;
}

/**
 * Writes a run's record, whole or not at all.
 *
 * @param directory The run's folder.
 * @param record What it is to say.
 */
export async function writeRecord(directory: RunDirectory, record: RunRecord): Promise<void> {
  await directory.writeJson("config.json", record);
}

/**
 * Adds a program's notes to a record. They stand beside what the trainer says, never in its place.
 *
 * @param record What the trainer says.
 * @param notes What the program adds.
 */
export function annotated(
  record: RunRecord,
  { command, places, tuning, data }: RunNotes,
): RunRecord {
  return {
    ...record,
    config: { ...places, ...record.config },
    data: { ...data, ...record.data },
    ...(command && { command }),
    ...(tuning !== undefined && { tuning }),
  };
}
