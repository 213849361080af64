/**
 * What an exported file says of itself.
 *
 * @module
 */
import { describeModel, type FerModel, type ModelDescription } from "../model/description.ts";
import type { LoadedModel } from "../model/model_file.ts";
import { networkOf } from "../predict/network.ts";
import { VERSION } from "../version.ts";

/** The library's name, as files name their producer. */
export const LIBRARY = "@fer/core";

/** Where it is to be had. */
const SOURCE = "https://jsr.io/@fer/core";

/** What stands beside the weights. */
export interface ExportMetadata extends ModelDescription {
  /** The version of the library that wrote the file. */
  readonly libraryVersion: string;
  /** Where that library is to be had. */
  readonly source: string;
  /** The licence of the weights, where it was given. */
  readonly license?: string;
  /** What the model was trained on, where its file says. */
  readonly data?: unknown;
  /** How well it does, where its file says. */
  readonly metrics?: unknown;
}

/**
 * What an exported file says of itself.
 *
 * @param model A model, or what `loadModel()` gave.
 * @param license The licence of the weights.
 * @throws {TypeError} When the model was made by other means.
 */
export function exportMetadata(model: FerModel | LoadedModel, license?: string): ExportMetadata {
  const network = networkOf(model);
  const { data = null, metrics = null } = "metadata" in model ? model.metadata : {};
  return {
    ...describeModel(network),
    libraryVersion: VERSION,
    source: SOURCE,
    ...(license === undefined ? {} : { license }),
    ...(data === null ? {} : { data }),
    ...(metrics === null ? {} : { metrics }),
  };
}
