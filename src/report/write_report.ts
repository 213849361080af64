/**
 * A training run as one page to look at: `report.html`.
 *
 * @module
 */
import type { FerDataset } from "../data/dataset.ts";
import { fileSystem } from "../files/file_system.ts";
import { writeFileAtomic } from "../model/atomic_write.ts";
import { checkEvaluable } from "../evaluate/evaluable.ts";
import type { LoadedModel } from "../model/model_file.ts";
import type { Explainer } from "./faces.ts";
import { compareRuns, type Comparison, type SharedRows } from "./comparison.ts";
import { renderReport } from "./page.ts";
import type { Predictions } from "./predictions.ts";
import { readRun } from "./run_folder.ts";

/** What {@linkcode writeReport} has to go on, and what it may show. */
export interface ReportOptions {
  /**
   * The validation images: the run's best weights are loaded and give their probabilities for the
   * reliability diagram and the worst mistakes. Not needed with `predictions`.
   */
  readonly dataset?: FerDataset;
  /** The network that the report is of, instead of the run's best weights; it remains the caller's. */
  readonly model?: LoadedModel;
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
  /**
   * Whether to show beside each face where the run's best weights saw what they took it for, by
   * Grad-CAM. Faces stand alone where there are no best weights.
   *
   * @default true
   */
  readonly explain?: boolean;
}

/** The run's best weights; null when there are none yet. */
async function loadBest(runDirectory: string): Promise<LoadedModel | null> {
  const path = `${runDirectory}/best.safetensors`;
  if (!await (await fileSystem()).stat(path).then(() => true, () => false)) return null;
  const { loadModel } = await import("../model/model_file.ts");
  return await loadModel(path);
}

async function predictBest(
  best: LoadedModel | null,
  dataset: FerDataset,
): Promise<Predictions | { readonly missing: string }> {
  if (!best) return { missing: "There are no best weights yet: best.safetensors is missing." };
  const { predictDataset } = await import("../predict.ts");
  checkEvaluable(dataset, best.metadata.classes);
  return { probabilities: await predictDataset(best.model, dataset), dataset };
}

/** Lays over faces of a data set what speaks for the class that each was taken for. */
function explainerOf({ model }: LoadedModel, dataset: FerDataset): Explainer {
  return async (faces) => {
    const [{ gradCam }, { overlayImage }] = await Promise.all([
      import("../explain/grad_cam.ts"),
      import("../explain/overlay.ts"),
    ]);
    const images = faces.map(({ index }) => dataset.image(index));
    const maps = await gradCam(model, images, faces.map(({ guess }) => guess));
    return images.map((image, i) => overlayImage(maps[i], image));
  };
}

/**
 * Writes a run's `report.html`: one file, light and dark, that needs no network and no script.
 *
 * It shows the key figures, curves, confusion matrix, scores of each class, calibration, the worst
 * mistakes and surest successes with what the network goes by, the data and its audit, the
 * configuration and the machine. Of a run that has only begun it shows what there is, and says what
 * is missing and why.
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
  const { dataset, training, photos = true } = options;
  const run = await readRun(runDirectory);
  const explains = photos && (options.explain ?? true);
  const shown = options.predictions?.dataset ?? dataset;
  const best = shown && (explains || !options.predictions)
    ? options.model ?? await loadBest(runDirectory)
    : null;
  try {
    const predictions = options.predictions ??
      (dataset ? await predictBest(best, dataset) : {
        missing:
          "This report was made without the validation images; name the data to have it whole.",
      });
    let leakFree: ArrayLike<number> | undefined;
    if (training && "dataset" in predictions) {
      const { leakFreeIndices } = await import("../data/audit.ts");
      leakFree = leakFreeIndices(predictions.dataset, training);
    }
    let explain: Explainer | undefined;
    if (explains && best && shown) {
      checkEvaluable(shown, best.metadata.classes);
      explain = explainerOf(best, shown);
    }
    const path = `${runDirectory}/report.html`;
    await writeFileAtomic(
      path,
      await renderReport({ run, predictions, leakFree, photos, explain }),
    );
    return path;
  } finally {
    if (best !== options.model) best?.model.dispose();
  }
}

/** What {@linkcode writeComparison} has to go on. */
export interface ComparisonOptions {
  /** What the runs say of the same rows, in their order, or why that is not known. */
  readonly rows?: SharedRows | { readonly missing: string };
}

/**
 * Compares runs: their figures with intervals, curves in one chart, the settings that differ, and
 * whether they differ on the same rows by more than chance (McNemar's test).
 *
 * @param runDirectories The runs' folders, two or more, as `writeReport()` takes them.
 * @param path Where the page goes, one HTML file; null to write none.
 * @param options The runs' predictions for the same rows.
 * @returns The comparison, which JSON can hold.
 * @throws {RangeError} When there are fewer than two runs, or predictions are not as many as rows.
 * @throws {Deno.errors.NotFound} When there is no such folder or it holds no run.
 * @throws {SyntaxError} When one of a run's files is malformed.
 * @throws {CheckpointError} When the page cannot be written.
 *
 * @example
 * ```ts
 * import { writeComparison } from "@fer/core/report";
 *
 * const runs = ["docs/runs/fercnn-42", "docs/runs/fernet-42"];
 * const { settings } = await writeComparison(runs, null);
 * console.assert(settings.some(({ name }) => name === "optimizer"));
 * ```
 */
export async function writeComparison(
  runDirectories: readonly string[],
  path: string | null,
  options: ComparisonOptions = {},
): Promise<Comparison> {
  if (runDirectories.length < 2) {
    throw new RangeError(`Cannot compare ${runDirectories.length} runs: expected two or more`);
  }
  const { rows = { missing: "The runs' predictions for the same rows are not known." } } = options;
  const runs = [];
  for (const folder of runDirectories) runs.push(await readRun(folder));
  const shared = "missing" in rows ? undefined : rows;
  const comparison = compareRuns(runs, runDirectories, shared);
  if (path !== null) {
    const { renderComparison } = await import("./comparison_page.ts");
    const page = await renderComparison(
      runs,
      comparison,
      "missing" in rows ? rows.missing : rows.labels.length,
    );
    await writeFileAtomic(path, page);
  }
  return comparison;
}
