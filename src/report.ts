/**
 * A training run as one page to look at: `report.html`.
 *
 * @example
 * ```ts
 * import { writeReport } from "@fer/core/report";
 *
 * const run = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${run}/config.json`, '{"config": {"epochs": 60}}');
 * const path = await writeReport(run, { photos: false });
 * console.assert((await Deno.readTextFile(path)).startsWith("<!doctype html>"));
 * await Deno.remove(run, { recursive: true });
 * ```
 *
 * @module
 */
import type { FerDataset } from "./data/dataset.ts";
import { writeFileAtomic } from "./model/atomic_write.ts";
import { checkEvaluable } from "./evaluate/evaluable.ts";
import { renderReport } from "./report/page.ts";
import type { Predictions } from "./report/predictions.ts";
import { readRun } from "./report/run_folder.ts";

export type { FerDataset, FerDatasetInit, Usage } from "./data/dataset.ts";
export { USAGES } from "./data/dataset.ts";
export type { Image } from "./transforms/transform.ts";
export type { Predictions };

/** What {@linkcode writeReport} has to go on, and what it may show. */
export interface ReportOptions {
  /**
   * The validation images: the run's best weights are loaded and give their probabilities for the
   * reliability diagram and the worst mistakes. Not needed with `predictions`.
   */
  readonly dataset?: FerDataset;
  /** The best weights' probabilities for the validation images, where they are known already. */
  readonly predictions?: Predictions;
  /** The training images: with them the accuracy on leak-free images is always known. */
  readonly training?: FerDataset;
  /**
   * Whether the report may show images of faces.
   *
   * @default true
   */
  readonly photos?: boolean;
}

async function predictBest(
  runDirectory: string,
  dataset: FerDataset,
): Promise<Predictions | { readonly missing: string }> {
  const path = `${runDirectory}/best.safetensors`;
  if (!await Deno.stat(path).then(() => true, () => false)) {
    return { missing: "There are no best weights yet: best.safetensors is missing." };
  }
  const [{ loadModel }, { predictDataset }] = await Promise.all([
    import("./model/model_file.ts"),
    import("./predict.ts"),
  ]);
  const { model, metadata } = await loadModel(path);
  try {
    checkEvaluable(dataset, metadata.classes);
    return { probabilities: await predictDataset(model, dataset), dataset };
  } finally {
    model.dispose();
  }
}

/**
 * Writes a run's `report.html`: one file, light and dark, that needs no network and no script.
 *
 * It shows the key figures, curves, confusion matrix, scores of each class, calibration, the worst
 * mistakes, the data and its audit, the configuration and the machine. Of a run that has only begun
 * it shows what there is, and says what is missing and why.
 *
 * @param runDirectory The run's folder: `config.json`, `metrics.jsonl`, `evaluation.json`,
 * `best.safetensors`, each as far as it is there.
 * @param options The validation images or their probabilities, and whether to show photographs.
 * @returns The report's path.
 * @throws {Deno.errors.NotFound} When there is no such folder or it holds no run.
 * @throws {SyntaxError} When one of its files is malformed.
 * @throws {CheckpointError} When `best.safetensors` is there but is no model, or the report cannot
 * be written; an older report is then as it was.
 * @throws {TypeError} When the images' classes are not the network's.
 */
export async function writeReport(
  runDirectory: string,
  options: ReportOptions = {},
): Promise<string> {
  const { dataset, training, photos } = options;
  const run = await readRun(runDirectory);
  const predictions = options.predictions ??
    (dataset ? await predictBest(runDirectory, dataset) : {
      missing:
        "This report was made without the validation images; name the data to have it whole.",
    });
  let leakFree: ArrayLike<number> | undefined;
  if (training && "dataset" in predictions) {
    const { leakFreeIndices } = await import("./data/audit.ts");
    leakFree = leakFreeIndices(predictions.dataset, training);
  }
  const path = `${runDirectory}/report.html`;
  await writeFileAtomic(path, await renderReport({ run, predictions, leakFree, photos }));
  return path;
}
