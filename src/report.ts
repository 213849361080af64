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
export type { FerDataset, FerDatasetInit, Usage } from "./data/dataset.ts";
export { USAGES } from "./data/dataset.ts";
export type { LoadedModel } from "./model/model_file.ts";
export type { Image } from "./transforms/transform.ts";
export type {
  ComparedFigure,
  ComparedPair,
  ComparedRun,
  ComparedSetting,
  Comparison,
  SharedRows,
} from "./report/comparison.ts";
export type { McNemarResult } from "./metrics/mcnemar.ts";
export type { ConfidenceInterval } from "./metrics/interval.ts";
export type { Predictions } from "./report/predictions.ts";
export * from "./report/write_report.ts";
