/**
 * FER+: ten people's votes on each image of FER-2013.
 *
 * @module
 */
import { EMOTIONS } from "../emotions.ts";
import { type CsvSource, quoted, readCsvRows, sourceName } from "./csv_rows.ts";
import { FerDataset, type Usage, USAGES } from "./dataset.ts";
import { pairVotes } from "./ferplus_agreement.ts";
import { VOTE_COLUMNS } from "./votes.ts";

/** How {@linkcode withFerPlus} joins. */
export interface FerPlusOptions {
  /**
   * Leave out the images that most voters took for something else than a face.
   * @default {false}
   */
  readonly dropNonFaces?: boolean;
}

/** What FER+ calls what one could vote for, in the order of {@linkcode VOTE_COLUMNS}. */
const COLUMNS: Readonly<Record<typeof VOTE_COLUMNS[number], string>> = {
  angry: "anger",
  disgust: "disgust",
  fear: "fear",
  happy: "happiness",
  sad: "sadness",
  surprise: "surprise",
  neutral: "neutral",
  contempt: "contempt",
  unknown: "unknown",
  noFace: "NF",
};

/** Columns that shortened copies of the file leave out: nobody voted for them. */
const OPTIONAL: readonly string[] = ["contempt", "unknown"];

/** The most votes that an image can have for one class. */
const MOST_VOTES = 2 ** 16 - 1;

/** The rows of the original file, and two of them that no copy of the pixels is sure to match. */
const ORIGINAL_ROWS = 35_887;
const UNSURE_ROWS: ReadonlySet<number> = new Set([5274, 33200]);

/** The votes on one image. */
interface Ballot {
  readonly usage: number;
  /** For each of {@linkcode VOTE_COLUMNS}. */
  readonly votes: readonly number[];
  /** What the image is called; empty where the file does not say. */
  readonly image: string;
}

/**
 * Gives FER-2013 the votes of FER+ (Barsoum et al., 2016), as they are and as soft labels. Votes are
 * joined to the images by file name where the data set has the vote file's names, else in order,
 * `Usage` by `Usage`; how often they agree with the images' own labels shows whether that order is
 * right. In soft labels votes for contempt, for "unknown" and for "not a face" do not count, and the
 * rest is rescaled; an image with no votes left keeps its own label.
 *
 * @param dataset FER-2013 as it was published: every row of a `Usage`, in the original order; or
 * images by the names of the vote file.
 * @param csv `fer2013new.csv`: a path, a `file:` or `https:` URL, or its bytes, plain or gzipped.
 * @param options What to leave out.
 * @returns A new data set with `softLabels` and `votes`; its labels and pixels are as they were.
 * @throws {RangeError} When the votes of a `Usage` are not as many as its images, or are of others.
 * @throws {SyntaxError} When the file is malformed; the message names file, row and value.
 * @throws {TypeError} When the classes are not the seven of FER-2013.
 *
 * @example
 * ```ts
 * import { drawnFaces, withFerPlus } from "@fer/core/data";
 *
 * const faces = drawnFaces(1, 42, { validation: 0, test: 0 });
 * const votes = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear," +
 *   "contempt,unknown,NF\nTraining,fer0.png,4,0,0,0,4,0,0,0,2,0\n";
 * const { softLabels } = await withFerPlus(faces, new Blob([votes]).stream());
 * console.assert(softLabels?.join() === "0.5,0,0,0,0,0,0.5");
 * ```
 */
export async function withFerPlus(
  dataset: FerDataset,
  csv: CsvSource,
  options: FerPlusOptions = {},
): Promise<FerDataset> {
  const name = sourceName(csv);
  if (dataset.classes.join() !== EMOTIONS.join()) {
    throw new TypeError(
      `Cannot join ${name}: the classes of ${dataset.source} are ` +
        `${dataset.classes.join(", ")}, expected ${EMOTIONS.join(", ")}`,
    );
  }
  const ballots = await readBallots(csv, name);
  const softLabels = new Float32Array(dataset.length * EMOTIONS.length);
  const votes = new Uint16Array(dataset.length * VOTE_COLUMNS.length);
  const kept: number[] = [];
  for (const [index, row] of pairVotes(dataset, ballots, name).entries()) {
    const isSure = ballots.length !== ORIGINAL_ROWS || !UNSURE_ROWS.has(row);
    const ballot = isSure ? ballots[row].votes : [];
    votes.set(ballot, index * VOTE_COLUMNS.length);
    const share = softLabels.subarray(index * EMOTIONS.length, (index + 1) * EMOTIONS.length);
    share.set(ballot.slice(0, EMOTIONS.length));
    normalize(share, dataset.labels[index]);
    if (!(options.dropNonFaces && isNonFace(ballot))) kept.push(index);
  }
  const joined = new FerDataset({ ...dataset, softLabels, votes });
  return kept.length === dataset.length ? joined : joined.subset(kept);
}

/** Makes votes sum to 1; without any, the image's own label has all, or each class the same. */
function normalize(share: Float32Array, label: number): void {
  const total = share.reduce((sum, votes) => sum + votes, 0);
  if (total > 0) share.forEach((votes, i) => share[i] = votes / total);
  else if (label >= 0) share[label] = 1;
  else share.fill(1 / share.length);
}

/** Whether more voted for "not a face" than for all else. */
function isNonFace(ballot: readonly number[]): boolean {
  const total = ballot.reduce((sum, votes) => sum + votes, 0);
  return 2 * (ballot.at(-1) ?? 0) > total;
}

async function readBallots(csv: CsvSource, name: string): Promise<Ballot[]> {
  const ballots: Ballot[] = [];
  let header: string[] | undefined;
  for await (const row of readCsvRows(csv, name)) {
    if (!header) {
      header = row.map((field) => field.trim().toLowerCase());
      for (const column of ["Usage", ...Object.values(COLUMNS)]) {
        if (header.includes(column.toLowerCase()) || OPTIONAL.includes(column)) continue;
        throw new SyntaxError(
          `Cannot read ${name}: no column "${column}" in its first line ${quoted(row.join(","))}`,
        );
      }
      continue;
    }
    const where = `Cannot read row ${count(ballots.length + 1)} of ${name}`;
    const fields = new Map(header.map((column, i) => [column, row[i]?.trim() ?? ""]));
    const usage = USAGES.indexOf(fields.get("usage") as Usage);
    if (usage < 0) {
      throw new RangeError(
        `${where}: Usage is ${quoted(fields.get("usage") ?? "")}, expected ${USAGES.join(", ")}`,
      );
    }
    const votesFor = (column: string): number => {
      const field = fields.get(column) ?? "";
      if (/^\d{1,6}$/.test(field) && Number(field) <= MOST_VOTES) return Number(field);
      throw new SyntaxError(
        `${where}: ${column} has ${quoted(field)} votes, expected a whole number`,
      );
    };
    const votes = VOTE_COLUMNS.map((name) => COLUMNS[name].toLowerCase())
      .map((column) => fields.has(column) ? votesFor(column) : 0);
    ballots.push({ usage, votes, image: fields.get("image name") ?? "" });
  }
  return ballots;
}

function count(n: number): string {
  return n.toLocaleString("en-US");
}
