/**
 * The validation images that the dashboard shows.
 *
 * @module
 */
import type { FerDataset } from "../data/dataset.ts";
import { pngUri } from "../report/png.ts";
import type { FaceFacts } from "./state.ts";

/**
 * Chooses images class by class: the first of each, then the second of each. The choice is the same
 * every time, so that a face can be followed through a run and all its starts.
 *
 * @param dataset The validation images.
 * @param most How many at most.
 * @returns The images, encoded; those without a label are not among them.
 */
export async function chooseFaces(dataset: FerDataset, most: number): Promise<FaceFacts[]> {
  const places = dataset.classes.map((): number[] => []);
  dataset.labels.forEach((label, index) => places[label]?.push(index));
  const rounds = Math.max(0, ...places.map((each) => each.length));
  const chosen: number[] = [];
  for (let round = 0; round < rounds && chosen.length < most; round++) {
    chosen.push(...places.flatMap((each) => each.slice(round, round + 1)));
  }
  return await Promise.all(
    chosen.slice(0, most).map(async (index) => ({
      image: await pngUri(dataset.image(index)),
      index,
      label: dataset.labels[index],
    })),
  );
}

/**
 * What the network makes of the chosen images.
 *
 * @param faces The images.
 * @param probabilities Of all validation images, `[n, classes]`.
 * @param classes How many classes there are.
 * @returns A row of probabilities for each image, to three decimals.
 */
export function predictionsOf(
  faces: readonly FaceFacts[],
  probabilities: ArrayLike<number>,
  classes: number,
): number[][] {
  return faces.map(({ index }) =>
    Array.from(
      { length: classes },
      (_, k) => Math.round(1000 * probabilities[index * classes + k]) / 1000,
    )
  );
}
