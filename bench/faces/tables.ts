/**
 * What the comparison found, for people.
 *
 * @module
 */
import { NONE, number, type TableForm, tableLines } from "../table.ts";
import type { FaceScore } from "./score.ts";

/** One recognizer, and its figures; null where it is missing. */
export interface ScoredReader {
  /** For people. */
  readonly title: string;
  readonly score: FaceScore;
}

const share = (value: number | null): string => value === null ? NONE : value.toFixed(3);

/** A share of the picture's edge. */
const part = (value: number): string => value.toFixed(2);

/**
 * The tables' lines.
 *
 * @param readers Who took part.
 * @param form Plain text or Markdown.
 */
export function faceTables(readers: readonly ScoredReader[], form: TableForm): string[] {
  const lines: string[] = [];
  if (readers.length === 0) return lines;
  const [{ score: { sizes, pictures } }] = readers;
  if (sizes.length > 0) {
    const columns = sizes.map(({ from, to, faces }) =>
      `${to === Infinity ? `from ${part(from)}` : `${part(from)}-${part(to)}`} (${faces})`
    );
    lines.push(...tableLines({
      heading: "Faces found, by their share of the picture's longer edge (how many there are)",
      rows: [
        ["recognizer", "from 0.06", ...columns, "false", "ms a picture"],
        ...readers.map(({ title, score }) => [
          title,
          share(score.recall006),
          ...score.sizes.map(({ faces, found }) => faces === 0 ? NONE : share(found / faces)),
          `${score.false}`,
          number(score.medianMs),
        ]),
      ],
    }, form));
  } else {
    lines.push(...tableLines({
      heading: `Faces found in ${pictures} pictures`,
      rows: [
        ["recognizer", "found", "ms a picture"],
        ...readers.map(({ title, score }) => [title, `${score.found}`, number(score.medianMs)]),
      ],
    }, form));
  }
  const told = readers.flatMap(({ title, score: { expression } }) =>
    expression ? [{ title, expression }] : []
  );
  if (told.length === 0) return lines;
  lines.push(...tableLines({
    heading: "Expressions, by the whole chain",
    rows: [
      [
        ...["recognizer", "pictures", "found", "refused", "of which right", "right", "accuracy"],
        ...["of those told", "macro-F1"],
      ],
      ...told.map(({ title, expression }) => [
        title,
        `${expression.n}`,
        `${expression.found}`,
        `${expression.refused}`,
        `${expression.refusedRight}`,
        `${expression.right}`,
        share(expression.accuracy),
        share(expression.accuracyOfTold),
        share(expression.macroF1),
      ]),
    ],
  }, form));
  for (const { title, expression: { classes, confusion } } of told) {
    lines.push(...tableLines({
      heading: `${title}: what folders name (rows) and what was told (columns)`,
      rows: [
        ["folder", ...classes, "not told"],
        ...classes.map((each, i) => [each, ...confusion[i].map((count) => `${count}`)]),
      ],
    }, form));
  }
  return lines;
}
