/**
 * The settings of a training: from flags, a recipe file, or the run that is gone on with.
 *
 * @module
 */
import type { ArchitectureConfig } from "../src/model.ts";
import { DEFAULT_TRAINING_CONFIG, type TrainingConfig } from "../src/train.ts";
import { closest } from "./closest.ts";
import { FACE_MODES, type FaceMode } from "./faces.ts";
import { type FlagTable, kebabCase, readFlag } from "./flags.ts";
import { readJson } from "./read_json.ts";
import { readTuning, type Tuning } from "./tuning.ts";

/** What a training is made of: its configuration, where it begins, the network. */
export interface Recipe {
  /** The configuration, as far as it departs from the default. */
  readonly config: Partial<TrainingConfig>;
  /** The data set: a path, `null` for drawn faces, `undefined` where not said. */
  readonly data?: string | null;
  /** FER+'s vote file, if any. */
  readonly votes?: string | null;
  /** How a folder's pictures were framed by their faces, where it was written down. */
  readonly faces?: FaceMode;
  /** The model file to begin from, if any. */
  readonly init?: string | null;
  /** The network, where not the default one. */
  readonly architecture?: ArchitectureConfig;
  /** How the kernels compute, where it was written down. */
  readonly tuning?: Tuning;
}

/** What `config.json` says beside the recipe, and a recipe made from one may say too. */
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The recipes that come along, by name; their modules are cached as code is. */
const OWN: Readonly<Record<string, () => Promise<{ readonly default: unknown }>>> = {
  "fernet": () => import("../recipes/fernet.json", { with: { type: "json" } }),
  "fernet-labels": () => import("../recipes/fernet-labels.json", { with: { type: "json" } }),
  "fernet-ferplus": () => import("../recipes/fernet-ferplus.json", { with: { type: "json" } }),
};

/** The names of the recipes that come along. */
export const OWN_RECIPES: readonly string[] = Object.keys(OWN);

async function readObject(path: string): Promise<Record<string, unknown>> {
  const value = Object.hasOwn(OWN, path) ? (await OWN[path]()).default : await readJson(path);
  if (isObject(value)) return value;
  throw new SyntaxError(`Cannot read ${path}: expected a JSON object`);
}

function readArchitecture(path: string, value: unknown): ArchitectureConfig | undefined {
  if (value === undefined) return undefined;
  if (isObject(value) && typeof value.name === "string" && isObject(value.options)) {
    return { name: value.name, options: value.options };
  }
  throw new SyntaxError(
    `Cannot read ${path}: architecture is ${JSON.stringify(value)}, expected {"name", "options"}`,
  );
}

function readFaces(path: string, value: unknown): FaceMode {
  const mode = FACE_MODES.find((each) => each === value);
  if (mode) return mode;
  throw new TypeError(
    `Cannot set faces in ${path} to ${JSON.stringify(value)}: expected ${FACE_MODES.join(", ")}`,
  );
}

/**
 * Reads a recipe: the settings of a `config.json`, or an object of settings alone.
 *
 * @param path A JSON file, or the name of a recipe that comes along.
 * @param flags The flags of the train task, whose ranges hold here too.
 * @returns The settings it names.
 * @throws {Error} When there is no such file, or it names no setting or gives one a wrong value.
 */
export async function readRecipe(path: string, flags: FlagTable): Promise<Recipe> {
  const file = await readObject(path);
  const { architecture, tuning, ...rest } = file;
  const settings = isObject(file.config) ? file.config : rest;
  const known = Object.keys(DEFAULT_TRAINING_CONFIG);
  const config: Record<string, unknown> = {};
  const places: Record<string, string | null> = {};
  let faces: FaceMode | undefined;
  for (const [name, value] of Object.entries(settings)) {
    if (name === "data" || name === "votes" || name === "init") {
      if (value !== null && typeof value !== "string") {
        throw new TypeError(
          `Cannot set ${name} in ${path} to ${JSON.stringify(value)}: expected a path`,
        );
      }
      places[name] = value;
      continue;
    }
    if (name === "faces") {
      faces = readFaces(path, value);
      continue;
    }
    if (!known.includes(name)) {
      throw new TypeError(
        `Cannot read ${path}: there is no setting ${name}, did you mean ` +
          `${closest(name, known)}?`,
      );
    }
    const flag = flags[kebabCase(name)];
    config[name] = flag ? readFlag(`${name} in ${path}`, flag, value) : value;
  }
  return {
    config: config as Partial<TrainingConfig>,
    ...places,
    ...(faces && { faces }),
    architecture: readArchitecture(path, architecture),
    tuning: tuning === undefined ? undefined : readTuning(tuning, path),
  };
}
