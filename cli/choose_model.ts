/**
 * The model that a task takes.
 *
 * @module
 */
import { hasPretrained, type LoadedModel, loadModel, loadPretrained } from "../mod.ts";
import type { StringFlag } from "./flags.ts";
import { refuseUnreachable } from "./net.ts";
import { RUNS, trainedRuns } from "./newest_model.ts";

/** How the network that comes with the library is named on the command line. */
const PACKAGED = "packaged";

/** The flag of every task that takes a model. */
export const MODEL_FLAG = {
  kind: "string",
  value: "FILE",
  about: `The model: a file, a run's folder, or ${PACKAGED} for the one that comes along`,
  otherwise: "your newest run on photographs, else the packaged network",
} as const satisfies StringFlag;

/** The flag of every task that may average views. */
export const TTA_FLAG = {
  kind: "boolean",
  about: "Average views of each image: its mirror image and, where the model can, other sizes",
} as const;

/** The flags of every task that reads a network's answers. */
export const READING_FLAGS = {
  labels: {
    kind: "choice",
    choices: ["fer2013", "ferplus", "both"],
    about: "Whose labels the answers follow: FER-2013's, those of FER+'s voters, both together",
    otherwise: "as the model says",
  },
  priors: {
    kind: "choice",
    choices: ["training", "uniform"],
    about: "How frequent each class is taken to be: as in its training data, or all alike",
    otherwise: "as the model says",
  },
} as const;

/** A model that was found, not yet loaded. */
export interface ChosenModel {
  /** What to call it. */
  readonly name: string;
  /** Whether it is the network that comes with the library. */
  readonly isPackaged: boolean;
  /** Where its file is. */
  readonly source: string | URL;
  /** The folder of the run whose best weights it is; null where it is no run's. */
  readonly run: string | null;
  /**
   * Loads it, on tfjs's current backend.
   *
   * @throws {CheckpointError} When it is missing or malformed.
   */
  load(): Promise<LoadedModel>;
}

const packaged: ChosenModel = {
  name: "the packaged network",
  isPackaged: true,
  source: new URL("../src/pretrained/fernet.safetensors", import.meta.url),
  run: null,
  load: () => loadPretrained(),
};

const isFolder = (path: string): Promise<boolean> =>
  Deno.stat(path).then((info) => info.isDirectory, () => false);
const runOf = (folder: string): string => folder.replace(/(?<=.)[/\\]+$/, "");

/**
 * The file that a model is in.
 *
 * @param given A model's file, a run's folder, or `packaged`.
 * @param flag The flag that was given it.
 * @returns The file; of a run the best weights, of the packaged network its address.
 * @throws {Error} When it is an address, which tasks may not reach.
 */
export async function modelFile(given: string, flag: string): Promise<string> {
  if (given === PACKAGED && hasPretrained()) return `${packaged.source}`;
  await refuseUnreachable(given, flag);
  return await isFolder(given) ? `${runOf(given)}/best.safetensors` : given;
}

const bestOf = (run: string): ChosenModel => {
  const path = `${run}/best.safetensors`;
  return { name: path, isPackaged: false, source: path, run, load: () => loadModel(path) };
};

/**
 * Chooses a model. Where none is named, one's own newest run comes before the packaged network, but
 * not a run that only tried things out, on drawn faces or with `--fast-dev-run`, unless the model is
 * for drawn faces too.
 *
 * @param given The `--model` flag.
 * @param isTrial Whether it is for drawn faces: then a run that only tried things out comes first.
 * @returns The model.
 * @throws {Error} When none is named and there is none.
 */
export async function chooseModel(
  given: string | undefined,
  isTrial = false,
): Promise<ChosenModel> {
  if (given === PACKAGED) return packaged;
  if (given !== undefined) {
    await refuseUnreachable(given, "--model");
    if (await isFolder(given)) return bestOf(runOf(given));
    const load = () => loadModel(given);
    return { name: given, isPackaged: false, source: given, run: null, load };
  }
  const runs = await trainedRuns();
  const run = runs.find((each) => each.isTrial === isTrial) ??
    (isTrial || !hasPretrained() ? runs[0] : undefined);
  if (run) return bestOf(run.folder);
  if (hasPretrained()) return packaged;
  throw new Error(
    `Cannot find a model: there is none in ${RUNS}/. Run deno task train, or give --model FILE`,
  );
}
