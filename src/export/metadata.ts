/**
 * What an exported file says of where it comes from.
 *
 * @module
 */
import type { FerModel } from "../model/description.ts";
import type { LoadedModel } from "../model/model_file.ts";
import { VERSION } from "../version.ts";

/** The library's name, as files name their producer. */
export const LIBRARY = "@fer/core";

/** Where it is to be had. */
const SOURCE = "jsr:@fer/core";

/** Where an exported file comes from. */
export interface Provenance {
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
 * Where an exported file comes from.
 *
 * @param model A model, or what `loadModel()` gave.
 * @param license The licence of the weights.
 */
export function provenanceOf(model: FerModel | LoadedModel, license?: string): Provenance {
  const { data = null, metrics = null } = "metadata" in model ? model.metadata : {};
  return {
    libraryVersion: VERSION,
    source: SOURCE,
    ...(license === undefined ? {} : { license }),
    ...(data === null ? {} : { data }),
    ...(metrics === null ? {} : { metrics }),
  };
}
