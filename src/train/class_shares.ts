/**
 * What a network comes to take for granted about how frequent its classes are.
 *
 * @module
 */
import type { FerDataset } from "../data/dataset.ts";
import { voteShares } from "../data/votes.ts";
import { FERPLUS_CLASSES } from "../emotions.ts";
import { classCounts } from "./loss.ts";
import type { TrainingConfig } from "./settings.ts";

function normalized(values: readonly number[]): number[] {
  const total = values.reduce((a, b) => a + b, 0);
  return values.map((value) => total > 0 ? value / total : 1 / values.length);
}

function columnSums(rows: ArrayLike<number>, width: number): number[] {
  const sums = new Array<number>(width).fill(0);
  for (let at = 0; at < rows.length; at++) sums[at % width] += rows[at];
  return sums;
}

/**
 * Each class's share of the labels, as far as the loss leaves it: with logit adjustment by `tau` it
 * counts only to the power of `1 - tau`, and with balanced weights not at all.
 *
 * @param dataset What is trained on.
 * @param config How.
 * @returns One share a class; they sum to 1.
 */
export function labelShares(
  { labels, softLabels, classes }: FerDataset,
  { logitAdjustment, classWeights, ferPlusWeight }: Pick<
    TrainingConfig,
    "logitAdjustment" | "classWeights" | "ferPlusWeight"
  >,
): number[] {
  const isSoft = softLabels && ferPlusWeight === 0;
  const shares = normalized(
    isSoft ? columnSums(softLabels, classes.length) : classCounts(labels, classes.length),
  );
  const power = classWeights === "balanced" ? -logitAdjustment : 1 - logitAdjustment;
  return normalized(shares.map((share) => share > 0 ? share ** power : 0));
}

/**
 * Each FER+ class's mean share of the votes on the images that count.
 *
 * @param votes Counts, `[n, 10]`.
 * @returns One share a class of FER+; they sum to 1.
 */
export function ferPlusShares(votes: Uint16Array): number[] {
  const { shares, counted } = voteShares(votes);
  const width = FERPLUS_CLASSES.length;
  return normalized(
    columnSums(shares.map((share, at) => share * counted[Math.floor(at / width)]), width),
  );
}
