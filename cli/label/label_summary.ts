/**
 * What labelling came to, in words.
 *
 * @module
 */
import { clock, count } from "../numbers.ts";
import { rateText } from "./label_progress.ts";
import type { Skipped } from "./listing.ts";
import type { Totals } from "./picture_result.ts";

/** What there is to tell. */
export interface LabelSummary {
  /** What the file holds. */
  readonly totals: Totals;
  /** How many of its pictures were there before. */
  readonly before: number;
  /** What folders had besides. */
  readonly skipped: Skipped;
  /** Those of the files that are pictures which are not decoded, by the endings of their names. */
  readonly otherPictures?: ReadonlyMap<string, number>;
  /** Seconds that it took. */
  readonly seconds: number;
  /** Where the rows are. */
  readonly where: string;
}

const some = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/**
 * Pictures that are not decoded, by the endings of their names.
 *
 * @param pictures How many of each.
 * @returns For instance `12 .heic and 1 .gif to convert to JPEG, PNG or WebP`.
 */
export function toConvert(pictures: ReadonlyMap<string, number>): string {
  const each = [...pictures].sort((a, b) => b[1] - a[1])
    .map(([ending, number]) => `${count(number)} ${ending}`);
  return `${each.join(" and ")} to convert to JPEG, PNG or WebP`;
}

/**
 * What labelling came to.
 *
 * @param summary The numbers.
 * @returns Lines for people.
 */
export function summaryLines(summary: LabelSummary): string[] {
  const { totals, before, skipped, otherPictures, seconds, where } = summary;
  const labelled = totals.pictures - before;
  const lines = [
    `${some(totals.pictures, "picture")} in ${where}: ${some(totals.faces, "face")}, ` +
    `${count(totals.withoutFace)} without a face, ${some(totals.errors, "error")}`,
    `${count(labelled)} labelled in ${clock(seconds)}, ` +
    rateText(labelled / Math.max(seconds, 1e-3)) +
    (before > 0 ? `; ${count(before)} had been there` : ""),
  ];
  const convert = otherPictures?.size ? ` (${toConvert(otherPictures)})` : "";
  const others = [
    skipped.files > 0 && some(skipped.files, "other file") + convert,
    skipped.unreadable > 0 && `${some(skipped.unreadable, "folder")} that cannot be read`,
    skipped.loops > 0 && `${some(skipped.loops, "link")} to a folder around it`,
  ].filter((each) => each !== false);
  if (others.length > 0) lines.push(`Passed over: ${others.join(", ")}`);
  return lines;
}
