/**
 * The weights that come with the library. This file stands where bundlers look for them beside it.
 *
 * @module
 */
import { CheckpointError } from "./model/checkpoint_error.ts";
import { describeModel, type Reading, setDescription } from "./model/description.ts";
import { type LoadedModel, loadModel } from "./model/model_file.ts";
import { readingOf } from "./model/reading.ts";
import { FERNET } from "./pretrained/fernet.ts";
import { readPackagedWeights } from "./pretrained/packaged_weights.ts";

/** Where {@linkcode loadPretrained} gets the weights from, and how its answers are read. */
export interface PretrainedOptions extends Reading {
  /**
   * A copy of the weight file: a path, a `file:` or `https:` URL, or its bytes. For a bundle that
   * serves it from elsewhere; its checksum is verified all the same.
   *
   * @default The file in the package, at `pretrained/fernet.safetensors` beside this module
   */
  readonly source?: string | URL | Uint8Array;
  /**
   * Whether to keep what comes over the network in the Web Cache API, so that the next time works
   * offline. Where there is no such cache, it is fetched each time.
   *
   * @default true
   */
  readonly cache?: boolean;
}

/**
 * Whether this version of the library carries a trained network.
 *
 * @returns Whether {@linkcode loadPretrained} has something to load.
 */
export function hasPretrained(): boolean {
  return FERNET !== null;
}

/**
 * Loads the network that comes with the library. `MODEL_CARD.md` says how well it does, on what it
 * was trained, and what it must not be used for.
 *
 * In a clone it reads a file (`--allow-read`); from JSR it fetches that file once
 * (`--allow-net`) and then works offline; a browser fetches it relative to the module or from
 * `source`. Its SHA-256 is part of the code and is verified every time.
 *
 * @param options Where the weights are, whether to keep them, and how answers are read: `labels` and
 * `priors` hold for `predict()`, `evaluate()`, `explain()` and the recognizer.
 * @returns The model, on tfjs's current backend, and what its file says. Call the model's
 * `dispose()` when done.
 * @throws {CheckpointError} When this version carries no network, the weights cannot be had, or
 * their checksum is another.
 * @throws {TypeError} When it has no output for `labels`, or does not know its shares for `priors`.
 * @throws {RangeError} When there are no such labels, or priors are not one number above 0 a class.
 *
 * @example
 * ```ts
 * import { hasPretrained, loadPretrained, predict } from "@fer/core";
 * import { assert } from "@std/assert";
 *
 * if (hasPretrained()) {
 *   const { model } = await loadPretrained();
 *   const grey = { data: new Uint8Array(48 * 48).fill(128), width: 48, height: 48 };
 *   const [best] = await predict(model, grey);
 *   assert(best.probability > 1 / 7);
 *   model.dispose();
 * }
 * ```
 */
export async function loadPretrained(options: PretrainedOptions = {}): Promise<LoadedModel> {
  if (!FERNET) {
    throw new CheckpointError(
      "Cannot load the packaged network: this version of the library carries none. Train one with " +
        "`deno task train`, or load a model file with loadModel()",
    );
  }
  // Bundlers take the file along for this very expression.
  const { source = new URL("./pretrained/fernet.safetensors", import.meta.url), cache = true } =
    options;
  const loaded = await loadModel(await readPackagedWeights(FERNET, source, cache));
  const { labels, priors } = options;
  if (labels === undefined && priors === undefined) return loaded;
  const reading = { ...loaded.metadata.reading, labels, priors };
  readingOf(loaded.model, reading);
  setDescription(loaded.model, { ...describeModel(loaded.model), reading });
  return { ...loaded, metadata: { ...loaded.metadata, reading } };
}
