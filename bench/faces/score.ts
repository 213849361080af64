/**
 * What a recognizer's answers are worth.
 *
 * @module
 */
import { type Emotion, EMOTIONS } from "../../src/emotions.ts";
import { match } from "./matching.ts";
import { facesOf, type KnownFaces, type Picture } from "./pictures.ts";

/** A face as a recognizer tells it. */
export interface AnsweredFace {
  /** Left, upper edge, width, height, in pixels. */
  readonly box: readonly [x: number, y: number, width: number, height: number];
  /** The likeliest class, also where it is refused; null where there is none. */
  readonly label: Emotion | null;
  /** Whether the recognizer keeps the class to itself since the face is too poor. */
  readonly isRefused: boolean;
}

/** What a recognizer says of a picture. */
export interface Answer {
  /** The picture's size, in pixels. */
  readonly width: number;
  /** Likewise. */
  readonly height: number;
  /** From pixels to expressions. */
  readonly ms: number;
  /** Its faces. */
  readonly faces: readonly AnsweredFace[];
}

/** How many faces of a size there are, and were found. */
export interface SizeScore {
  /** Square root of the box's area beside the picture's longer edge: from here on. */
  readonly from: number;
  /** Up to here. */
  readonly to: number;
  readonly faces: number;
  readonly found: number;
}

/** How well expressions are told, by the whole chain. */
export interface ExpressionScore {
  /** Pictures whose folder names an expression. */
  readonly n: number;
  /** Those in which a face was found. */
  readonly found: number;
  /** Those whose face was too poor to be told. */
  readonly refused: number;
  /** Those of them that would have been right. */
  readonly refusedRight: number;
  /** Those that were told right. */
  readonly right: number;
  /** `right` beside `n`: what is not found or refused is wrong. */
  readonly accuracy: number;
  /** `right` beside those that were told. */
  readonly accuracyOfTold: number;
  /** The mean over the classes that occur of F1; what is not told is missed. */
  readonly macroF1: number;
  /** The classes that occur in the folders' names or the answers, in the confusion's order. */
  readonly classes: readonly Emotion[];
  /** Rows are what folders name, columns what was told; the last column is what was not told. */
  readonly confusion: readonly (readonly number[])[];
}

/** One recognizer's figures. */
export interface FaceScore {
  /** Pictures that were looked at. */
  readonly pictures: number;
  /** Known faces in them that count; null without boxes. */
  readonly faces: number | null;
  /** Those that were found; without boxes, all that was found. */
  readonly found: number;
  /** Found of those from 0.06 of the longer edge on, 0 to 1; null where there is none. */
  readonly recall006: number | null;
  /** Likewise of those from 0.03 to 0.06. */
  readonly recall003: number | null;
  /** Boxes that are of no face; null without boxes. */
  readonly false: number | null;
  /** Milliseconds a picture. */
  readonly medianMs: number;
  readonly sizes: readonly SizeScore[];
  /** Null where no folder names an expression. */
  readonly expression: ExpressionScore | null;
}

/** Where sizes are parted. */
const LIMITS = [0, 0.03, 0.06, 0.12, 1 / 3, Infinity];

/** The median; NaN of nothing. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The face that a picture with one expression is of: the largest. */
function mainFace(faces: readonly AnsweredFace[]): AnsweredFace | undefined {
  return faces.toSorted((a, b) => b.box[2] * b.box[3] - a.box[2] * a.box[3])[0];
}

function expressionScore(
  pictures: readonly Picture[],
  answers: readonly Answer[],
): ExpressionScore | null {
  const rows = pictures.flatMap(({ label }, i) =>
    label ? [{ label, face: mainFace(answers[i].faces) }] : []
  );
  if (rows.length === 0) return null;
  const told = rows.map(({ face }) => face && !face.isRefused ? face.label : null);
  const classes = EMOTIONS.filter((each) =>
    rows.some(({ label }) => label === each) || told.includes(each)
  );
  const confusion = classes.map((truth) => {
    const row = told.filter((_, i) => rows[i].label === truth);
    return [...classes, null].map((each) => row.filter((answer) => answer === each).length);
  });
  const f1 = classes.flatMap((_, i) => {
    const there = confusion[i].reduce((sum, count) => sum + count, 0);
    const said = confusion.reduce((sum, row) => sum + row[i], 0);
    return there === 0 ? [] : [2 * confusion[i][i] / (there + said)];
  });
  const refused = rows.filter(({ face }) => face?.isRefused);
  const right = told.filter((answer, i) => answer === rows[i].label).length;
  const answered = told.filter((answer) => answer !== null).length;
  return {
    n: rows.length,
    found: rows.filter(({ face }) => face).length,
    refused: refused.length,
    refusedRight: refused.filter(({ face, label }) => face?.label === label).length,
    right,
    accuracy: right / rows.length,
    accuracyOfTold: answered === 0 ? 0 : right / answered,
    macroF1: f1.reduce((sum, each) => sum + each, 0) / f1.length,
    classes,
    confusion,
  };
}

/**
 * Scores one recognizer.
 *
 * @param pictures The pictures.
 * @param answers What it said of each.
 * @param known Where faces are; null where that is not known. Pictures that it does not name count for
 * time and expressions alone.
 */
export function scoreOf(
  pictures: readonly Picture[],
  answers: readonly Answer[],
  known: KnownFaces | null,
): FaceScore {
  const sizes = LIMITS.slice(1).map((to, i) => ({ from: LIMITS[i], to, faces: 0, found: 0 }));
  let falseBoxes = 0;
  answers.forEach(({ faces: answered, width, height }, i) => {
    const faces = known && facesOf(pictures[i], known);
    if (!faces) return;
    const matching = match(answered.map(({ box }) => box), faces);
    falseBoxes += matching.falseBoxes.length;
    faces.forEach(({ box, invalid }, j) => {
      if (invalid) return;
      const share = Math.sqrt(box[2] * box[3]) / Math.max(width, height);
      const size = sizes.find(({ to }) => share < to);
      if (!size) return;
      size.faces++;
      if (matching.isFound[j]) size.found++;
    });
  });
  const from = (least: number, most = Infinity): { faces: number; found: number } => {
    const some = sizes.filter((size) => size.from >= least && size.to <= most);
    return {
      faces: some.reduce((sum, { faces }) => sum + faces, 0),
      found: some.reduce((sum, { found }) => sum + found, 0),
    };
  };
  const recall = ({ faces, found }: { faces: number; found: number }): number | null =>
    faces === 0 ? null : found / faces;
  return {
    pictures: answers.length,
    faces: known && from(0).faces,
    found: known ? from(0).found : answers.reduce((sum, { faces }) => sum + faces.length, 0),
    recall006: recall(from(0.06)),
    recall003: recall(from(0.03, 0.06)),
    false: known && falseBoxes,
    medianMs: medianOf(answers.map(({ ms }) => ms)),
    sizes: known ? sizes : [],
    expression: expressionScore(pictures, answers),
  };
}
