/**
 * The batches of a run.
 *
 * @module
 */
import type { FerDataset } from "../data/dataset.ts";
import { type Batch, DataLoader } from "../data/loader.ts";
import { augmentation, type AugmentationFactory } from "./augmentation.ts";
import type { TrainingConfig } from "./settings.ts";

/** Makes batches of crops, and in the last epochs of images of the network's own size. */
export class Loaders {
  readonly #crops: DataLoader;
  readonly #whole: DataLoader;
  readonly #wholeFrom: number;

  /**
   * Makes the loaders; their threads start with the first epoch.
   *
   * @param dataset The images to train on.
   * @param config The settings.
   * @param own The user's own augmentation, in place of the configured one.
   */
  constructor(dataset: FerDataset, config: TrainingConfig, own?: AugmentationFactory) {
    const loaderOf = (trainCropSize: number) => {
      const settings = { ...config, augment: own ?? config.augment, trainCropSize };
      return new DataLoader(dataset, {
        batchSize: config.batchSize,
        shuffle: config.overfitBatches === 0,
        seed: config.seed,
        transform: augmentation(settings, dataset.size),
        workers: config.workers,
      });
    };
    this.#crops = loaderOf(config.trainCropSize);
    this.#whole = loaderOf(0);
    this.#wholeFrom = config.epochs - config.fullSizeEpochs + 1;
  }

  /** Batches of an epoch. */
  get batches(): number {
    return this.#crops.batches;
  }

  /**
   * The batches of an epoch.
   *
   * @param epoch From 1.
   * @param from Batches to leave out, for they were trained on before.
   */
  epoch(epoch: number, from: number): AsyncGenerator<Batch, void, void> {
    return (epoch < this.#wholeFrom ? this.#crops : this.#whole).epoch(epoch, { from });
  }

  /** Ends the loaders' threads. */
  close(): void {
    this.#crops.close();
    this.#whole.close();
  }
}
