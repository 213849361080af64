/**
 * A model as one safetensors file that explains itself.
 *
 * @module
 */
import { EMOTIONS, FERPLUS_CLASSES } from "../emotions.ts";
import { VERSION } from "../version.ts";
import { buildArchitecture } from "./networks/registry.ts";
import { writeFileAtomic } from "./atomic_write.ts";
import { CheckpointError } from "./checkpoint_error.ts";
import {
  type ArchitectureConfig,
  describeModel,
  type FerModel,
  type HeadDescription,
  type ModelDescription,
  type Preprocessing,
  type Reading,
  setDescription,
} from "./description.ts";
import { recognizeStateDict } from "./networks/foreign_state_dict.ts";
import { messageOf } from "../files/errors.ts";
import { takesSize } from "./layer_shapes.ts";
import { readSafetensors, type Safetensors, writeSafetensors } from "./safetensors.ts";
import { readSource } from "./source.ts";
import {
  loadStateDict,
  type LoadStateDictOptions,
  type StateDict,
  toStateDict,
} from "./weights.ts";

const FORMAT_VERSION = 1;

/** What a model file says besides its weights. */
export interface ModelMetadata extends ModelDescription {
  /** The version of this layout of the metadata. */
  readonly formatVersion: number;
  /** The version of the library that wrote the file. */
  readonly libraryVersion: string;
  /** What the model was trained on, as JSON; null when not said. */
  readonly data: unknown;
  /** How well it does, as JSON; null when not said. */
  readonly metrics: unknown;
}

/** A model and what its file says of it. */
export interface LoadedModel {
  /** The model, on tfjs's current backend. */
  readonly model: FerModel;
  /** What the file says. */
  readonly metadata: ModelMetadata;
}

/** What goes into a model file besides the model. */
export interface SaveModelOptions {
  /** What the model was trained on and how well it does, each any JSON. */
  readonly metadata?: { readonly data?: unknown; readonly metrics?: unknown };
  /**
   * The element type: F16 halves the file, and rounds weights to 11 significant bits.
   *
   * @default "F32"
   */
  readonly dtype?: "F32" | "F16";
}

/**
 * Saves a model, whole or not at all. `safetensors.torch.load_file` reads the file into the PyTorch
 * twin of the network without renaming.
 *
 * @param model A model of this library.
 * @param path Where to; its folder exists.
 * @param options Metadata and element type.
 * @throws {CheckpointError} When it cannot be written; the old file is as it was.
 * @throws {RangeError} When a weight is too large for F16.
 */
export async function saveModel(
  model: FerModel,
  path: string,
  options: SaveModelOptions = {},
): Promise<void> {
  await writeFileAtomic(path, await encodeModel(model, options));
}

/**
 * A model as the bytes of its file.
 *
 * @param model A model of this library.
 * @param options Metadata and element type.
 * @returns What {@linkcode saveModel} writes and {@linkcode loadModel} reads.
 * @throws {RangeError} When a weight is too large for F16.
 *
 * @example
 * ```ts
 * import { buildFerCnn, encodeModel, loadModel } from "@fer/core/model";
 * import { assertEquals } from "@std/assert";
 *
 * const model = buildFerCnn({ filters: [2], hidden: 4, size: 8, classes: ["cat", "dog"] });
 * const bytes = await encodeModel(model, { metadata: { data: "two drawings" } });
 * const { metadata } = await loadModel(bytes);
 * assertEquals(metadata.classes, ["cat", "dog"]);
 * assertEquals(metadata.data, "two drawings");
 * ```
 */
export async function encodeModel(
  model: FerModel,
  options: SaveModelOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { metadata: { data = null, metrics = null } = {}, dtype = "F32" } = options;
  const metadata: ModelMetadata = {
    formatVersion: FORMAT_VERSION,
    ...describeModel(model),
    libraryVersion: VERSION,
    data,
    metrics,
  };
  const tensors = await toStateDict(model);
  const header = Object.entries(metadata).filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, JSON.stringify(value)]);
  return writeSafetensors(
    new Map([...tensors].map(([name, tensor]) => [name, { ...tensor, dtype }])),
    Object.fromEntries(header),
  );
}

/** What a file that PyTorch saved does not say. */
export interface LoadModelOptions {
  /**
   * The class names, in the order of the logits, of a file that has none; a model file's own come
   * first. (`torchvision.datasets.ImageFolder` sorts the folders' names.)
   *
   * @default EMOTIONS where there are seven
   */
  readonly classes?: readonly string[];
}

/**
 * Loads a model from its file: one of this library, or the `state_dict` of a PyTorch network of the
 * same layers, saved as safetensors. Of the latter names do not matter (`conv1.weight`,
 * `features.0.weight`); which network it is shows in the shapes, and its pixels are taken to be in
 * [-1, 1].
 *
 * @param source A path, a `file:` or `https:` URL, or the file's bytes.
 * @param options What a file from elsewhere does not say.
 * @returns The model, on tfjs's current backend, and what its file says. Call the model's
 * `dispose()` when done.
 * @throws {CheckpointError} When there is no such file, or it is truncated, foreign, or holds tensors
 * that do not fit the architecture it names.
 */
export async function loadModel(
  source: string | URL | Uint8Array,
  options: LoadModelOptions = {},
): Promise<LoadedModel> {
  const { bytes, name } = await readSource(source);
  return decodeModel(readSafetensors(bytes, name), name, options);
}

/**
 * Makes a model of what its file holds.
 *
 * @param file The file.
 * @param name What to call it in messages.
 * @param options As for {@linkcode loadModel}.
 */
export function decodeModel(
  file: Safetensors,
  name: string,
  options: LoadModelOptions = {},
): LoadedModel {
  const told = explainsItself(file) ? parseMetadata(file.metadata, name) : null;
  const { architecture, classes, tensors } = told
    ? { ...told, tensors: file.tensors }
    : recognized(file.tensors, name, options);
  let model: FerModel;
  try {
    model = buildArchitecture(architecture, classes, "zeros");
  } catch (cause) {
    throw new CheckpointError(`Cannot read ${name}: ${messageOf(cause)}`, { cause });
  }
  const metadata = told ?? {
    formatVersion: FORMAT_VERSION,
    ...describeModel(model),
    libraryVersion: "unknown",
    data: null,
    metrics: null,
  };
  const { preprocessing, temperature, classShares, ferPlus, reading } = metadata;
  try {
    const { size } = preprocessing;
    if (!takesSize(model, size)) {
      const [, height] = model.inputs[0].shape;
      throw new CheckpointError(
        `Cannot read ${name}: its preprocessing gives images of ${size}x${size}, ` +
          `its network takes ${height === null ? "larger ones" : `${height}x${height}`}`,
      );
    }
    loadStateDict(model, tensors, { source: name });
  } catch (error) {
    model.dispose();
    throw error;
  }
  setDescription(model, {
    architecture: metadata.architecture,
    classes,
    preprocessing,
    temperature,
    ...(classShares && { classShares }),
    ...(ferPlus && { ferPlus }),
    ...(reading && { reading }),
  });
  return { model, metadata };
}

/**
 * Whether a file says what is in it, if only in part. What PyTorch saves does not.
 *
 * @param file The file.
 */
export function explainsItself({ metadata }: Safetensors): boolean {
  return ["formatVersion", "architecture", "classes", "trainingState"].some((key) =>
    metadata[key] !== undefined
  );
}

/** What a state dict from elsewhere holds, as far as that can be told. */
function recognized(
  tensors: Safetensors["tensors"],
  source: string,
  options: LoadModelOptions,
): { architecture: ArchitectureConfig; classes: readonly string[]; tensors: StateDict } {
  const fail = (why: string): never => {
    throw new CheckpointError(`Cannot read ${source}: ${why}`);
  };
  const found = recognizeStateDict(tensors);
  if (typeof found === "string") {
    return fail(
      `its metadata has no formatVersion, so it is not a model file of this library, and its ` +
        `tensors are not those of a network that it knows: ${found}. ` +
        "Weights from elsewhere load into a model that is built first, with loadModelWeights()",
    );
  }
  const isPlus = found.classes === EMOTIONS.length + FERPLUS_CLASSES.length && !options.classes;
  if (isPlus) {
    const { name, options } = found.architecture;
    return {
      ...found,
      architecture: { name, options: { ...options, ferPlus: true } },
      classes: EMOTIONS,
    };
  }
  const { classes: count } = found;
  const { classes = count === EMOTIONS.length ? EMOTIONS : undefined } = options;
  if (classes?.length !== count) {
    return fail(
      `it does not name its ${count} classes: give loadModel() their names as classes` +
        (classes ? `, got [${classes}]` : ""),
    );
  }
  return { ...found, classes };
}

/**
 * Fills a model that is there already with the weights of a file: a model file, or a `state_dict`
 * that PyTorch saved as safetensors.
 *
 * @param model The model; it is as it was when the file does not fit.
 * @param source A path, a `file:` or `https:` URL, or the file's bytes.
 * @param options Whether to leave the last layer alone.
 * @throws {CheckpointError} When there is no such file or it does not fit.
 */
export async function loadModelWeights(
  model: FerModel,
  source: string | URL | Uint8Array,
  options: Omit<LoadStateDictOptions, "source"> = {},
): Promise<void> {
  const { bytes, name } = await readSource(source);
  const file = readSafetensors(bytes, name);
  const found = explainsItself(file) ? "" : recognizeStateDict(file.tensors);
  const tensors = typeof found === "string" ? file.tensors : found.tensors;
  loadStateDict(model, tensors, { ...options, source: name });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isArchitecture = (value: unknown): value is ArchitectureConfig =>
  isRecord(value) && typeof value.name === "string" && isRecord(value.options);

const isClasses = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === "string");

const isTemperature = (value: unknown): value is number =>
  typeof value === "number" && value > 0 && Number.isFinite(value);

const isShares = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((each) => typeof each === "number" && each >= 0);

const isHead = (value: unknown): value is HeadDescription =>
  isRecord(value) && isClasses(value.classes) && isTemperature(value.temperature) &&
  (value.classShares === undefined || isSharesOf(value.classShares, value.classes));

const isSharesOf = (value: unknown, classes: readonly string[]): value is number[] =>
  isShares(value) && value.length === classes.length;

const isReading = (value: unknown): value is Reading =>
  isRecord(value) &&
  (value.labels === undefined || ["fer2013", "ferplus", "both"].includes(String(value.labels))) &&
  (value.priors === undefined || value.priors === "training" || value.priors === "uniform" ||
    isShares(value.priors));

const isPreprocessing = (value: unknown): value is Preprocessing =>
  isRecord(value) && Number.isSafeInteger(value.size) && Number.isFinite(value.mean) &&
  Number.isFinite(value.std) && value.std !== 0 && value.resize === "bilinear";

function parseMetadata(texts: Readonly<Record<string, string>>, source: string): ModelMetadata {
  const fail = (why: string, cause?: unknown): never => {
    throw new CheckpointError(`Cannot read ${source}: ${why}`, { cause });
  };
  if (texts.trainingState !== undefined) {
    fail("it is a training checkpoint: the model is best.safetensors, in the same folder");
  }
  const parse = (key: string): unknown => {
    const text = texts[key];
    if (text === undefined) {
      return fail(
        `its metadata has no ${key}, so it is not a model file of this library. ` +
          "Weights from elsewhere load into a model that is built first, with loadModelWeights()",
      );
    }
    try {
      return JSON.parse(text);
    } catch (cause) {
      return fail(`metadata ${key} is not JSON`, cause);
    }
  };
  const checked = <T>(key: string, is: (value: unknown) => value is T): T => {
    const value = parse(key);
    return is(value) ? value : fail(`metadata ${key} is ${texts[key].slice(0, 80)}`);
  };
  const formatVersion = parse("formatVersion");
  if (formatVersion !== FORMAT_VERSION) {
    fail(
      `its format is ${texts.formatVersion}, this version of the library reads ${FORMAT_VERSION}`,
    );
  }
  const optional = <K extends "classShares" | "ferPlus" | "reading", T>(
    key: K,
    is: (value: unknown) => value is T,
  ) => texts[key] === undefined ? {} : { [key]: checked(key, is) } as Record<K, T>;
  const classes = checked("classes", isClasses);
  return {
    formatVersion: FORMAT_VERSION,
    architecture: checked("architecture", isArchitecture),
    classes,
    preprocessing: checked("preprocessing", isPreprocessing),
    // Files of a version that fitted none have none.
    temperature: texts.temperature === undefined ? 1 : checked("temperature", isTemperature),
    ...optional("classShares", (value): value is number[] => isSharesOf(value, classes)),
    ...optional("ferPlus", isHead),
    ...optional("reading", isReading),
    libraryVersion: checked("libraryVersion", (value) => typeof value === "string"),
    data: parse("data"),
    metrics: parse("metrics"),
  };
}
