/**
 * Training, from outside.
 *
 * @module
 */
import { checkTrainable } from "../engine/trainable.ts";
import type { FerDataset } from "../data/dataset.ts";
import type { FerModel } from "../model.ts";
import { withMemoryAdvice } from "../gpu/errors.ts";
import type { TrainingResult } from "./callbacks.ts";
import { Run } from "./run.ts";
import { type TrainingConfig, trainingConfig } from "./settings.ts";
import type { TrainerOptions } from "./trainer_options.ts";

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
   * @throws {GpuError} When the GPU refuses a program, or has too little memory for the batch.
   * @throws {GpuDeviceLostError} When the device is lost; the last checkpoint is intact.
   * @throws {EngineError} When tfjs computes on a backend that cannot train, as wasm.
   */
  async fit(training: FerDataset, validation: FerDataset): Promise<TrainingResult> {
    checkTrainable();
    const run = new Run(this.#model, this.config, this.#options, training, validation);
    const { gpu } = this.#options;
    try {
      return gpu ? await gpu.wait(() => run.train()) : await run.train();
    } catch (error) {
      const { batchSize } = this.config;
      throw withMemoryAdvice(
        error,
        `Cannot train with a batch size of ${batchSize.toLocaleString("en")}`,
        `Train with half as many images at once, ${Math.max(1, batchSize >> 1)}, and with ` +
          "accumulateGradBatches to make up for it; the last checkpoint is intact",
      );
    } finally {
      await run.dispose();
    }
  }
}
