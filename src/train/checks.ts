/**
 * What keeps a training from beginning: data, network and settings that do not go together.
 *
 * @module
 */
import type { WebGpu } from "../backend.ts";
import type { FerDataset } from "../data/dataset.ts";
import { majorityLabels } from "../data/votes.ts";
import { describeModel, type FerModel, largestBatch } from "../model.ts";
import { takesAnySize, takesSize } from "../model/layer_shapes.ts";
import type { TrainingConfig } from "./settings.ts";

/** What is about to be trained. */
export interface TrainingPlan {
  /** The network. */
  readonly model: FerModel;
  /** The settings. */
  readonly config: TrainingConfig;
  /** The images to train on. */
  readonly training: FerDataset;
  /** The images to validate on. */
  readonly validation: FerDataset;
  /** The GPU, if any. */
  readonly gpu?: WebGpu;
}

/** Checks that images are there, labelled, and of the network's size and classes. */
function checkImages(
  verb: "train" | "validate",
  set: FerDataset,
  model: FerModel,
  { ferPlusWeight }: TrainingConfig,
): void {
  if (set.length === 0) {
    throw new RangeError(`Cannot ${verb} on ${set.source}: it has no images for that`);
  }
  const unlabelled = set.labels.indexOf(-1);
  if (unlabelled >= 0 && (!set.softLabels || ferPlusWeight > 0)) {
    throw new RangeError(`Cannot ${verb} on ${set.source}: image ${unlabelled} has no label`);
  }
  const { classes, preprocessing: { size } } = describeModel(model);
  if (set.size !== size) {
    throw new RangeError(
      `Cannot ${verb} on images of ${set.size}x${set.size}: the network takes ${size}x${size}`,
    );
  }
  if (set.classes.length !== classes.length) {
    throw new RangeError(
      `Cannot ${verb} on the ${set.classes.length} classes of ${set.source}: ` +
        `the network has ${classes.length} outputs`,
    );
  }
}

/** Checks that a second output has votes to learn, and votes an output that learns them. */
function checkVotes(
  verb: "train" | "validate",
  { source, votes }: FerDataset,
  { ferPlusWeight }: TrainingConfig,
): void {
  if (ferPlusWeight === 0) return;
  const cannot = `Cannot ${verb} with ferPlusWeight ${ferPlusWeight}: `;
  if (!votes) {
    throw new RangeError(`${cannot}${source} has no votes; give it FER+'s with withFerPlus()`);
  }
  if (!majorityLabels(votes).some((each) => each >= 0)) {
    throw new RangeError(`${cannot}of no image of ${source} do most voters agree on a class`);
  }
}

function checkOutputs(model: FerModel, { ferPlusWeight }: TrainingConfig): void {
  const { ferPlus } = describeModel(model);
  if (ferPlusWeight > 0 && !ferPlus) {
    throw new RangeError(
      `Cannot train with ferPlusWeight ${ferPlusWeight}: the network has no second output; ` +
        "build it with ferPlus: true",
    );
  }
  if (ferPlusWeight === 0 && ferPlus) {
    throw new RangeError(
      "Cannot train a network with a second output on labels alone: set ferPlusWeight, or " +
        "build it with ferPlus: false",
    );
  }
}

function checkCrop(model: FerModel, { trainCropSize: crop }: TrainingConfig): void {
  const { size } = describeModel(model).preprocessing;
  if (crop === 0 || (crop <= size && takesSize(model, crop))) return;
  const taken = takesAnySize(model) ? "larger ones" : `${size}x${size}`;
  throw new RangeError(
    `Cannot train on crops of ${crop}x${crop}: ` +
      (crop > size ? `the images are of ${size}x${size}` : `the network takes ${taken}`),
  );
}

function checkBatch(model: FerModel, { batchSize }: TrainingConfig, gpu: WebGpu): void {
  const most = largestBatch(model, gpu.device.limits.maxStorageBufferBindingSize);
  if (batchSize <= most) return;
  throw new RangeError(
    `Cannot train with a batch size of ${batchSize.toLocaleString("en")}: the largest that fits ` +
      `${gpu.description} is ${most.toLocaleString("en")}`,
  );
}

/**
 * Checks that data, network, settings and adapter go together, before anything is made.
 *
 * @param plan What is about to be trained.
 * @throws {RangeError} When they do not; the message says what, and what to change.
 */
export function checkTraining({ model, config, training, validation, gpu }: TrainingPlan): void {
  const sets = [["train", training], ["validate", validation]] as const;
  for (const [verb, set] of sets) {
    checkImages(verb, set, model, config);
    checkOutputs(model, config);
    checkVotes(verb, set, config);
  }
  checkCrop(model, config);
  if (gpu) checkBatch(model, config, gpu);
}
