/**
 * What a data set hides: uneven classes, duplicates, leaks, blank images.
 *
 * @module
 */
import { type FerDataset, type Usage, USAGES } from "./dataset.ts";
import { firstTwins, PixelIndex } from "./pixel_index.ts";

/** One split of a data set. */
export interface SplitAudit {
  /** The number of images. */
  readonly images: number;
  /** The number of images of each class, in label order. */
  readonly counts: readonly number[];
  /** The number of images without a label. */
  readonly unlabelled: number;
  /** The number of groups of two or more images with the same pixels, blank ones aside. */
  readonly duplicateGroups: number;
  /** The number of images in these groups. */
  readonly duplicateImages: number;
  /** The number of these groups whose labels differ. */
  readonly conflictingGroups: number;
  /** The number of images of one tone all over. */
  readonly blank: number;
}

/** Images of one split whose pixels are also in another. */
export interface Leak {
  /** The split that the images are in. */
  readonly usage: Usage;
  /** The split that has their pixels too. */
  readonly into: Usage;
  /** The number of images. */
  readonly images: number;
  /** The number of those whose twins there all have the same label as they. */
  readonly sameLabel: number;
}

/** What {@linkcode auditDataset} finds; it can be written as JSON. */
export interface DatasetAudit {
  /** Where the data set came from. */
  readonly source: string;
  /** The number of images. */
  readonly images: number;
  /** The class names in label order. */
  readonly classes: readonly string[];
  /** Each split, also when it is empty. */
  readonly splits: Readonly<Record<Usage, SplitAudit>>;
  /** The pairs of splits that share pixels; empty when none do. */
  readonly leaks: readonly Leak[];
}

/**
 * Looks for what makes a data set's figures deceptive: class counts, images with the same pixels
 * inside a split and across splits, their conflicting labels, blank images.
 *
 * @param dataset The images.
 * @returns What was found.
 *
 * @example
 * ```ts
 * import { auditDataset, drawnFaces } from "@fer/core/data";
 *
 * const { splits, leaks } = auditDataset(drawnFaces(70, 42));
 * console.assert(splits.Training.counts[0] === 8 && leaks.length === 0);
 * ```
 */
export function auditDataset(dataset: FerDataset): DatasetAudit {
  const { source, classes, length: images } = dataset;
  const groups = groupTwins(dataset);
  const splits = Object.fromEntries(
    USAGES.map((usage, code) => [usage, auditSplit(dataset, code, groups)]),
  ) as Record<Usage, SplitAudit>;
  const leaks: Leak[] = [];
  for (let code = 1; code < USAGES.length; code++) {
    for (let into = 0; into < code; into++) {
      const leak = findLeak(dataset, code, into, groups);
      if (leak.images > 0) leaks.push(leak);
    }
  }
  return { source, images, classes, splits, leaks };
}

/**
 * The places of the images whose pixels are not in the training images: on these alone, accuracy
 * is not flattered by what the network has already seen.
 *
 * @param dataset The images to choose from.
 * @param training The images trained on, of any usage.
 * @returns Their places in `dataset`, in ascending order.
 *
 * @example
 * ```ts
 * import { drawnFaces, leakFreeIndices } from "@fer/core/data";
 *
 * const faces = drawnFaces(20, 42);
 * const training = faces.subset([0, 1, 2, 3, 4]);
 * console.assert(leakFreeIndices(faces, training).length === 15);
 * ```
 */
export function leakFreeIndices(dataset: FerDataset, training: FerDataset): Uint32Array {
  const index = new PixelIndex(training);
  for (let i = 0; i < training.length; i++) index.add(i);
  const places: number[] = [];
  for (let i = 0; i < dataset.length; i++) {
    if (index.findAll(dataset.image(i).data).length === 0) places.push(i);
  }
  return Uint32Array.from(places);
}

/** The groups of two or more images with the same pixels. */
function groupTwins(dataset: FerDataset): number[][] {
  const groups = new Map<number, number[]>();
  firstTwins(dataset).forEach((twin, index) => {
    if (twin !== index) groups.set(twin, [...groups.get(twin) ?? [twin], index]);
  });
  return [...groups.values()];
}

function auditSplit(dataset: FerDataset, code: number, groups: readonly number[][]): SplitAudit {
  const counts = new Array<number>(dataset.classes.length).fill(0);
  let images = 0;
  let unlabelled = 0;
  let blank = 0;
  for (let i = 0; i < dataset.length; i++) {
    if (dataset.usages[i] !== code) continue;
    images++;
    if (dataset.labels[i] < 0) unlabelled++;
    else counts[dataset.labels[i]]++;
    if (isBlank(dataset, i)) blank++;
  }
  const inside = groups
    .map((group) => group.filter((index) => dataset.usages[index] === code))
    .filter((group) => group.length > 1 && !isBlank(dataset, group[0]));
  return {
    images,
    counts,
    unlabelled,
    duplicateGroups: inside.length,
    duplicateImages: inside.reduce((sum, group) => sum + group.length, 0),
    conflictingGroups:
      inside.filter((group) => new Set(group.map((index) => dataset.labels[index])).size > 1)
        .length,
    blank,
  };
}

function isBlank(dataset: FerDataset, index: number): boolean {
  const { data } = dataset.image(index);
  return data.every((tone) => tone === data[0]);
}

function findLeak(
  dataset: FerDataset,
  code: number,
  into: number,
  groups: readonly number[][],
): Leak {
  let images = 0;
  let sameLabel = 0;
  for (const group of groups) {
    const twins = group.filter((index) => dataset.usages[index] === into);
    if (twins.length === 0) continue;
    const labels = new Set(twins.map((index) => dataset.labels[index]));
    for (const index of group) {
      if (dataset.usages[index] !== code) continue;
      images++;
      if (labels.size === 1 && labels.has(dataset.labels[index])) sameLabel++;
    }
  }
  return { usage: USAGES[code], into: USAGES[into], images, sameLabel };
}
