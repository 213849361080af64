/**
 * One batch: bytes to loss and gradients.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { FerDataset } from "../data/dataset.ts";
import type { Batch } from "../data/loader.ts";
import { voteShares } from "../data/votes.ts";
import { FERPLUS_CLASSES } from "../emotions.ts";
import { applyTraining, describeModel, type FerModel, pixelsToInput } from "../model.ts";
import { crossEntropyAndHits } from "../ops/cross_entropy.ts";
import { Generator } from "../random.ts";
import type { FerTensor, FerVariable } from "../model/tensor.ts";
import {
  balancedClassWeights,
  logitAdjustments,
  targetCoefficients,
  type TargetOptions,
} from "./loss.ts";
import type { TrainingConfig } from "./settings.ts";

/** Keeps mixup's draws apart from every other stream of the seed. */
const MIXUP_STREAM = 0x6d697875;

/** How a batch is turned into a loss. */
export interface StepOptions extends Omit<TargetOptions, "softLabels"> {
  /** Shape of mixup's Beta distribution; 0 for none. */
  readonly mixup: number;
  /**
   * Weight of the second output's loss, which is of the batch's votes; 0 for none.
   *
   * @default 0
   */
  readonly ferPlusWeight?: number;
  /** What is added to the logits of each class before the loss, nothing when left out. */
  readonly logitAdjustments?: readonly number[];
  /** The run's seed. */
  readonly seed: number;
}

/**
 * How the batches of a run are turned into losses.
 *
 * @param config The settings.
 * @param training What is trained on.
 */
export function stepOptions(
  { labelSmoothing, classWeights, ferPlusWeight, mixup, logitAdjustment, seed }: TrainingConfig,
  { labels, classes }: FerDataset,
): StepOptions {
  return {
    classes: classes.length,
    labelSmoothing,
    classWeights: classWeights === "balanced"
      ? balancedClassWeights(labels, classes.length)
      : undefined,
    ferPlusWeight,
    mixup,
    logitAdjustments: logitAdjustment > 0
      ? logitAdjustments(labels, classes.length, logitAdjustment)
      : undefined,
    seed,
  };
}

/** What one batch gives; whoever gets it disposes of the tensors. */
export interface BatchLoss {
  /** The mean loss, a scalar. */
  readonly loss: FerTensor;
  /** Images classified right, a scalar. */
  readonly correct: FerTensor;
  /** One gradient a variable. */
  readonly gradients: Map<string, FerTensor>;
}

/** The share and the partner of every image that mixup blends in, or null without mixup. */
function drawMixup(
  n: number,
  step: number,
  { mixup, seed }: StepOptions,
): { share: number; partners: Int32Array } | null {
  if (mixup === 0) return null;
  const generator = new Generator(seed, MIXUP_STREAM, step);
  const share = generator.beta(mixup, mixup);
  return { share, partners: generator.shuffle(Int32Array.from({ length: n }, (_, i) => i)) };
}

type Mixup = ReturnType<typeof drawMixup>;

/** Rows, each blended with its partner's. */
function blended(rows: Float32Array, width: number, mix: Mixup): Float32Array {
  if (!mix) return rows;
  return rows.map((value, at) => {
    const partner = mix.partners[Math.floor(at / width)] * width + at % width;
    return mix.share * value + (1 - mix.share) * rows[partner];
  });
}

/**
 * What each log-probability of the second output is multiplied with, `[n, 8]`: the shares of votes
 * times the loss's weight over the images, or 0 where an image or its partner does not count.
 */
function voteCoefficients(votes: Uint16Array, weight: number, mix: Mixup): Float32Array {
  const { shares, counted } = voteShares(votes);
  const width = FERPLUS_CLASSES.length;
  return blended(shares, width, mix).map((share, at) => {
    const i = Math.floor(at / width);
    const counts = counted[i] * (mix ? counted[mix.partners[i]] : 1);
    return counts * weight * share / counted.length;
  });
}

/**
 * Runs a batch forward and backward.
 *
 * @param model The network.
 * @param variables What to differentiate by, by name.
 * @param batch Images as bytes, and their labels.
 * @param step Batches trained on before this one: mixup draws by it.
 * @param options Targets and mixup.
 * @returns Loss, images classified right by the first output, gradients.
 * @throws {TypeError} When the second output is to be trained and the batch has no votes.
 */
export function trainingStep(
  model: FerModel,
  variables: ReadonlyMap<string, FerVariable>,
  batch: Batch,
  step: number,
  options: StepOptions,
): BatchLoss {
  const [n] = batch.shape;
  const { classes, ferPlusWeight = 0 } = options;
  // Where an output of its own learns the votes, the first one learns the labels.
  const softLabels = ferPlusWeight > 0 ? undefined : batch.softLabels;
  const hard = targetCoefficients(batch.labels, { ...options, softLabels });
  const mix = drawMixup(n, step, options);
  const coefficients = blended(hard, classes, mix);
  if (ferPlusWeight > 0 && !batch.votes) {
    throw new TypeError("Cannot train on votes: the batch has none");
  }
  const ofVotes = ferPlusWeight > 0 && batch.votes
    ? voteCoefficients(batch.votes, ferPlusWeight, mix)
    : null;
  const names = new Map([...variables].map(([name, variable]) => [variable.name, name]));
  const { preprocessing } = describeModel(model);
  const kept: { correct?: FerTensor } = {};
  const { value: loss, grads } = tf.tidy(() => {
    const images = pixelsToInput(batch.pixels, batch.shape, preprocessing);
    const input = mix
      ? tf.add(
        tf.mul(images, mix.share),
        tf.mul(tf.gather(images, tf.tensor1d(mix.partners, "int32")), 1 - mix.share),
      )
      : images;
    const targets = tf.tensor2d(coefficients, [n, classes]);
    return tf.variableGrads(() => {
      const all = applyTraining(model, input);
      const plain = ofVotes ? tf.slice(all, [0, 0], [n, classes]) : all;
      const logits = options.logitAdjustments ? tf.add(plain, options.logitAdjustments) : plain;
      const { loss, correct } = crossEntropyAndHits(logits, targets);
      kept.correct = tf.keep(correct);
      if (!ofVotes) return loss as tf.Scalar;
      const width = FERPLUS_CLASSES.length;
      const second = crossEntropyAndHits(
        tf.slice(all, [0, classes], [n, width]),
        tf.tensor2d(ofVotes, [n, width]),
      );
      return tf.add(loss, second.loss) as tf.Scalar;
    }, [...variables.values()]);
  });
  const gradients = new Map<string, FerTensor>();
  for (const [key, gradient] of Object.entries(grads)) {
    gradients.set(names.get(key) ?? key, gradient);
  }
  if (!kept.correct) throw new TypeError("Cannot train: the network was not called");
  return { loss, correct: kept.correct, gradients };
}
