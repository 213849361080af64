/**
 * The training loop.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { WebGpu } from "../backend.ts";
import { checkTrainable } from "../engine/trainable.ts";
import type { FerDataset } from "../data/dataset.ts";
import { type Batch, DataLoader } from "../data/loader.ts";
import { leakFreeIndices } from "../data/audit.ts";
import { majorityLabels } from "../data/votes.ts";
import { FERPLUS_CLASSES } from "../emotions.ts";
import { applyTemperature, evaluateProbabilities, fitTemperature } from "../metrics.ts";
import {
  describeModel,
  dropoutStates,
  type FerModel,
  largestBatch,
  loadStateDict,
  namedWeights,
  readSafetensors,
  removeTemporaryFiles,
  saveModel,
  setDropoutStates,
} from "../model.ts";
import { calibrate } from "../model/description.ts";
import { takesAnySize, takesSize } from "../model/layer_shapes.ts";
import { readSource } from "../model/source.ts";
import { predictHeads } from "../predict/answers.ts";
import type { HeadAnswers } from "../model/reading.ts";
import { rowsAt } from "../data/rows.ts";
import type { FerTensor, FerVariable } from "../model/tensor.ts";
import { VERSION } from "../version.ts";
import { clipGradientNorm } from "./adamw.ts";
import { augmentation } from "./augmentation.ts";
import { ferPlusShares, labelShares } from "./class_shares.ts";
import type {
  StopReason,
  TrainingCallback,
  TrainingResult,
  ValidationResult,
} from "./callbacks.ts";
import {
  loadCheckpoint,
  saveCheckpoint,
  TrainingDivergedError,
  type TrainingState,
} from "./checkpoint.ts";
import { type TrainingConfig, trainingConfig } from "./config.ts";
import { WeightAverage } from "./ema.ts";
import { balancedClassWeights, logitAdjustments } from "./loss.ts";
import { dataDifference, type DataFingerprint, dataFingerprint } from "./data_fingerprint.ts";
import { makeOptimizer, type Optimizer } from "./optimizer.ts";
import {
  type EpochLine,
  type RunDirectory,
  RunDirectoryError,
  type StepLine,
} from "./run_directory.ts";
import { EarlyStopping, ReduceLROnPlateau, scheduleFactor } from "./schedule.ts";
import { trainingStep } from "./training_step.ts";

/** Steps after which results are sent for, at the latest. */
const MOST_PENDING = 10;
/** Milliseconds after which results are sent for. */
const SEND_EVERY = 200;
/** Milliseconds between lines of `metrics.jsonl` within an epoch. */
const LOG_EVERY = 2000;
/** Milliseconds between checkpoints within an epoch. */
const SAVE_EVERY = 120_000;
/** Milliseconds of work after which other tasks of the app get their turn. */
const YIELD_EVERY = 10;

/** What a {@linkcode Trainer} works with besides its configuration. */
export interface TrainerOptions {
  /** The GPU, whose limits are kept and whose loss is noticed; none for tfjs's other backends. */
  readonly gpu?: WebGpu;
  /** Where checkpoints and metrics go; nowhere when left out. */
  readonly runDirectory?: RunDirectory;
  /** Whom to tell. */
  readonly callbacks?: readonly TrainingCallback[];
  /** What else `config.json` is to say: the command, an audit of the data. */
  readonly notes?: Readonly<Record<string, unknown>>;
  /** Ends training: what is trained is saved, and `fit()` returns with `aborted`. */
  readonly signal?: AbortSignal;
}

/** The part of the state that changes with every step. */
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A step whose loss is still on the GPU. */
interface PendingStep {
  readonly step: number;
  readonly batch: number;
  readonly lr: number;
  readonly images: number;
  readonly loss: FerTensor;
  readonly correct: FerTensor;
}

/** Steps whose results are on their way back: of each the loss and the images classified right. */
interface Reading {
  readonly steps: readonly PendingStep[];
  readonly results: Promise<ArrayLike<number>>;
}

/**
 * Trains a network: the recipe, unless the configuration says otherwise.
 *
 * Everything random follows from the seed and the place in the run, so that two runs on one adapter
 * give the same bits, and so does a run that was stopped and went on.
 *
 * @example Train on drawings for a moment
 * ```ts
 * import { buildFerCnn, drawnFaces, Trainer } from "@fer/core";
 *
 * const faces = drawnFaces(32, 42);
 * const model = buildFerCnn({ filters: [2, 2, 2], hidden: 4, seed: 42 });
 * const trainer = new Trainer(model, { batchSize: 16, maxSteps: 2, workers: 0 });
 * const { stopped, steps } = await trainer.fit(faces.split("Training"), faces.split("PublicTest"));
 * console.assert(stopped === "maxSteps" && steps === 2);
 * ```
 */
export class Trainer {
  /** The whole configuration. */
  readonly config: TrainingConfig;
  readonly #model: FerModel;
  readonly #options: TrainerOptions;

  /**
   * Checks the configuration; nothing is made before `fit()`.
   *
   * @param model The network; `fit()` trains it in place.
   * @param config What departs from the recipe.
   * @param options The GPU, where to write, whom to tell.
   * @throws {TypeError} When the configuration has a setting of no such name or kind.
   * @throws {RangeError} When a setting is out of its range.
   */
  constructor(model: FerModel, config: Partial<TrainingConfig> = {}, options: TrainerOptions = {}) {
    this.config = trainingConfig(config);
    this.#model = model;
    this.#options = options;
  }

  /**
   * Trains until the last epoch, a limit, early stopping or the signal; then the network has the
   * weights of the best validation.
   *
   * When the run directory holds a checkpoint, training goes on from there.
   *
   * @param training The images to train on.
   * @param validation The images that choose the best checkpoint and the learning rate.
   * @returns Why it ended, every validation, the best one.
   * @throws {RangeError} When the batch does not fit the adapter, or there is nothing to train on.
   * @throws {TrainingDivergedError} When the loss or a weight is no longer finite.
   * @throws {GpuDeviceLostError} When the device is lost; the last checkpoint is intact.
   * @throws {EngineError} When tfjs computes on a backend that cannot train, as wasm.
   */
  async fit(training: FerDataset, validation: FerDataset): Promise<TrainingResult> {
    checkTrainable();
    const run = new Run(this.#model, this.config, this.#options, training, validation);
    try {
      const { gpu } = this.#options;
      return gpu ? await gpu.wait(() => run.train()) : await run.train();
    } finally {
      await run.dispose();
    }
  }
}

/** The images of a validation split on whose class most voters agree, as scores need them. */
interface MajoritySubset {
  /** Their places in the split. */
  readonly indices: readonly number[];
  /** Their classes. */
  readonly labels: readonly number[];
  /** Which of them are not in the training split either, as places among them. */
  readonly leakFree: readonly number[];
}

/** The images on whose class most voters agree; null where there are no votes. */
function majorityOf(
  { votes }: FerDataset,
  leakFree: ArrayLike<number>,
): MajoritySubset | null {
  if (!votes) return null;
  const labels = majorityLabels(votes);
  const indices = [...labels.keys()].filter((i) => labels[i] >= 0);
  const isLeakFree = new Set(Array.from(leakFree));
  return {
    indices,
    labels: indices.map((i) => labels[i]),
    leakFree: [...indices.keys()].filter((at) => isLeakFree.has(indices[at])),
  };
}

/** The images of a set that `overfitBatches` or `fastDevRun` leave. */
function limited(dataset: FerDataset, config: TrainingConfig): FerDataset {
  const batches = config.fastDevRun ? 1 : config.overfitBatches;
  const most = batches * config.batchSize;
  if (most === 0 || dataset.length <= most) return dataset;
  return dataset.subset(Array.from({ length: most }, (_, i) => i));
}

/** One call of `fit()`. */
class Run {
  readonly #model: FerModel;
  readonly #config: TrainingConfig;
  readonly #directory?: RunDirectory;
  readonly #notes: Readonly<Record<string, unknown>>;
  readonly #callbacks: readonly TrainingCallback[];
  readonly #signal?: AbortSignal;
  readonly #gpu?: WebGpu;
  readonly #wait: <T>(result: Promise<T>) => Promise<T>;
  readonly #training: FerDataset;
  readonly #validation: FerDataset;
  readonly #leakFree: ArrayLike<number>;
  /** The validation images that the second output is measured on; null without such an output. */
  readonly #majority: MajoritySubset | null;
  readonly #loader: DataLoader;
  /** The same batches at the network's own size, for the last epochs. */
  readonly #fullSizeLoader: DataLoader;
  readonly #weights: ReadonlyMap<string, FerVariable>;
  readonly #trainable: ReadonlyMap<string, FerVariable>;
  readonly #optimizer: Optimizer;
  readonly #average: WeightAverage | null;
  readonly #plateau: ReduceLROnPlateau;
  readonly #earlyStopping: EarlyStopping;
  readonly #classWeights?: readonly number[];
  readonly #logitAdjustments?: readonly number[];
  readonly #state: Mutable<TrainingState>;
  readonly #startedAt = performance.now();
  #secondsBefore = 0;
  #history: EpochLine[] = [];
  #bestWeights: Map<string, Float32Array> | null = null;
  #accumulated: Map<string, FerTensor> | null = null;
  #pending: PendingStep[] = [];
  #reading: Reading | null = null;
  #sentAt = performance.now();
  #bestProbabilities: Float32Array | null = null;
  #bestTemperatures: readonly number[] = [1];
  #reportedAt = performance.now();
  #logged = { at: performance.now(), images: 0, loss: 0 };
  /** Images of this epoch and start, and the time that training took on them. */
  #trained = { images: 0, seconds: 0 };
  #savedAt = performance.now();
  #yieldedAt = performance.now();

  constructor(
    model: FerModel,
    config: TrainingConfig,
    options: TrainerOptions,
    training: FerDataset,
    validation: FerDataset,
  ) {
    this.#model = model;
    this.#config = config;
    this.#directory = options.runDirectory;
    this.#notes = options.notes ?? {};
    this.#callbacks = options.callbacks ?? [];
    this.#signal = options.signal;
    this.#gpu = options.gpu;
    this.#wait = options.gpu ? (result) => options.gpu?.wait(result) ?? result : (result) => result;
    this.#training = limited(training, config);
    this.#validation = config.overfitBatches > 0 ? this.#training : limited(validation, config);
    this.#check();
    this.#leakFree = leakFreeIndices(this.#validation, this.#training);
    this.#majority = config.ferPlusWeight > 0 ? majorityOf(this.#validation, this.#leakFree) : null;
    const loaderOf = (trainCropSize: number) =>
      new DataLoader(this.#training, {
        batchSize: config.batchSize,
        shuffle: config.overfitBatches === 0,
        seed: config.seed,
        transform: augmentation({ ...config, trainCropSize }, this.#training.size),
        workers: config.workers,
      });
    this.#loader = loaderOf(config.trainCropSize);
    this.#fullSizeLoader = loaderOf(0);
    this.#weights = namedWeights(model);
    this.#trainable = new Map([...this.#weights].filter(([, variable]) => variable.trainable));
    this.#optimizer = makeOptimizer(this.#trainable, config);
    this.#average = config.ema > 0 ? new WeightAverage(this.#weights, config.ema) : null;
    this.#plateau = new ReduceLROnPlateau(config.lr, { patience: 3 });
    this.#earlyStopping = new EarlyStopping(config.patience || Infinity);
    const { labels, classes } = this.#training;
    this.#classWeights = config.classWeights === "balanced"
      ? balancedClassWeights(labels, classes.length)
      : undefined;
    this.#logitAdjustments = config.logitAdjustment > 0
      ? logitAdjustments(labels, classes.length, config.logitAdjustment)
      : undefined;
    this.#state = {
      epoch: 1,
      batch: 0,
      step: 0,
      optimizerSteps: 0,
      lossSum: 0,
      correct: 0,
      seen: 0,
      seconds: 0,
      best: null,
      plateau: this.#plateau.getState(),
      earlyStopping: this.#earlyStopping.getState(),
      finished: null,
      dropout: dropoutStates(model),
    };
  }

  #check(): void {
    const { batchSize } = this.#config;
    for (
      const [name, set] of [["train", this.#training], ["validate", this.#validation]] as const
    ) {
      if (set.length === 0) {
        throw new RangeError(`Cannot ${name} on ${set.source}: it has no images for that`);
      }
      const unlabelled = set.labels.indexOf(-1);
      if (unlabelled >= 0 && !set.softLabels) {
        throw new RangeError(`Cannot ${name} on ${set.source}: image ${unlabelled} has no label`);
      }
      const { size } = describeModel(this.#model).preprocessing;
      if (set.size !== size) {
        throw new RangeError(
          `Cannot ${name} on images of ${set.size}x${set.size}: the network takes ${size}x${size}`,
        );
      }
      const { classes, ferPlus } = describeModel(this.#model);
      if (set.classes.length !== classes.length) {
        throw new RangeError(
          `Cannot ${name} on the ${set.classes.length} classes of ${set.source}: ` +
            `the network has ${classes.length} outputs`,
        );
      }
      const { ferPlusWeight } = this.#config;
      if (ferPlusWeight > 0 && !ferPlus) {
        throw new RangeError(
          `Cannot train with ferPlusWeight ${ferPlusWeight}: the network has no second output; ` +
            "build it with ferPlus: true",
        );
      }
      if (ferPlusWeight > 0 && !set.votes) {
        throw new RangeError(
          `Cannot ${name} with ferPlusWeight ${ferPlusWeight}: ${set.source} has no votes; ` +
            "give it FER+'s with withFerPlus()",
        );
      }
      if (ferPlusWeight > 0 && set.votes && !majorityLabels(set.votes).some((each) => each >= 0)) {
        throw new RangeError(
          `Cannot ${name} with ferPlusWeight ${ferPlusWeight}: of no image of ${set.source} do ` +
            "most voters agree on a class",
        );
      }
      if (ferPlusWeight === 0 && ferPlus) {
        throw new RangeError(
          "Cannot train a network with a second output on labels alone: set ferPlusWeight, or " +
            "build it with ferPlus: false",
        );
      }
    }
    const { trainCropSize: crop } = this.#config;
    const { size } = describeModel(this.#model).preprocessing;
    if (crop > size || (crop > 0 && !takesSize(this.#model, crop))) {
      throw new RangeError(
        `Cannot train on crops of ${crop}x${crop}: ` +
          (crop > size
            ? `the images are of ${size}x${size}`
            : `the network takes ${takesAnySize(this.#model) ? "larger ones" : `${size}x${size}`}`),
      );
    }
    if (!this.#gpu) return;
    const most = largestBatch(this.#model, this.#gpu.device.limits.maxStorageBufferBindingSize);
    if (batchSize > most) {
      throw new RangeError(
        `Cannot train with a batch size of ${
          batchSize.toLocaleString("en")
        }: the largest that fits ` +
          `${this.#gpu.description} is ${most.toLocaleString("en")}`,
      );
    }
  }

  /** All variables that a checkpoint holds. */
  #variables(): Map<string, FerVariable> {
    const out = new Map<string, FerVariable>();
    const add = (prefix: string, variables: ReadonlyMap<string, FerVariable>) => {
      for (const [name, variable] of variables) out.set(`${prefix}.${name}`, variable);
    };
    add("model", this.#weights);
    add("optimizer", this.#optimizer.state());
    if (this.#average) add("ema", this.#average.state());
    return out;
  }

  get #seconds(): number {
    return this.#secondsBefore + (performance.now() - this.#startedAt) / 1000;
  }

  get #stepsPerEpoch(): number {
    return Math.ceil(this.#loader.batches / this.#config.accumulateGradBatches);
  }

  /** The learning rate of the next optimizer step. */
  get #lr(): number {
    const { scheduler, lr } = this.#config;
    const rate = scheduler === "plateau" ? this.#plateau.lr : lr;
    return rate * scheduleFactor(this.#config, this.#state.optimizerSteps, this.#stepsPerEpoch);
  }

  async train(): Promise<TrainingResult> {
    // What a network was calibrated for before says nothing of what it becomes.
    const { votes } = this.#training;
    calibrate(
      this.#model,
      { temperature: 1, classShares: labelShares(this.#training, this.#config) },
      { temperature: 1, ...(votes && { classShares: ferPlusShares(votes) }) },
    );
    await this.#describe();
    await this.#restore();
    const { epochs } = this.#config;
    for (const callback of this.#callbacks) {
      await callback.onTrainBegin?.({
        config: this.#config,
        trainingImages: this.#training.length,
        validationImages: this.#validation.length,
        validation: this.#validation,
        batches: this.#loader.batches,
        epoch: this.#state.epoch,
        step: this.#state.step,
      });
    }
    let stopped = this.#state.finished ?? this.#limit();
    while (!stopped) {
      stopped = await this.#trainEpoch();
      if (stopped) break;
      const isLast = this.#state.epoch >= epochs || this.#config.fastDevRun;
      const verdict = await this.#endEpoch(false);
      if (verdict === "aborted") {
        await this.#save();
        stopped = verdict;
        break;
      }
      if (verdict === "stop") stopped = "earlyStopping";
      else if (isLast) stopped = "epochs";
      else stopped = this.#limit();
      this.#state.epoch++;
      Object.assign(this.#state, { batch: 0, lossSum: 0, correct: 0, seen: 0 });
      this.#trained = { images: 0, seconds: 0 };
      if (stopped === "epochs" || stopped === "earlyStopping") this.#state.finished = stopped;
      await this.#save();
    }
    await this.#restoreBest();
    const result: TrainingResult = {
      stopped,
      history: this.#history,
      best: this.#state.best,
      steps: this.#state.step,
      seconds: this.#seconds,
      probabilities: this.#bestProbabilities,
    };
    for (const callback of this.#callbacks) await callback.onTrainEnd?.(result);
    return result;
  }

  /** Whether a limit has been reached, and which. */
  #limit(): StopReason | null {
    const { maxSteps, maxMinutes } = this.#config;
    if (this.#signal?.aborted) return "aborted";
    if (maxSteps > 0 && this.#state.step >= maxSteps) return "maxSteps";
    const minutes = (performance.now() - this.#startedAt) / 60_000;
    if (maxMinutes > 0 && minutes >= maxMinutes) return "maxMinutes";
    return null;
  }

  /** Trains until the epoch ends (null) or something stops it. */
  async #trainEpoch(): Promise<StopReason | null> {
    const { epoch, batch: from } = this.#state;
    const isFullSize = epoch > this.#config.epochs - this.#config.fullSizeEpochs;
    const loader = isFullSize ? this.#fullSizeLoader : this.#loader;
    for await (const batch of loader.epoch(epoch, { from })) {
      await this.#trainBatch(batch);
      if (this.#state.batch === this.#loader.batches || this.#accumulated) continue;
      const reason = this.#limit();
      if (reason) return await this.#stopWithinEpoch(reason);
      if (this.#directory && performance.now() - this.#savedAt > SAVE_EVERY) await this.#save();
    }
    return null;
  }

  /** A limit validates once; an abort only saves. Both save. */
  async #stopWithinEpoch(reason: StopReason): Promise<StopReason> {
    const verdict = reason === "aborted" ? reason : await this.#endEpoch(true);
    await this.#save();
    return verdict === "aborted" ? verdict : reason;
  }

  async #trainBatch(batch: Batch): Promise<void> {
    const state = this.#state;
    const lr = this.#lr;
    const { gradients, loss, correct } = trainingStep(
      this.#model,
      this.#trainable,
      batch,
      state.step,
      {
        classes: this.#training.classes.length,
        labelSmoothing: this.#config.labelSmoothing,
        classWeights: this.#classWeights,
        ferPlusWeight: this.#config.ferPlusWeight,
        mixup: this.#config.mixup,
        logitAdjustments: this.#logitAdjustments,
        seed: this.#config.seed,
      },
    );
    state.step++;
    state.batch++;
    this.#descend(gradients, lr);
    state.dropout = dropoutStates(this.#model);
    const { step, batch: done } = state;
    this.#pending.push({ step, batch: done, lr, images: batch.shape[0], loss, correct });
    const now = performance.now();
    if (this.#pending.length >= MOST_PENDING || now - this.#sentAt > SEND_EVERY) {
      await this.#exchange();
    }
    if (now - this.#yieldedAt > YIELD_EVERY) {
      await new Promise((resolve) => setTimeout(resolve));
      this.#yieldedAt = performance.now();
    }
  }

  /** Adds a batch's gradients to those that wait, and takes an optimizer step when all are there. */
  #descend(gradients: Map<string, FerTensor>, lr: number): void {
    const { accumulateGradBatches: every, clipNorm } = this.#config;
    const { batch } = this.#state;
    const first = Math.floor((batch - 1) / every) * every;
    const size = Math.min(every, this.#loader.batches - first);
    let sum = gradients;
    if (size > 1) {
      sum = new Map<string, FerTensor>();
      for (const [name, gradient] of gradients) {
        const before = this.#accumulated?.get(name);
        const share = tf.tidy(() => {
          const scaled = tf.mul(gradient, 1 / size);
          return before ? tf.add(before, scaled) : scaled;
        });
        tf.dispose([gradient, before ?? []]);
        sum.set(name, share);
      }
    }
    if (batch - first < size) {
      this.#accumulated = sum;
      return;
    }
    this.#accumulated = null;
    if (clipNorm > 0) clipGradientNorm(sum, clipNorm);
    this.#optimizer.lr = lr;
    this.#optimizer.step(sum);
    for (const gradient of sum.values()) gradient.dispose();
    this.#state.optimizerSteps++;
    this.#average?.update(this.#state.optimizerSteps);
  }

  /**
   * Sends for the results of the latest steps and takes in those that were sent for before: while
   * they come back, the GPU already has the next step to work on.
   */
  async #exchange(): Promise<void> {
    const reading = this.#reading;
    this.#reading = this.#sendForResults();
    if (reading) await this.#takeIn(reading);
  }

  /** Takes in the results of all steps there are. */
  async #flush(): Promise<void> {
    await this.#exchange();
    await this.#exchange();
  }

  #sendForResults(): Reading | null {
    const steps = this.#pending;
    this.#sentAt = performance.now();
    if (steps.length === 0) return null;
    this.#pending = [];
    const each = steps.flatMap(({ loss, correct }) => [loss, correct] as tf.Tensor[]);
    const stacked = tf.tidy(() => tf.stack(each));
    tf.dispose(each);
    const results = this.#wait(stacked.data()).finally(() => stacked.dispose());
    // Whoever takes it in later hears of a failure; until then it is no unhandled one.
    results.catch(() => {});
    return { steps, results };
  }

  /** Checks results and reports them. */
  async #takeIn({ steps, results }: Reading): Promise<void> {
    const values = await results;
    const state = this.#state;
    let images = 0;
    steps.forEach((each, i) => {
      const loss = values[2 * i];
      if (!Number.isFinite(loss)) {
        throw new TrainingDivergedError(
          `Training diverged at epoch ${state.epoch}, step ${each.step}: the loss is ${loss} at a ` +
            `learning rate of ${each.lr}. Lower the learning rate, or clip the gradients`,
        );
      }
      state.lossSum += loss * each.images;
      state.correct += values[2 * i + 1];
      state.seen += each.images;
      images += each.images;
      this.#logged.loss += loss * each.images;
    });
    await this.#report(images, steps[steps.length - 1]);
  }

  async #report(images: number, { step, batch, lr }: PendingStep): Promise<void> {
    const state = this.#state;
    const now = performance.now();
    const rate = (count: number, since: number) => 1000 * count / Math.max(now - since, 1e-3);
    const imagesPerSecond = rate(images, this.#reportedAt);
    this.#trained.images += images;
    this.#trained.seconds += (now - this.#reportedAt) / 1000;
    this.#reportedAt = now;
    this.#logged.images += images;
    const { epoch, lossSum, correct, seen } = state;
    const seconds = this.#seconds;
    if (this.#directory && now - this.#logged.at > LOG_EVERY) {
      const line: StepLine = {
        type: "step",
        epoch,
        step,
        loss: this.#logged.loss / this.#logged.images,
        lr,
        imagesPerSecond: rate(this.#logged.images, this.#logged.at),
        seconds,
      };
      this.#logged = { at: now, images: 0, loss: 0 };
      await this.#directory.appendMetrics(line);
    }
    for (const callback of this.#callbacks) {
      await callback.onProgress?.({
        epoch,
        epochs: this.#config.epochs,
        batch,
        batches: this.#loader.batches,
        step,
        loss: lossSum / seen,
        accuracy: correct / seen,
        lr,
        imagesPerSecond,
        seconds,
      });
    }
  }

  /**
   * Validates, keeps the best, moves the schedules; says whether to stop early. A validation that
   * the signal cuts off leaves no trace: it is made anew when the run goes on.
   */
  async #endEpoch(partial: boolean): Promise<"go on" | "stop" | "aborted"> {
    await this.#flush();
    const lr = this.#lr;
    const validate = async () => {
      const answers = await this.#predictValidation();
      const validation = this.#evaluate(answers);
      const line = this.#epochLine(validation, lr, partial);
      if (line.best) await this.#keepBest(line, answers);
      return { line, validation };
    };
    let line: EpochLine;
    let validation: ValidationResult;
    try {
      ({ line, validation } = this.#average
        ? await this.#average.lend(validate)
        : await validate());
    } catch (error) {
      if (this.#signal?.aborted && error === this.#signal.reason) return "aborted";
      throw error;
    }
    if (line.best) this.#state.best = line;
    this.#history.push(line);
    await this.#directory?.appendMetrics(line);
    // A validation that a limit asked for is not an epoch: the schedules go on as if it never was.
    let shouldStop = false;
    if (!partial) {
      if (this.#config.scheduler === "plateau") this.#plateau.step(line.valLoss);
      shouldStop = this.#earlyStopping.step(line.valLoss);
      this.#state.plateau = this.#plateau.getState();
      this.#state.earlyStopping = this.#earlyStopping.getState();
    }
    for (const callback of this.#callbacks) await callback.onEpochEnd?.(line, validation);
    this.#reportedAt = this.#logged.at = performance.now();
    return shouldStop ? "stop" : "go on";
  }

  /** How good answers to the validation images are, each output's. */
  #evaluate([probabilities, second]: HeadAnswers): ValidationResult {
    const { labels, classes } = this.#validation;
    const leakFree = this.#leakFree;
    const evaluation = evaluateProbabilities(probabilities, labels, { classes, leakFree });
    if (!this.#majority || !second) return { evaluation, probabilities };
    const { indices } = this.#majority;
    const ofMajority = evaluateProbabilities(
      rowsAt(second, FERPLUS_CLASSES.length, indices),
      this.#majority.labels,
      { classes: FERPLUS_CLASSES, leakFree: this.#majority.leakFree },
    );
    return {
      evaluation,
      probabilities,
      ferPlus: { evaluation: ofMajority, probabilities: second },
    };
  }

  async #predictValidation(): Promise<HeadAnswers> {
    const answers = await this.#wait(
      predictHeads(this.#model, this.#validation, {
        batchSize: this.#config.batchSize,
        onProgress: (done: number, total: number) => {
          for (const callback of this.#callbacks) callback.onValidation?.(done, total);
          this.#signal?.throwIfAborted();
        },
      }),
    );
    if (answers.every((each) => each.every(Number.isFinite))) return answers;
    const { epoch, step } = this.#state;
    throw new TrainingDivergedError(
      `Training diverged at epoch ${epoch}, step ${step}: the network's outputs are not finite ` +
        `after a learning rate of ${this.#lr}. Lower the learning rate, or clip the gradients`,
    );
  }

  #epochLine(validation: ValidationResult, lr: number, partial: boolean): EpochLine {
    const { epoch, step, lossSum, correct, seen, best } = this.#state;
    const seconds = this.#seconds;
    const { loss, accuracy, macroF1 } = validation.evaluation;
    const second = validation.ferPlus?.evaluation;
    const isBetter = this.#config.monitor === "f1"
      ? macroF1 > (best?.valMacroF1 ?? -Infinity)
      : loss < (best?.valLoss ?? Infinity);
    return {
      type: "epoch",
      epoch,
      step,
      trainLoss: lossSum / seen,
      trainAccuracy: correct / seen,
      valLoss: loss,
      valAccuracy: accuracy,
      valMacroF1: macroF1,
      ...(second && {
        ferPlus: {
          valLoss: second.loss,
          valAccuracy: second.accuracy,
          valMacroF1: second.macroF1,
        },
      }),
      lr,
      imagesPerSecond: this.#trained.images / Math.max(this.#trained.seconds, 1e-3),
      seconds,
      best: isBetter,
      partial,
    };
  }

  /** Keeps the network's present weights as the best, calibrated, and how they then do. */
  async #keepBest(line: EpochLine, uncalibrated: HeadAnswers): Promise<void> {
    const { labels, classes } = this.#validation;
    const temperatures = uncalibrated.map((answers, head) => {
      if (head === 0) return fitTemperature(labels, answers, { classes: classes.length });
      const { indices = [], labels: ofMajority = [] } = this.#majority ?? {};
      const width = FERPLUS_CLASSES.length;
      return fitTemperature(ofMajority, rowsAt(answers, width, indices), { classes: width });
    });
    this.#bestTemperatures = temperatures;
    const calibrated = uncalibrated.map((answers, head) =>
      applyTemperature(answers, temperatures[head], {
        classes: head === 0 ? classes.length : FERPLUS_CLASSES.length,
      })
    );
    [this.#bestProbabilities] = calibrated;
    if (this.#directory) {
      const { evaluation: scores, ferPlus } = this.#evaluate(calibrated);
      this.#setTemperatures(temperatures);
      const { epoch, valAccuracy, valMacroF1, valLoss } = line;
      await saveModel(this.#model, this.#directory.file("best.safetensors"), {
        metadata: {
          data: { source: this.#training.source, trainingImages: this.#training.length },
          metrics: {
            split: "validation",
            epoch,
            valAccuracy,
            valMacroF1,
            valLoss,
            ...(line.ferPlus && { ferPlus: line.ferPlus }),
          },
        },
      });
      this.#setTemperatures([1, 1]);
      await this.#directory.writeJson("evaluation.json", scores);
      if (ferPlus) await this.#directory.writeJson("evaluation_ferplus.json", ferPlus.evaluation);
      return;
    }
    const names = [...this.#weights.keys()];
    const values = await this.#wait(Promise.all([...this.#weights.values()].map((w) => w.data())));
    this.#bestWeights = new Map(names.map((name, i) => [name, values[i] as Float32Array]));
  }

  #setTemperatures([first, second = 1]: readonly number[]): void {
    calibrate(this.#model, { temperature: first }, { temperature: second });
  }

  async #save(): Promise<void> {
    if (!this.#directory) return;
    await this.#flush();
    this.#state.seconds = this.#seconds;
    await saveCheckpoint(
      this.#directory.file("last.safetensors"),
      this.#variables(),
      this.#state,
      this.#wait,
    );
    this.#savedAt = performance.now();
  }

  /** Writes `config.json`, once in a run's life and before its first step. */
  async #describe(): Promise<void> {
    if (!this.#directory || await this.#directory.has("config.json")) return;
    const { source, classes } = this.#training;
    const { architecture } = describeModel(this.#model);
    const runtime = globalThis.Deno;
    await this.#directory.writeJson("config.json", {
      libraryVersion: VERSION,
      startedAt: new Date().toISOString(),
      config: this.#config,
      architecture,
      parameters: this.#model.countParams(),
      data: {
        source,
        classes,
        trainingImages: this.#training.length,
        validationImages: this.#validation.length,
      },
      machine: {
        adapter: this.#gpu?.description ?? tf.getBackend(),
        isSoftware: this.#gpu?.isSoftware ?? true,
        deno: runtime?.version.deno,
        os: runtime?.build.os,
        arch: runtime?.build.arch,
        cores: navigator.hardwareConcurrency,
        tfjs: tf.version_core,
      },
      ...this.#notes,
      dataFingerprint: dataFingerprint(this.#training, this.#validation),
    });
  }

  /** Refuses to go on with other data, before anything is trained or written. */
  async #checkData(directory: RunDirectory): Promise<void> {
    const recorded = await directory.readConfig();
    const { dataFingerprint: before, data } = recorded as {
      readonly dataFingerprint?: Partial<DataFingerprint>;
      readonly data?: Partial<DataFingerprint>;
    };
    const now = dataFingerprint(this.#training, this.#validation);
    // A run of a version that had no fingerprint records the classes alone.
    const difference = dataDifference(before ?? { classes: data?.classes }, now);
    if (difference === null) return;
    throw new RunDirectoryError(
      `Cannot go on with ${directory.path}: the data are not those that the run began with: ` +
        difference,
    );
  }

  /** Takes up the state of the run directory's last checkpoint, where there is one. */
  async #restore(): Promise<void> {
    if (!this.#directory) return;
    await this.#checkData(this.#directory);
    await removeTemporaryFiles(this.#directory.path);
    if (await this.#directory.has("last.safetensors")) {
      const path = this.#directory.file("last.safetensors");
      Object.assign(this.#state, await loadCheckpoint(path, this.#variables()));
      const { plateau, earlyStopping, dropout, optimizerSteps, seconds } = this.#state;
      this.#plateau.setState(plateau);
      this.#earlyStopping.setState(earlyStopping);
      setDropoutStates(this.#model, dropout);
      this.#optimizer.setSteps(optimizerSteps);
      this.#secondsBefore = seconds;
    }
    await this.#takeNewLength(this.#directory);
    const { step, epoch } = this.#state;
    const lines = await this.#directory.rewindMetrics((line) =>
      line.step <= step && (line.type === "step" || line.partial || line.epoch < epoch)
    );
    this.#history = lines.filter((line): line is EpochLine => line.type === "epoch");
  }

  /**
   * Lets a run become longer or shorter, where it would have come to where it is all the same.
   */
  async #takeNewLength(directory: RunDirectory): Promise<void> {
    const recorded = await directory.readConfig() as {
      readonly config?: Partial<TrainingConfig>;
    };
    const { epochs, decayEpochs, fullSizeEpochs } = this.#config;
    // A run of a version that had no such setting does not record it.
    const {
      epochs: epochsBefore = epochs,
      decayEpochs: decayBefore = decayEpochs,
      fullSizeEpochs: fullSizeBefore = fullSizeEpochs,
    } = recorded.config ?? {};
    if (
      epochsBefore === epochs && decayBefore === decayEpochs && fullSizeBefore === fullSizeEpochs
    ) {
      return;
    }
    const before = trainingConfig({
      ...this.#config,
      epochs: epochsBefore,
      decayEpochs: decayBefore,
    });
    const { optimizerSteps, epoch, batch, finished } = this.#state;
    const change = `Cannot go on with ${epochs} epochs, ${decayEpochs} of decay, instead of ` +
      `${epochsBefore}, ${decayBefore} of decay: `;
    const begun = batch > 0 ? epoch : epoch - 1;
    if (begun > epochs) throw new RangeError(`${change}${begun} have begun`);
    const firstFullSize = Math.min(epochsBefore - fullSizeBefore, epochs - fullSizeEpochs) + 1;
    if (epochsBefore - fullSizeBefore !== epochs - fullSizeEpochs && begun >= firstFullSize) {
      throw new RangeError(
        `${change}epoch ${firstFullSize}, which has begun, would have seen images of another size`,
      );
    }
    for (let step = 0; step < optimizerSteps; step++) {
      const then = scheduleFactor(before, step, this.#stepsPerEpoch);
      if (then === scheduleFactor(this.#config, step, this.#stepsPerEpoch)) continue;
      throw new RangeError(
        `${change}with the ${this.#config.scheduler} schedule, step ${step + 1} of ` +
          `${optimizerSteps} that are done would have had another learning rate`,
      );
    }
    if (finished !== "earlyStopping") this.#state.finished = epoch > epochs ? "epochs" : null;
    const config = { ...recorded.config, epochs, decayEpochs, fullSizeEpochs };
    await directory.writeJson("config.json", { ...recorded, ...this.#notes, config });
  }

  /** Gives the network the weights of the best validation. */
  async #restoreBest(): Promise<void> {
    if (!this.#state.best) return;
    if (this.#directory) {
      const { bytes, name } = await readSource(this.#directory.file("best.safetensors"));
      const { tensors, metadata } = readSafetensors(bytes, name);
      loadStateDict(this.#model, tensors, { source: name });
      const { temperature: second } = JSON.parse(metadata.ferPlus ?? "{}");
      this.#setTemperatures([JSON.parse(metadata.temperature ?? "1"), second]);
      return;
    }
    this.#setTemperatures(this.#bestTemperatures);
    for (const [name, values] of this.#bestWeights ?? []) {
      const variable = this.#weights.get(name);
      if (variable) tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
    }
  }

  /** Frees what the run made; the network stays. */
  async dispose(): Promise<void> {
    this.#loader.close();
    this.#fullSizeLoader.close();
    this.#optimizer.dispose();
    this.#average?.dispose();
    tf.dispose(this.#pending.flatMap(({ loss, correct }) => [loss, correct]));
    tf.dispose([...this.#accumulated?.values() ?? []]);
    await this.#reading?.results.catch(() => {});
  }
}
