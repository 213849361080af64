/**
 * The weights of the best validation so far.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { FERPLUS_CLASSES } from "../emotions.ts";
import { applyTemperature } from "../metrics.ts";
import {
  type FerModel,
  loadStateDict,
  namedWeights,
  readSafetensors,
  saveModel,
} from "../model.ts";
import { calibrate } from "../model/description.ts";
import type { HeadAnswers } from "../model/reading.ts";
import { readSource } from "../model/source.ts";
import type { EpochLine, RunDirectory } from "../runs/run_directory.ts";
import type { Validation } from "./validation.ts";

/** What is written beside the best weights. */
export interface BestOptions {
  /** Where they go; they stay in memory when left out. */
  readonly directory?: RunDirectory;
  /** How answers to the validation images are judged. */
  readonly validation: Validation;
  /** What was trained on. */
  readonly data: { readonly source: string; readonly trainingImages: number };
}

/** Keeps the best weights, calibrated, in a run's folder or else in memory. */
export class BestWeights {
  readonly #model: FerModel;
  readonly #options: BestOptions;
  #inMemory: ReadonlyMap<string, Float32Array> | null = null;
  #temperatures: readonly number[] = [1];
  #probabilities: Float32Array | null = null;

  /**
   * Begins with none.
   *
   * @param model The network.
   * @param options Where to keep them.
   */
  constructor(model: FerModel, options: BestOptions) {
    this.#model = model;
    this.#options = options;
  }

  /** What the best weights answer to the validation images; null where none were kept by this. */
  get probabilities(): Float32Array | null {
    return this.#probabilities;
  }

  /**
   * Keeps the network's present weights, and how they do.
   *
   * @param line What the validation found.
   * @param uncalibrated Each output's answers to the validation images, at a temperature of 1.
   */
  async keep(line: EpochLine, uncalibrated: HeadAnswers): Promise<void> {
    const { directory, validation } = this.#options;
    const { classes } = validation.images;
    this.#temperatures = validation.temperatures(uncalibrated);
    const calibrated = uncalibrated.map((answers, head) =>
      applyTemperature(answers, this.#temperatures[head], {
        classes: head === 0 ? classes.length : FERPLUS_CLASSES.length,
      })
    );
    [this.#probabilities] = calibrated;
    if (directory) await this.#write(directory, line, calibrated);
    else await this.#remember();
  }

  async #write(directory: RunDirectory, line: EpochLine, answers: HeadAnswers): Promise<void> {
    const { evaluation, ferPlus } = this.#options.validation.evaluate(answers);
    const { epoch, valAccuracy, valMacroF1, valLoss } = line;
    this.#calibrate(this.#temperatures);
    await saveModel(this.#model, directory.file("best.safetensors"), {
      metadata: {
        data: this.#options.data,
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
    this.#calibrate([1, 1]);
    await directory.writeJson("evaluation.json", evaluation);
    if (ferPlus) await directory.writeJson("evaluation_ferplus.json", ferPlus.evaluation);
  }

  async #remember(): Promise<void> {
    const weights = [...namedWeights(this.#model)];
    const values = await Promise.all(weights.map(([, variable]) => variable.data()));
    this.#inMemory = new Map(weights.map(([name], i) => [name, values[i] as Float32Array]));
  }

  #calibrate([first, second = 1]: readonly number[]): void {
    calibrate(this.#model, { temperature: first }, { temperature: second });
  }

  /** Gives the network the weights that were kept. */
  async restore(): Promise<void> {
    const { directory } = this.#options;
    if (directory) {
      const { bytes, name } = await readSource(directory.file("best.safetensors"));
      const { tensors, metadata } = readSafetensors(bytes, name);
      loadStateDict(this.#model, tensors, { source: name });
      const { temperature: second } = JSON.parse(metadata.ferPlus ?? "{}");
      this.#calibrate([JSON.parse(metadata.temperature ?? "1"), second]);
      return;
    }
    this.#calibrate(this.#temperatures);
    const weights = namedWeights(this.#model);
    for (const [name, values] of this.#inMemory ?? []) {
      const variable = weights.get(name);
      if (variable) tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
    }
  }
}
