/**
 * A run's record, from the trainer's side: written before the first step, held against what there is
 * when the run goes on.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { describeModel } from "../model.ts";
import { dataDifference, type DataFingerprint, dataFingerprint } from "../runs/data_fingerprint.ts";
import {
  annotated,
  type OwnPart,
  readRecord,
  type RunNotes,
  type RunRecord,
  writeRecord,
} from "../runs/record.ts";
import { type RunDirectory, RunDirectoryError } from "../runs/run_directory.ts";
import { VERSION } from "../version.ts";
import type { AugmentationFactory } from "./augmentation.ts";
import type { TrainingPlan } from "./checks.ts";
import type { OwnLearning } from "./learner.ts";
import { checkNewLength, type Progress } from "./new_length.ts";

/** What is trained, and which parts are the user's own. */
export interface RecordedPlan extends TrainingPlan, OwnLearning {
  /** The augmentation. */
  readonly augmentation?: AugmentationFactory;
}

const PARTS = ["schedule", "optimizer", "augmentation"] as const satisfies readonly OwnPart[];

function ownParts(plan: RecordedPlan): OwnPart[] {
  return PARTS.filter((name) => plan[name]);
}

function describeRun(plan: RecordedPlan, notes: RunNotes): RunRecord {
  const { model, config, training, validation, gpu } = plan;
  const own = ownParts(plan);
  const runtime = globalThis.Deno;
  return {
    ...annotated({
      libraryVersion: VERSION,
      startedAt: new Date().toISOString(),
      config: { ...config },
      architecture: describeModel(model).architecture,
      parameters: model.countParams(),
      data: {
        source: training.source,
        classes: training.classes,
        trainingImages: training.length,
        validationImages: validation.length,
      },
      machine: {
        adapter: gpu?.description ?? tf.getBackend(),
        isSoftware: gpu?.isSoftware ?? true,
        deno: runtime?.version.deno,
        os: runtime?.build.os,
        arch: runtime?.build.arch,
        cores: navigator.hardwareConcurrency,
        tfjs: tf.version_core,
      },
      ...(own.length > 0 && { own }),
    }, notes),
    dataFingerprint: dataFingerprint(training, validation),
  };
}

/**
 * Writes the record of a run that begins now.
 *
 * @param directory The run's folder.
 * @param plan What is trained.
 * @param notes What the program adds.
 */
export async function beginRecord(
  directory: RunDirectory,
  plan: RecordedPlan,
  notes: RunNotes,
): Promise<void> {
  await writeRecord(directory, describeRun(plan, notes));
}

/**
 * Refuses to go on with other data or other parts, before anything is trained or written.
 *
 * @param directory The run's folder.
 * @param plan What is to be trained.
 * @throws {RunDirectoryError} When the run began with others.
 */
export async function checkRecord(directory: RunDirectory, plan: RecordedPlan): Promise<void> {
  const record = await readRecord(directory.path);
  const cannot = `Cannot go on with ${directory.path}: `;
  // A run of a version that had no fingerprint records the classes alone.
  const before: Partial<DataFingerprint> = record.dataFingerprint ??
    { classes: record.data?.classes };
  const difference = dataDifference(before, dataFingerprint(plan.training, plan.validation));
  if (difference !== null) {
    throw new RunDirectoryError(
      `${cannot}the data are not those that the run began with: ${difference}`,
    );
  }
  for (const name of PARTS) {
    const had = record.own?.includes(name) ?? false;
    if (had === (plan[name] !== undefined)) continue;
    throw new RunDirectoryError(
      had
        ? `${cannot}it began with an own ${name}; give it to the trainer again`
        : `${cannot}it began with the ${name} that its settings name, not with an own one`,
    );
  }
}

/**
 * Lets a run become longer or shorter, and writes that down.
 *
 * @param directory The run's folder.
 * @param plan What is trained.
 * @param progress How far the run has come.
 * @param notes What the program adds.
 * @returns Whether the length is another one.
 * @throws {RangeError} When the steps that are done would have been other steps.
 */
export async function takeNewLength(
  directory: RunDirectory,
  { config, schedule }: RecordedPlan,
  progress: Progress,
  notes: RunNotes,
): Promise<boolean> {
  const record = await readRecord(directory.path);
  if (!checkNewLength(record.config, config, progress, schedule)) return false;
  const { epochs, decayEpochs, fullSizeEpochs } = config;
  const longer = { ...record.config, epochs, decayEpochs, fullSizeEpochs };
  await writeRecord(directory, annotated({ ...record, config: longer }, notes));
  return true;
}
