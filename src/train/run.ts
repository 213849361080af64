/**
 * The training loop.
 *
 * @module
 */
import type { FerDataset } from "../data/dataset.ts";
import type { Batch } from "../data/loader.ts";
import { dropoutStates, type FerModel, removeTemporaryFiles, setDropoutStates } from "../model.ts";
import { calibrate } from "../model/description.ts";
import type { HeadAnswers } from "../model/reading.ts";
import type { EpochLine, RunDirectory } from "../runs/run_directory.ts";
import { BestWeights } from "./best_weights.ts";
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
import { checkTraining } from "./checks.ts";
import { ferPlusShares, labelShares } from "./class_shares.ts";
import { EarlyStopping } from "./early_stopping.ts";
import { Learner } from "./learner.ts";
import { Loaders } from "./loaders.ts";
import { Meter } from "./meter.ts";
import { beginRecord, checkRecord, takeNewLength } from "./record_keeping.ts";
import { RunClock } from "./run_clock.ts";
import type { TrainingConfig } from "./settings.ts";
import { type StepResult, StepResults } from "./step_results.ts";
import type { TrainerOptions } from "./trainer_options.ts";
import { type StepOptions, stepOptions, trainingStep } from "./training_step.ts";
import { isBetter, Validation, validationScores } from "./validation.ts";

/** The images of a set that `overfitBatches` or `fastDevRun` leave. */
function limited(dataset: FerDataset, config: TrainingConfig): FerDataset {
  const batches = config.fastDevRun ? 1 : config.overfitBatches;
  const most = batches * config.batchSize;
  if (most === 0 || dataset.length <= most) return dataset;
  return dataset.subset(Array.from({ length: most }, (_, i) => i));
}

/** How far a run is; the rest of its state is its parts'. */
interface Place {
  epoch: number;
  batch: number;
  step: number;
  best: EpochLine | null;
  finished: TrainingState["finished"];
}

/** One call of `fit()`. */
export class Run {
  readonly #model: FerModel;
  readonly #config: TrainingConfig;
  readonly #options: TrainerOptions;
  readonly #training: FerDataset;
  readonly #validation: Validation;
  readonly #stepOptions: StepOptions;
  readonly #loaders: Loaders;
  readonly #learner: Learner;
  readonly #earlyStopping: EarlyStopping;
  readonly #results: StepResults;
  readonly #bestWeights: BestWeights;
  readonly #meter = new Meter();
  readonly #clock = new RunClock();
  readonly #place: Place = { epoch: 1, batch: 0, step: 0, best: null, finished: null };
  #history: EpochLine[] = [];

  /**
   * Checks what is about to be trained, and makes the parts.
   *
   * @param model The network.
   * @param config The settings.
   * @param options Where to write, whom to tell.
   * @param training The images to train on.
   * @param validation The images to validate on.
   * @throws {RangeError} When they do not go together.
   */
  constructor(
    model: FerModel,
    config: TrainingConfig,
    options: TrainerOptions,
    training: FerDataset,
    validation: FerDataset,
  ) {
    this.#model = model;
    this.#config = config;
    this.#options = options;
    this.#training = limited(training, config);
    const images = config.overfitBatches > 0 ? this.#training : limited(validation, config);
    checkTraining({ ...options, model, config, training: this.#training, validation: images });
    this.#validation = new Validation(images, this.#training, config);
    this.#stepOptions = stepOptions(config, this.#training);
    this.#loaders = new Loaders(this.#training, config, options.augmentation);
    this.#learner = new Learner(model, config, this.#loaders.batches, options);
    this.#earlyStopping = new EarlyStopping(config.patience || Infinity);
    this.#results = new StepResults((results) => this.#takeIn(results));
    this.#bestWeights = new BestWeights(model, {
      directory: options.runDirectory,
      validation: this.#validation,
      data: { source: this.#training.source, trainingImages: this.#training.length },
    });
  }

  /** Trains until something ends it. */
  async train(): Promise<TrainingResult> {
    await this.#begin();
    const place = this.#place;
    let stopped: StopReason | null = place.finished ?? this.#limit();
    while (!stopped) {
      stopped = await this.#trainEpoch();
      if (stopped) break;
      const isLast = place.epoch >= this.#config.epochs || this.#config.fastDevRun;
      const verdict = await this.#endEpoch(false);
      if (verdict === "aborted") {
        await this.#save();
        stopped = verdict;
        break;
      }
      if (verdict === "stop") stopped = "earlyStopping";
      else if (isLast) stopped = "epochs";
      else stopped = this.#limit();
      place.epoch++;
      place.batch = 0;
      this.#meter.reset();
      if (stopped === "epochs" || stopped === "earlyStopping") place.finished = stopped;
      await this.#save();
    }
    if (place.best) await this.#bestWeights.restore();
    const result: TrainingResult = {
      stopped,
      history: this.#history,
      best: place.best,
      steps: place.step,
      seconds: this.#clock.seconds,
      probabilities: this.#bestWeights.probabilities,
    };
    await this.#tell((callback) => callback.onTrainEnd?.(result));
    return result;
  }

  async #tell(what: (callback: TrainingCallback) => void | Promise<void>): Promise<void> {
    for (const callback of this.#options.callbacks ?? []) await what(callback);
  }

  /** Takes up the run where its folder has it, or begins it. */
  async #begin(): Promise<void> {
    // What a network was calibrated for before says nothing of what it becomes.
    const { votes } = this.#training;
    calibrate(
      this.#model,
      { temperature: 1, classShares: labelShares(this.#training, this.#config) },
      { temperature: 1, ...(votes && { classShares: ferPlusShares(votes) }) },
    );
    const { runDirectory } = this.#options;
    if (runDirectory) {
      await this.#restore(runDirectory);
    }
    const { epoch, step } = this.#place;
    await this.#tell((callback) =>
      callback.onTrainBegin?.({
        config: this.#config,
        trainingImages: this.#training.length,
        validationImages: this.#validation.images.length,
        validation: this.#validation.images,
        batches: this.#loaders.batches,
        epoch,
        step,
      })
    );
  }

  /** Whether a limit has been reached, and which. */
  #limit(): StopReason | null {
    const { maxSteps, maxMinutes } = this.#config;
    if (this.#options.signal?.aborted) return "aborted";
    if (maxSteps > 0 && this.#place.step >= maxSteps) return "maxSteps";
    if (maxMinutes > 0 && this.#clock.minutesOfThisStart >= maxMinutes) return "maxMinutes";
    return null;
  }

  /** Trains until the epoch ends (null) or something stops it. */
  async #trainEpoch(): Promise<StopReason | null> {
    const place = this.#place;
    for await (const batch of this.#loaders.epoch(place.epoch, place.batch)) {
      await this.#trainBatch(batch);
      if (place.batch === this.#loaders.batches || this.#learner.isWaiting) continue;
      const reason = this.#limit();
      if (reason) return await this.#stopWithinEpoch(reason);
      if (this.#clock.isTimeToSave) await this.#save();
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
    const place = this.#place;
    const { lr, trainable } = this.#learner;
    const { gradients, loss, correct } = trainingStep(
      this.#model,
      trainable,
      batch,
      place.step,
      this.#stepOptions,
    );
    place.step++;
    place.batch++;
    this.#learner.learn(gradients, place.batch);
    const images = batch.shape[0];
    await this.#results.push({ step: place.step, batch: place.batch, lr, images }, loss, correct);
    await this.#clock.letOthersWork();
  }

  /** Checks results that have come back, and reports them. */
  async #takeIn(results: readonly StepResult[]): Promise<void> {
    const { epoch } = this.#place;
    const wrong = results.find(({ loss }) => !Number.isFinite(loss));
    if (wrong) {
      throw new TrainingDivergedError(
        `Training diverged at epoch ${epoch}, step ${wrong.step}: the loss is ${wrong.loss} at a ` +
          `learning rate of ${wrong.lr}. Lower the learning rate, or clip the gradients`,
      );
    }
    const imagesPerSecond = this.#meter.add(results);
    const { step, batch, lr } = results[results.length - 1];
    const { seconds } = this.#clock;
    const line = this.#options.runDirectory && this.#meter.log();
    if (line) {
      const { loss } = line;
      await this.#options.runDirectory?.appendMetrics(
        { type: "step", epoch, step, loss, lr, imagesPerSecond: line.imagesPerSecond, seconds },
      );
    }
    await this.#tell((callback) =>
      callback.onProgress?.({
        epoch,
        epochs: this.#config.epochs,
        batch,
        batches: this.#loaders.batches,
        step,
        loss: this.#meter.loss,
        accuracy: this.#meter.accuracy,
        lr,
        imagesPerSecond,
        seconds,
      })
    );
  }

  /**
   * Validates, keeps the best, moves the schedules; says whether to stop early. A validation that
   * the signal cuts off leaves no trace: it is made anew when the run goes on.
   */
  async #endEpoch(partial: boolean): Promise<"go on" | "stop" | "aborted"> {
    await this.#results.flush();
    const { lr } = this.#learner;
    const { signal } = this.#options;
    let found: { readonly line: EpochLine; readonly validation: ValidationResult };
    try {
      found = await this.#learner.lend(() => this.#validate(lr, partial));
    } catch (error) {
      if (signal?.aborted && error === signal.reason) return "aborted";
      throw error;
    }
    const { line, validation } = found;
    if (line.best) this.#place.best = line;
    this.#history.push(line);
    await this.#options.runDirectory?.appendMetrics(line);
    // A validation that a limit asked for is not an epoch: the schedules go on as if it never was.
    let shouldStop = false;
    if (!partial) {
      this.#learner.endEpoch(line.valLoss);
      shouldStop = this.#earlyStopping.step(line.valLoss);
    }
    await this.#tell((callback) => callback.onEpochEnd?.(line, validation));
    this.#meter.resume();
    return shouldStop ? "stop" : "go on";
  }

  async #validate(
    lr: number,
    partial: boolean,
  ): Promise<{ readonly line: EpochLine; readonly validation: ValidationResult }> {
    const answers = await this.#validation.predict(this.#model, (done, total) => {
      for (const callback of this.#options.callbacks ?? []) callback.onValidation?.(done, total);
      this.#options.signal?.throwIfAborted();
    });
    this.#checkAnswers(answers);
    const validation = this.#validation.evaluate(answers);
    const { loss, accuracy, imagesPerSecond } = this.#meter;
    const { epoch, step, best } = this.#place;
    const scores = validationScores(validation);
    const line: EpochLine = {
      type: "epoch",
      epoch,
      step,
      trainLoss: loss,
      trainAccuracy: accuracy,
      ...scores,
      lr,
      imagesPerSecond,
      seconds: this.#clock.seconds,
      best: isBetter(scores, best, this.#config.monitor),
      partial,
    };
    if (line.best) await this.#bestWeights.keep(line, answers);
    return { line, validation };
  }

  #checkAnswers(answers: HeadAnswers): void {
    if (answers.every((each) => each.every(Number.isFinite))) return;
    const { epoch, step } = this.#place;
    throw new TrainingDivergedError(
      `Training diverged at epoch ${epoch}, step ${step}: the network's outputs are not finite ` +
        `after a learning rate of ${this.#learner.lr}. Lower the learning rate, or clip the gradients`,
    );
  }

  /** All that is not in tensors. */
  #state(): TrainingState {
    return {
      ...this.#place,
      ...this.#learner.getState(),
      ...this.#meter.getState(),
      seconds: this.#clock.seconds,
      earlyStopping: this.#earlyStopping.getState(),
      dropout: dropoutStates(this.#model),
    };
  }

  async #save(): Promise<void> {
    const { runDirectory } = this.#options;
    if (!runDirectory) return;
    await this.#results.flush();
    const path = runDirectory.file("last.safetensors");
    await saveCheckpoint(path, this.#learner.variables(), this.#state());
    this.#clock.saved();
  }

  /** Takes up the state of the run directory's last checkpoint, where there is one. */
  async #restore(directory: RunDirectory): Promise<void> {
    const { notes = {} } = this.#options;
    const plan = {
      ...this.#options,
      model: this.#model,
      config: this.#config,
      training: this.#training,
      validation: this.#validation.images,
    };
    if (await directory.has("config.json")) await checkRecord(directory, plan);
    else await beginRecord(directory, plan, notes);
    await removeTemporaryFiles(directory.path);
    if (await directory.has("last.safetensors")) {
      const path = directory.file("last.safetensors");
      const state = await loadCheckpoint(path, this.#learner.variables());
      const { epoch, batch, step, best, finished } = state;
      Object.assign(this.#place, { epoch, batch, step, best, finished });
      this.#learner.setState(state);
      this.#meter.setState(state);
      this.#clock.setState(state);
      this.#earlyStopping.setState(state.earlyStopping);
      setDropoutStates(this.#model, state.dropout);
    }
    const place = this.#place;
    const { stepsPerEpoch } = this.#learner;
    const progress = { ...place, ...this.#learner.getState(), stepsPerEpoch };
    const isOther = await takeNewLength(directory, plan, progress, notes);
    if (isOther && place.finished !== "earlyStopping") {
      place.finished = place.epoch > this.#config.epochs ? "epochs" : null;
    }
    const { step, epoch } = place;
    const lines = await directory.rewindMetrics((line) =>
      line.step <= step && (line.type === "step" || line.partial || line.epoch < epoch)
    );
    this.#history = lines.filter((line): line is EpochLine => line.type === "epoch");
  }

  /** Frees what the run made; the network stays. */
  async dispose(): Promise<void> {
    this.#loaders.close();
    this.#learner.dispose();
    await this.#results.dispose();
  }
}
