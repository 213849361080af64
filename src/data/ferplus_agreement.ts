/**
 * Which votes belong to which image, and whether they can.
 *
 * @module
 */
import { EMOTIONS } from "../emotions.ts";
import { quoted } from "./csv_rows.ts";
import { type FerDataset, USAGES } from "./dataset.ts";

/** The votes on one image, as far as it matters whose they are. */
export interface PairedBallot {
  /** An index into {@linkcode USAGES}. */
  readonly usage: number;
  /** For each of the seven, in label order; then for what else there was to vote for. */
  readonly votes: readonly number[];
  /** What the image is called; empty where the file does not say. */
  readonly image: string;
}

/** Images that are judged together: a part in another order is found too. */
const STRETCH = 500;
/** How often most voters agree with FER-2013's own label: on 64.6 % of its images. */
const USUAL = 0.64;
/** Below this share votes are refused, if it cannot be chance. */
const LEAST = 0.5;
/** Standard deviations of chance: one in two thousand. */
const Z = 3.29;

/**
 * Pairs votes with images: by what the images are called where both say it, else in their order,
 * `Usage` by `Usage`.
 *
 * @param dataset The images.
 * @param ballots The votes.
 * @param name What to call the votes in messages.
 * @returns For each image its place among the votes.
 * @throws {RangeError} When there are not as many votes as images, or when they are of other images:
 * by name, or because they agree with the images' own labels far too seldom.
 */
export function pairVotes(
  dataset: FerDataset,
  ballots: readonly PairedBallot[],
  name: string,
): Int32Array {
  const byName = pairByName(dataset, ballots, name);
  const rows = byName ?? pairInOrder(dataset, ballots, name);
  for (const usage of USAGES.keys()) {
    const images = [...dataset.usages.keys()].filter((i) => dataset.usages[i] === usage);
    for (let from = 0; from < images.length; from += STRETCH) {
      checkAgreement(dataset, ballots, rows, images.slice(from, from + STRETCH), name);
    }
  }
  return rows;
}

/** `train/happy/fer0000012.png` and `fer0000012` are one image. */
function stem(image: string): string {
  return (image.split(/[/\\]/).at(-1) ?? "").replace(/\.[^.]*$/, "").toLowerCase();
}

/** The votes' places by the images' names; undefined where either side has none in common. */
function pairByName(
  dataset: FerDataset,
  ballots: readonly PairedBallot[],
  name: string,
): Int32Array | undefined {
  const { names, source } = dataset;
  if (!names) return undefined;
  const places = new Map<string, number>();
  let twice: string | undefined;
  for (const [row, { image }] of ballots.entries()) {
    const key = stem(image);
    if (key === "") continue;
    if (places.has(key)) twice ??= image;
    places.set(key, row);
  }
  const rows = Int32Array.from(names, (each) => places.get(stem(each)) ?? -1);
  const found = rows.reduce((sum, row) => sum + Number(row >= 0), 0);
  if (found === 0) return undefined;
  if (twice !== undefined) {
    throw new RangeError(`Cannot join ${name}: it has votes on ${quoted(twice)} twice`);
  }
  if (found < names.length) {
    throw new RangeError(
      `Cannot join ${name}: it has votes on ${count(found)} of the ${count(names.length)} images ` +
        `of ${source} by their names, none on ${quoted(names[rows.indexOf(-1)])}`,
    );
  }
  const seen = new Set<number>();
  for (const [index, row] of rows.entries()) {
    if (seen.has(row)) {
      throw new RangeError(
        `Cannot join ${name}: two images of ${source} are called ${quoted(stem(names[index]))}`,
      );
    }
    seen.add(row);
  }
  return rows;
}

function pairInOrder(
  dataset: FerDataset,
  ballots: readonly PairedBallot[],
  name: string,
): Int32Array {
  const rows = new Int32Array(dataset.length);
  for (const [code, usage] of USAGES.entries()) {
    const places = [...ballots.keys()].filter((row) => ballots[row].usage === code);
    let next = 0;
    for (const [index, each] of dataset.usages.entries()) {
      if (each === code) rows[index] = places[next++] ?? -1;
    }
    if (next === places.length || next === 0) continue;
    throw new RangeError(
      `Cannot join ${name}: it has votes on ${count(places.length)} ${usage} images, ` +
        `${dataset.source} has ${count(next)}`,
    );
  }
  return rows;
}

function checkAgreement(
  { labels, usages, source }: FerDataset,
  ballots: readonly PairedBallot[],
  rows: Int32Array,
  images: readonly number[],
  name: string,
): void {
  let judged = 0;
  let agreeing = 0;
  for (const index of images) {
    const votes = ballots[rows[index]].votes.slice(0, EMOTIONS.length);
    const most = Math.max(...votes);
    if (labels[index] < 0 || most === 0) continue;
    judged++;
    if (votes[labels[index]] === most) agreeing++;
  }
  if (judged === 0) return;
  const share = agreeing / judged;
  if (share >= LEAST || upperBound(share, judged) >= USUAL) return;
  const first = (rows[images[0]] + 1).toLocaleString("en-US");
  throw new RangeError(
    `Cannot join ${name}: from row ${first} on its votes agree with the labels of ${source} on ` +
      `${agreeing} of ${judged} ${USAGES[usages[images[0]]]} images, which is too seldom for ` +
      "votes on these: they are joined in the order of fer2013.csv, and the images are in another",
  );
}

/** The upper end of Wilson's interval (1927) around a share. */
function upperBound(share: number, n: number): number {
  const square = Z * Z / n;
  const spread = Z * Math.sqrt(share * (1 - share) / n + square / (4 * n));
  return (share + square / 2 + spread) / (1 + square);
}

function count(n: number): string {
  return n.toLocaleString("en-US");
}
