/**
 * All that a run needs to go on as if it had never stopped, in one safetensors file.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { messageOf } from "../files/errors.ts";
import { CheckpointError, readSafetensors, writeSafetensors } from "../model/safetensors.ts";
import { writeFileAtomic } from "../model/atomic_write.ts";
import type { FerVariable } from "../model/tensor.ts";
import type { EpochLine } from "../runs/run_directory.ts";
import type { EarlyStoppingState } from "./early_stopping.ts";
import type { LearnerState } from "./learner.ts";
import type { EpochSums } from "./meter.ts";

/** Thrown when the loss or a weight is no longer a number. */
export class TrainingDivergedError extends Error {
  /** The class's name. */
  override readonly name = "TrainingDivergedError";
}

/** The part of a run's state that is not in tensors. Everything random follows from it and the seed. */
export interface TrainingState extends LearnerState, EpochSums {
  /** The epoch under way, from 1. */
  readonly epoch: number;
  /** Its batches trained on. */
  readonly batch: number;
  /** Batches trained on since the run's beginning. */
  readonly step: number;
  /** Seconds of training. */
  readonly seconds: number;
  /** The best validation so far. */
  readonly best: EpochLine | null;
  /** Early stopping. */
  readonly earlyStopping: EarlyStoppingState;
  /** Why the run has come to its end; `null` while it has not. */
  readonly finished: "epochs" | "earlyStopping" | null;
  /** Draws taken by each dropout layer. */
  readonly dropout: readonly number[];
}

const FORMAT_VERSION = 1;

/**
 * Writes a checkpoint, whole or not at all.
 *
 * @param path Where to.
 * @param variables Weights, moments and averages, by name.
 * @param state The rest.
 * @throws {TrainingDivergedError} When a value is not finite; the file is left as it was.
 */
export async function saveCheckpoint(
  path: string,
  variables: ReadonlyMap<string, FerVariable>,
  state: TrainingState,
): Promise<void> {
  const names = [...variables.keys()];
  const values = await Promise.all([...variables.values()].map((each) => each.data()));
  const tensors = new Map(names.map((name, i) => {
    const data = values[i] as Float32Array;
    if (!data.every(Number.isFinite)) {
      throw new TrainingDivergedError(
        `Training diverged at epoch ${state.epoch}, step ${state.step}: ${name} is not finite. ` +
          "Lower the learning rate, or clip the gradients",
      );
    }
    return [name, { dtype: "F32" as const, shape: variables.get(name)?.shape ?? [], data }];
  }));
  const metadata = {
    formatVersion: JSON.stringify(FORMAT_VERSION),
    trainingState: JSON.stringify(state),
  };
  await writeFileAtomic(path, writeSafetensors(tensors, metadata));
}

/**
 * Reads a checkpoint into variables.
 *
 * @param path The file.
 * @param variables What to fill, by name.
 * @returns The rest of the state.
 * @throws {CheckpointError} When the file is not such a checkpoint or does not fit.
 */
export async function loadCheckpoint(
  path: string,
  variables: ReadonlyMap<string, FerVariable>,
): Promise<TrainingState> {
  const { tensors, metadata } = readSafetensors(await Deno.readFile(path), path);
  if (!metadata.trainingState || metadata.formatVersion !== JSON.stringify(FORMAT_VERSION)) {
    throw new CheckpointError(
      `Cannot resume from ${path}: it holds no training state of format ${FORMAT_VERSION}`,
    );
  }
  for (const [name, variable] of variables) {
    const tensor = tensors.get(name);
    const isRight = tensor?.dtype === "F32" && `${tensor.shape}` === `${variable.shape}`;
    if (!tensor || !isRight) {
      throw new CheckpointError(
        `Cannot resume from ${path}: expected ${name} of [${variable.shape}], ` +
          (tensor ? `got ${tensor.dtype} of [${tensor.shape}]` : "which is missing"),
      );
    }
    // None is saved so: the file was changed since.
    if (!(tensor.data as Float32Array).every(Number.isFinite)) {
      throw new CheckpointError(`Cannot resume from ${path}: ${name} is not finite`);
    }
    tf.tidy(() => variable.assign(tf.tensor(tensor.data as Float32Array, variable.shape)));
  }
  return parseState(metadata.trainingState, path);
}

const COUNTS = ["epoch", "batch", "step", "optimizerSteps", "correct", "seen"] as const;

function parseState(text: string, path: string): TrainingState {
  const isRecord = (value: unknown): boolean => typeof value === "object" && value !== null;
  try {
    const { plateau, ...read } = JSON.parse(text);
    // Runs of older versions call what the schedule remembers by the only one that did.
    const state = { schedule: plateau ?? null, ...read };
    const isState = COUNTS.every((name) => Number.isSafeInteger(state[name]) && state[name] >= 0) &&
      state.epoch >= 1 && Number.isFinite(state.lossSum) && state.seconds >= 0 &&
      (plateau === undefined ? "schedule" in read : isRecord(plateau)) &&
      isRecord(state.earlyStopping) && Array.isArray(state.dropout) &&
      (state.best === null || isRecord(state.best)) &&
      [null, "epochs", "earlyStopping"].includes(state.finished);
    if (isState) return state;
    throw new SyntaxError("a field is missing or out of range");
  } catch (cause) {
    throw new CheckpointError(
      `Cannot resume from ${path}: its training state is damaged, ${messageOf(cause)}`,
      { cause },
    );
  }
}
