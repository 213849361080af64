/**
 * A live page that shows a training while it runs.
 *
 * @module
 */
import type { DatasetAudit } from "../data/audit.ts";
import { answer, type Resource } from "./answer.ts";
import { EventHub } from "./event_hub.ts";
import { chooseFaces, predictionsOf } from "./faces.ts";
import { listen, stopListening } from "./listen.ts";
import { memoryInUse } from "./memory.ts";
import { renderDashboard } from "./page.ts";
import { dashboardScript } from "./script.ts";
import { type DashboardState, type DashboardUpdate, updated } from "./state.ts";
import { StepRecorder, thinned } from "./step_history.ts";
import { STYLE } from "./style.ts";
import { objectIn, readRun } from "../report/run_folder.ts";
import type {
  TrainingBegin,
  TrainingCallback,
  TrainingProgress,
  TrainingResult,
  ValidationResult,
} from "../train/callbacks.ts";
import type { EpochLine, StepLine } from "../runs/run_directory.ts";

/** Milliseconds between two changes of the page. */
const SHOW_EVERY = 1000;

/** Where a {@linkcode Dashboard} is served, and what it shows beside the training. */
export interface DashboardOptions {
  /**
   * The port on 127.0.0.1; 0 for any that is free.
   *
   * @default the first free one from 4848 on
   */
  readonly port?: number;
  /**
   * The run's folder: its name, its machine and, in a run that goes on, what came before are read
   * from it. Without it the page shows what it hears of the training alone.
   */
  readonly runDirectory?: string;
  /** What `auditDataset()` found in the data. */
  readonly audit?: DatasetAudit;
  /**
   * The validation images to show with the network's predictions, at most; 0 for none.
   *
   * @default 14
   */
  readonly faces?: number;
}

/** A live page, which hears of a training as one of its callbacks. */
export interface Dashboard extends TrainingCallback, AsyncDisposable {
  /** The page's address, for instance `http://127.0.0.1:4848/`. */
  readonly url: string;
  /** Tells the pages that training is over, and frees the port. */
  close(): Promise<void>;
}

/** What is known before training begins. */
const NOTHING: DashboardState = {
  run: { name: "Training", source: null, adapter: null, startedAt: null },
  plan: null,
  progress: null,
  secondsLeft: null,
  validating: null,
  memory: null,
  steps: [],
  epochs: [],
  confusion: null,
  faces: [],
  predictions: null,
  end: null,
};

class DashboardServer implements Dashboard {
  readonly url: string;
  readonly #options: DashboardOptions;
  readonly #hub = new EventHub();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #state: DashboardState;
  #recorder: StepRecorder | null = null;
  #shownAt = -Infinity;
  #pointAt = -Infinity;
  /** Where training stood when it was first heard of in this start, from which its pace follows. */
  #first: { readonly at: number; readonly step: number } | null = null;
  #progress: TrainingProgress | null = null;
  #maxSteps = 0;
  #isClosed = false;

  constructor(options: DashboardOptions) {
    const { port, runDirectory, audit } = options;
    this.#options = options;
    this.#state = {
      ...NOTHING,
      run: {
        ...NOTHING.run,
        name: runDirectory?.split(/[/\\]/).filter(Boolean).at(-1) ?? NOTHING.run.name,
        source: audit?.source ?? null,
      },
    };
    const page = renderDashboard(this.#state.run.name, audit);
    const resources: Readonly<Record<string, Resource>> = {
      "/": { type: "text/html; charset=utf-8", body: () => page },
      "/dashboard.css": { type: "text/css; charset=utf-8", body: () => STYLE },
      "/dashboard.js": { type: "text/javascript; charset=utf-8", body: dashboardScript },
      "/state.json": { type: "application/json", body: () => JSON.stringify(this.#state) },
      "/events": {
        type: "text/event-stream",
        body: () => this.#hub.connect("state", this.#state),
      },
    };
    this.#server = listen(port, (request) => answer(request, resources));
    // A page that nobody closes does not keep the app from ending.
    this.#server.unref();
    this.url = `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  async onTrainBegin(begin: TrainingBegin): Promise<void> {
    const { config, trainingImages, validationImages, validation, batches, step } = begin;
    this.#recorder = new StepRecorder(config.batchSize, trainingImages);
    this.#maxSteps = config.maxSteps;
    this.#first = this.#progress = null;
    const { run } = this.#state;
    this.#state = {
      ...NOTHING,
      run: { ...run, source: run.source ?? validation.source },
      plan: {
        epochs: config.epochs,
        batches,
        trainingImages,
        validationImages,
        scheduler: config.scheduler,
        classes: validation.classes,
        resumedAt: step,
      },
      faces: await chooseFaces(validation, this.#options.faces ?? 14),
      memory: memoryInUse(),
    };
    this.#state = updated(this.#state, await this.#before());
    this.#hub.send("state", this.#state);
  }

  /** What the run's folder knows: of the machine and, when the run goes on, of what came before. */
  async #before(): Promise<DashboardUpdate> {
    const { runDirectory } = this.#options;
    // A folder that cannot be read is the trainer's to complain of.
    const run = runDirectory ? await readRun(runDirectory).catch(() => null) : null;
    if (!run) return {};
    const { adapter } = objectIn(run.config, "machine");
    const startedAt = run.config?.startedAt;
    const steps = run.metrics.filter((line): line is StepLine => line.type === "step");
    const epochs = run.metrics.filter((line): line is EpochLine => line.type === "epoch");
    const best = epochs.findLast((line) => line.best);
    return {
      run: {
        ...this.#state.run,
        name: run.name,
        adapter: typeof adapter === "string" ? adapter : null,
        startedAt: typeof startedAt === "string" ? startedAt : null,
      },
      steps: thinned(
        steps.map(({ step, loss, lr, imagesPerSecond }) => ({ step, loss, lr, imagesPerSecond })),
      ),
      epochs,
      confusion: best && run.evaluation
        ? { epoch: best.epoch, counts: run.evaluation.confusion }
        : null,
    };
  }

  onProgress(progress: TrainingProgress): void {
    this.#recorder?.add(progress);
    this.#progress = progress;
    const now = performance.now();
    this.#first ??= { at: now, step: progress.step };
    if (now - this.#shownAt < SHOW_EVERY) return;
    this.#shownAt = now;
    this.#update(this.#standing());
  }

  onValidation(done: number, total: number): void {
    const now = performance.now();
    if (now - this.#shownAt < SHOW_EVERY) return;
    this.#shownAt = now;
    this.#update({ validating: { done, total } });
  }

  onEpochEnd(line: EpochLine, validation: ValidationResult): void {
    const { faces, plan } = this.#state;
    const { evaluation, probabilities } = validation;
    this.#update({
      ...this.#standing(),
      epochs: [line],
      confusion: { epoch: line.epoch, counts: evaluation.confusion },
      predictions: {
        epoch: line.epoch,
        probabilities: predictionsOf(faces, probabilities, plan?.classes.length ?? 0),
      },
    });
  }

  onTrainEnd({ stopped }: TrainingResult): void {
    this.#update({ end: { stopped }, secondsLeft: null, validating: null });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (!this.#state.end) this.#update({ end: { stopped: null } });
    this.#hub.close();
    await stopListening(this.#server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Where training stands, and the steps since that was last said. */
  #standing(): DashboardUpdate {
    const progress = this.#progress;
    // A stretch of a few steps, as an epoch's end may leave, tells of chance alone: it joins the next.
    const isLong = performance.now() - this.#pointAt >= SHOW_EVERY / 2;
    const point = progress && isLong ? this.#recorder?.take(progress) : null;
    if (point) this.#pointAt = performance.now();
    return {
      progress,
      secondsLeft: progress && this.#secondsLeft(progress),
      validating: null,
      memory: memoryInUse(),
      steps: point ? [point] : [],
    };
  }

  /** Seconds until the last epoch or step at the pace so far, validation included. */
  #secondsLeft({ epoch, epochs, batch, batches, step }: TrainingProgress): number | null {
    if (!this.#first || step === this.#first.step) return null;
    const toDo = (epochs - epoch) * batches + batches - batch;
    const steps = this.#maxSteps > 0 ? Math.min(toDo, this.#maxSteps - step) : toDo;
    const pace = (performance.now() - this.#first.at) / 1000 / (step - this.#first.step);
    return steps * pace;
  }

  #update(update: DashboardUpdate): void {
    const state = updated(this.#state, update);
    this.#state = { ...state, steps: thinned(state.steps) };
    this.#hub.send("update", update);
  }
}

/**
 * Serves a live page about a training: its figures, curves, confusion matrix, some validation images
 * with their predictions, and what is wrong with the data.
 *
 * The page is for this machine alone: it is served on 127.0.0.1, to browsers that call it by that
 * name or `localhost`, and loads nothing from elsewhere. The images stay in memory. It needs the
 * permission `--allow-net=127.0.0.1`.
 *
 * @param options The port, the run's folder, the data's audit.
 * @returns The page's address; hand it to the trainer as one of its callbacks, and close it.
 * @throws {DashboardError} When the port is taken or may not be used.
 * @throws {RangeError} When there is no such port.
 *
 * @example Watch a training
 * ```ts
 * import { buildFerCnn, drawnFaces, Trainer } from "@fer/core";
 * import { serveDashboard } from "@fer/core/dashboard";
 *
 * const faces = drawnFaces(32, 42);
 * const model = buildFerCnn({ filters: [2, 2, 2], hidden: 4, seed: 42 });
 * await using dashboard = serveDashboard({ port: 0 });
 * const page = await fetch(dashboard.url);
 * console.assert((await page.text()).startsWith("<!doctype html>"));
 * const trainer = new Trainer(
 *   model,
 *   { batchSize: 16, maxSteps: 2, workers: 0 },
 *   { callbacks: [dashboard] },
 * );
 * await trainer.fit(faces.split("Training"), faces.split("PublicTest"));
 * ```
 */
export function serveDashboard(options: DashboardOptions = {}): Dashboard {
  return new DashboardServer(options);
}
