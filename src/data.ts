/**
 * Faces in memory: FER-2013 from its CSV file or from image folders, FER+ votes, what a data set
 * hides (duplicates, leaks, blank images), splits, batches, and drawn faces that need no download.
 *
 * @example
 * ```ts
 * import { drawnFaces } from "@fer/core/data";
 *
 * const dataset = drawnFaces(700, 42);
 * const training = dataset.split("Training");
 * console.assert(training.length === 560 && training.classes[3] === "happy");
 * ```
 *
 * @module
 */
export * from "./emotions.ts";
export * from "./data/audit.ts";
export { loadFerCsv, type LoadFerCsvOptions } from "./data/csv.ts";
export type { CsvSource } from "./data/csv_rows.ts";
export * from "./data/dataset.ts";
export * from "./data/decode.ts";
export * from "./data/encode_png.ts";
export * from "./data/drawn.ts";
export * from "./data/ferplus.ts";
export * from "./data/folder.ts";
export * from "./data/loader.ts";
export * from "./data/parquet.ts";
export * from "./data/split.ts";
export * from "./data/votes.ts";
export { Generator } from "./random.ts";
export type { FloatImage } from "./transforms/to_tensor.ts";
export { Normalize, type NormalizeOptions } from "./transforms/normalize.ts";
export type { Image, Transform, TransformConfig } from "./transforms/transform.ts";
