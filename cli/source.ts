/**
 * Where the faces come from: a file, a folder, or a pencil.
 *
 * @module
 */
import {
  drawnFaces,
  type FerDataset,
  type Image,
  loadFerCsv,
  loadFerParquet,
  loadImageFolder,
  type Usage,
  USAGES,
  withValidationSplit,
} from "../src/data.ts";
import { findParquetFiles, isParquetName } from "../src/data/parquet/files.ts";
import type { FaceFinder } from "./faces.ts";
import type { StringFlag } from "./flags.ts";
import { count } from "./numbers.ts";
import { refuseUnreachable } from "./net.ts";
import { warn } from "./program.ts";
import { placeOf } from "./standing.ts";

/** What is drawn where there is no data set: how many faces, from which seed. */
const DRAWN = { images: 1400, seed: 42 } as const;

/** Where FER-2013 is looked for, besides the `FER2013` variable. */
const USUAL_PLACES = ["data/fer2013.csv", "data/fer2013.csv.gz"].map(placeOf);

/** The flag of every task that takes a data set. */
export const DATA_FLAG = {
  kind: "string",
  value: "PATH",
  about: "FER-2013 as CSV (plain or gzip) or Parquet, or a folder of images or Parquet files",
  otherwise: "the variable FER2013, data/fer2013.csv[.gz], drawn faces",
} as const satisfies StringFlag;

/** The name of FER+'s vote file, as it is published. */
const VOTES_FILE = "fer2013new.csv";

/** The flag of every task that takes FER+'s votes. */
export const VOTES_FLAG = {
  kind: "string",
  value: "FILE",
  about: "FER+'s votes, fer2013new.csv",
  otherwise: `the variable FERPLUS, ${VOTES_FILE} beside the data`,
} as const satisfies StringFlag;

/** The flag of every task that takes a split. */
export const USAGE_FLAG = {
  kind: "choice",
  choices: USAGES,
  default: "PublicTest",
  about: "The split: PublicTest validates, PrivateTest tests",
} as const;

/** What to say of drawings, so that nobody takes them for the real thing. */
export const DRAWN_NOTICE =
  "No FER-2013 was found: this runs on drawn faces, which show that all works, not how well it " +
  "does on photographs.\n" +
  "FER-2013 is to be had from Kaggle: https://www.kaggle.com/c/" +
  "challenges-in-representation-learning-facial-expression-recognition-challenge\n" +
  "or, as folders of images, https://www.kaggle.com/datasets/msambare/fer2013\n" +
  "or, as Parquet files, from Hugging Face: https://huggingface.co/datasets?search=fer2013\n" +
  "Give its place with --data, in the variable FER2013, or put it at data/fer2013.csv";

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/**
 * Where the data set is.
 *
 * @param given The `--data` flag.
 * @returns The flag, the `FER2013` variable, or a usual place; `null` for drawn faces.
 */
export async function findData(given: string | undefined): Promise<string | null> {
  const named = given ?? Deno.env.get("FER2013");
  if (named) return named;
  for (const place of USUAL_PLACES) if (await exists(place)) return place;
  return null;
}

/**
 * Where FER+'s votes are.
 *
 * @param given The `--votes` flag.
 * @param data The data set's place.
 * @returns The flag, the `FERPLUS` variable, or the file beside the data.
 * @throws {Error} When there are none.
 */
export async function findVotes(given: string | undefined, data: string): Promise<string> {
  const named = given ?? Deno.env.get("FERPLUS");
  if (named) return named;
  const isAddress = /^https?:\/\//.test(data);
  const beside = data.replace(/[^/\\]*$/, "") + VOTES_FILE;
  if (!isAddress && await exists(beside)) return beside;
  throw new Error(
    `Cannot find FER+'s votes for ${data}: there is no ${beside}. Give their file with --votes or ` +
      "in the variable FERPLUS, or train on labels alone with --fer-plus-weight 0",
  );
}

/** Whether a file is Parquet, whatever it is called. */
async function isParquetFile(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path);
    const head = new Uint8Array(4);
    await file.read(head);
    return isParquetName(path) || new TextDecoder().decode(head) === "PAR1";
  } catch {
    return isParquetName(path);
  }
}

/**
 * Loads a data set.
 *
 * @param path A CSV or Parquet file, a folder of images or of Parquet files, an `https:` address;
 * `null` for drawn faces.
 * @param finder What frames a folder's pictures by their faces; without it they are taken whole.
 * @returns The faces.
 * @throws {Error} When there is none there or it is malformed.
 */
export async function loadData(path: string | null, finder?: FaceFinder): Promise<FerDataset> {
  if (path === null) return drawnFaces(DRAWN.images, DRAWN.seed);
  await refuseUnreachable(path, "--data");
  const frame = finder && (async (image: Image) => (await finder.frame(image)).image);
  if (/^https?:\/\//.test(path)) {
    const url = new URL(path);
    return isParquetName(url.pathname)
      ? await loadFerParquet(url, { frame })
      : await loadFerCsv(url);
  }
  const isFolder = await Deno.stat(path).then((info) => info.isDirectory, () => false);
  const isParquet = isFolder
    ? (await findParquetFiles(path)).length > 0
    : await isParquetFile(path);
  if (isParquet) return await loadFerParquet(path, { frame });
  return isFolder ? await loadImageFolder(path, { frame }) : await loadFerCsv(path);
}

/**
 * Finds and loads a data set, saying so where it is drawn.
 *
 * @param given The `--data` flag.
 * @param finder What frames a folder's pictures by their faces; without it they are taken whole.
 * @returns The faces, and where they came from.
 */
export async function openData(
  given: string | undefined,
  finder?: FaceFinder,
): Promise<{ dataset: FerDataset; path: string | null }> {
  const path = await findData(given);
  if (path === null) warn(DRAWN_NOTICE);
  return { dataset: await loadData(path, finder), path };
}

/**
 * One split, which has to have images.
 *
 * @param dataset The faces.
 * @param usage The split.
 * @returns Its images.
 * @throws {RangeError} When there are none.
 */
export function splitOf(dataset: FerDataset, usage: Usage): FerDataset {
  const split = dataset.split(usage);
  if (split.length > 0) return split;
  const counts = USAGES.map((name) => [name, dataset.split(name).length] as const)
    .filter(([, images]) => images > 0)
    .map(([name, images]) => `${name} has ${count(images)}`);
  throw new RangeError(
    `Cannot take ${usage} of ${dataset.source}: it has no images (${counts.join(", ")})`,
  );
}

/**
 * What to train on and what to validate on.
 *
 * @param dataset The faces. Without validation images, a share of each class is set apart.
 * @param seed Which share.
 * @returns Both splits.
 * @throws {RangeError} When there is nothing to train on.
 */
export function trainingSplits(
  dataset: FerDataset,
  seed: number,
): { training: FerDataset; validation: FerDataset } {
  splitOf(dataset, "Training");
  const hasValidation = dataset.usages.includes(USAGES.indexOf("PublicTest"));
  const split = hasValidation ? dataset : withValidationSplit(dataset, { seed });
  const training = splitOf(split, "Training");
  const validation = split.split("PublicTest");
  if (validation.length === 0) {
    const classes = new Set(training.labels).size;
    throw new RangeError(
      `Cannot validate on ${dataset.source}: a tenth of each class is set apart for it, and ` +
        `${count(training.length)} images of ${
          count(classes)
        } classes are too few. Add images, at ` +
        "least 5 of a class, or a folder validation",
    );
  }
  return { training, validation };
}
