/**
 * A validation split for data that comes without one.
 *
 * @module
 */
import { Generator } from "../random.ts";
import { FerDataset, USAGES } from "./dataset.ts";
import { firstTwins } from "./pixel_index.ts";

/** How {@linkcode withValidationSplit} splits. */
export interface ValidationSplitOptions {
  /**
   * The share of each class that validates, above 0 and below 1.
   * @default {0.1}
   */
  readonly fraction?: number;
  /**
   * An integer from 0 to 2^53 - 1; one seed always gives one split.
   * @default {42}
   */
  readonly seed?: number;
}

const TRAINING = USAGES.indexOf("Training");
const VALIDATION = USAGES.indexOf("PublicTest");

/**
 * Turns a share of each class of `Training` into `PublicTest`, drawn at random. Images with the
 * same pixels stay on the same side, so that nothing is validated that was trained on.
 *
 * @param dataset A data set without images in `PublicTest`.
 * @param options The share and the seed.
 * @returns The same images in the same order, with other usages; pixels and labels are shared.
 * @throws {RangeError} When the share is out of range, or the data set has such a split already.
 *
 * @example
 * ```ts
 * import { drawnFaces, withValidationSplit } from "@fer/core/data";
 *
 * const faces = drawnFaces(70, 42, { validation: 0, test: 0 });
 * const split = withValidationSplit(faces, { fraction: 0.2, seed: 1 });
 * console.assert(split.split("PublicTest").length === 14);
 * ```
 */
export function withValidationSplit(
  dataset: FerDataset,
  options: ValidationSplitOptions = {},
): FerDataset {
  const { fraction = 0.1, seed = 42 } = options;
  if (!(fraction > 0 && fraction < 1)) {
    throw new RangeError(
      `Cannot split ${dataset.source} with fraction ${fraction}: expected above 0 and below 1`,
    );
  }
  if (dataset.usages.includes(VALIDATION)) {
    throw new RangeError(`Cannot split ${dataset.source}: it has a validation split already`);
  }
  const usages = dataset.usages.slice();
  for (const [label, groups] of trainingGroups(dataset)) {
    const total = groups.reduce((sum, group) => sum + group.length, 0);
    const wanted = Math.round(total * fraction);
    let taken = 0;
    // Label -1 has a stream of its own too.
    for (const group of new Generator(seed, label + 1).shuffle(groups)) {
      if (taken + group.length > wanted) continue;
      taken += group.length;
      for (const index of group) usages[index] = VALIDATION;
    }
  }
  return new FerDataset({ ...dataset, usages });
}

/** The training images with the same pixels, under the label of the first of them. */
function trainingGroups(dataset: FerDataset): Map<number, number[][]> {
  const groups = new Map<number, number[]>();
  const byLabel = new Map<number, number[][]>();
  firstTwins(dataset).forEach((twin, index) => {
    if (dataset.usages[index] !== TRAINING) return;
    const group = groups.get(twin);
    if (group) {
      group.push(index);
      return;
    }
    const fresh = [index];
    groups.set(twin, fresh);
    const label = dataset.labels[index];
    const others = byLabel.get(label);
    if (others) others.push(fresh);
    else byLabel.set(label, [fresh]);
  });
  return byLabel;
}
