/**
 * A training as TensorBoard shows it.
 *
 * @module
 */
import type {
  TrainingBegin,
  TrainingCallback,
  TrainingProgress,
  TrainingResult,
  ValidationResult,
} from "../train/callbacks.ts";
import { fileSystem } from "../files/file_system.ts";
import type { EpochLine } from "../runs/run_directory.ts";
import { encodePng } from "../data/encode_png.ts";
import { confusionPicture } from "./confusion_picture.ts";
import {
  type EventContent,
  type HyperparameterValue,
  loadMessages,
  type Messages,
  type SummaryValue,
} from "./messages.ts";
import { recordOf } from "./record.ts";

/** What a {@linkcode TensorBoardLog} writes beside the training. */
export interface TensorBoardOptions {
  /**
   * Hyperparameters besides the training's configuration, by name: the network's, for instance.
   *
   * @default none
   */
  readonly hyperparameters?: Readonly<Record<string, number | string | boolean>>;
}

/** Seconds between two values of the loss within an epoch. */
const EVERY = 1;

/** The version of event files that is written. */
const FILE_VERSION = "brain.Event:2";

/** What is shown beside the hyperparameters. */
const SHOWN = [
  { tag: "accuracy/validation", name: "validation accuracy" },
  { tag: "macro_f1/validation", name: "validation macro-F1" },
  { tag: "loss/validation", name: "validation loss" },
];

/** Files of one process, told apart. */
let opened = 0;

/**
 * Writes an event file for TensorBoard while a network trains: losses, scores of all and of each
 * class, learning rate and speed as scalars, the confusion matrix as an image, the configuration as
 * hyperparameters. In a run that goes on, what an earlier start wrote past the last checkpoint does
 * not count any more.
 *
 * `tensorboard --logdir runs` shows the files of all runs in a folder.
 *
 * @example
 * ```ts
 * import { buildFerCnn, drawnFaces } from "@fer/core";
 * import { TensorBoardLog, Trainer } from "@fer/core/train";
 *
 * const folder = await Deno.makeTempDir();
 * const faces = drawnFaces(40, 42);
 * const model = buildFerCnn({ filters: [2, 2, 2], hidden: 4 });
 * const config = { epochs: 1, batchSize: 16, workers: 0 };
 * const callbacks = [new TensorBoardLog(folder)];
 * await new Trainer(model, config, { callbacks })
 *   .fit(faces.split("Training"), faces.split("PublicTest"));
 * console.assert([...Deno.readDirSync(folder)][0].name.startsWith("events.out.tfevents."));
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export class TensorBoardLog implements TrainingCallback {
  readonly #folder: string;
  readonly #more: Readonly<Record<string, HyperparameterValue>>;
  #file: string | null = null;
  #messages: Messages | null = null;
  #classes: readonly string[] = [];
  #step = 0;
  #shownAt = -Infinity;

  /**
   * Makes a log; nothing is written before training begins.
   *
   * @param folder Where the file goes, for instance the run's folder; it is made with the file.
   * @param options What else is written.
   */
  constructor(folder: string, options: TensorBoardOptions = {}) {
    this.#folder = folder;
    this.#more = options.hyperparameters ?? {};
  }

  async #write(content: EventContent, step = this.#step): Promise<void> {
    if (!this.#file || !this.#messages) return;
    const record = recordOf(this.#messages.event(Date.now() / 1000, step, content));
    const { appendFile } = await fileSystem();
    await appendFile(this.#file, record);
  }

  /** Scalars of a step; those that are not finite are left out. */
  async #scalars(step: number, values: Readonly<Record<string, unknown>>): Promise<void> {
    const value = Object.entries(values).flatMap(([tag, each]): SummaryValue[] =>
      typeof each === "number" && Number.isFinite(each) ? [{ tag, simpleValue: each }] : []
    );
    this.#step = step;
    await this.#write({ summary: { value } });
  }

  /**
   * Opens the file and writes the hyperparameters.
   *
   * @param begin What is known when training begins.
   */
  async onTrainBegin(begin: TrainingBegin): Promise<void> {
    const seconds = Date.now() / 1000;
    this.#messages = await loadMessages();
    const { mkdir, writeFile } = await fileSystem();
    await mkdir(this.#folder, { recursive: true });
    // Two processes do not begin in one folder within a millisecond.
    const name = `events.out.tfevents.${Math.floor(seconds)}.fer.${Date.now()}.${opened++}`;
    this.#file = `${this.#folder}/${name}`;
    await writeFile(this.#file, "", { flag: "wx" });
    this.#classes = begin.validation.classes;
    this.#step = begin.step;
    await this.#write({ fileVersion: FILE_VERSION }, 0);
    if (begin.step > 0) await this.#write({ sessionLog: { status: 1 } }, begin.step + 1);
    const settings = new Map<string, HyperparameterValue>();
    for (const [key, value] of Object.entries({ ...begin.config, ...this.#more })) {
      const isPlain = typeof value === "string" || typeof value === "boolean" ||
        (typeof value === "number" && Number.isFinite(value));
      if (isPlain) settings.set(key, value);
    }
    await this.#write({ summary: { value: this.#messages.begin(settings, SHOWN, seconds) } }, 0);
  }

  /**
   * Writes the loss, now and then.
   *
   * @param progress Where training stands.
   */
  async onProgress({ step, loss, lr, seconds }: TrainingProgress): Promise<void> {
    if (seconds - this.#shownAt < EVERY) return;
    this.#shownAt = seconds;
    await this.#scalars(step, { "loss/epoch so far": loss, "learning_rate": lr });
  }

  /**
   * Writes an epoch's figures and its confusion matrix.
   *
   * @param line The epoch's line.
   * @param validation What it was made from.
   */
  async onEpochEnd(line: EpochLine, { evaluation }: ValidationResult): Promise<void> {
    const { perClass, confusion } = evaluation;
    await this.#scalars(line.step, {
      "loss/train": line.trainLoss,
      "loss/validation": line.valLoss,
      "accuracy/train": line.trainAccuracy,
      "accuracy/validation": line.valAccuracy,
      "macro_f1/validation": line.valMacroF1,
      ...(line.ferPlus && {
        "accuracy/ferplus": line.ferPlus.valAccuracy,
        "macro_f1/ferplus": line.ferPlus.valMacroF1,
      }),
      ...Object.fromEntries(
        Object.entries(perClass).map(([name, { f1 }]) => [`f1/${name}`, f1]),
      ),
      "learning_rate": line.lr,
      "images_per_second": line.imagesPerSecond,
      "epoch": line.epoch,
    });
    const picture = confusionPicture(confusion, this.#classes);
    const { width, height } = picture;
    const encodedImageString = await encodePng(picture);
    const image = { width, height, colorspace: 3, encodedImageString } as const;
    await this.#write({ summary: { value: [{ tag: "confusion", image }] } });
  }

  /**
   * Notes the end.
   *
   * @param result What training came to.
   */
  async onTrainEnd({ stopped }: TrainingResult): Promise<void> {
    const end = this.#messages?.end(stopped !== "aborted", Date.now() / 1000);
    if (end) await this.#write({ summary: { value: [end] } });
    this.#file = null;
  }
}
