/**
 * Rows as CSV (RFC 4180, with line feeds).
 *
 * @module
 */
import type { LabelledFace } from "./picture_result.ts";
import { DECIMALS, placeOf, rounded, type RowFormat } from "./row_format.ts";

/** A cell, quoted where it has to be. */
function cellOf(value: string | number | null | undefined): string {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The cells of a row as {@linkcode cellOf} writes them; undefined when it is none. */
function cellsOf(row: string): string[] | undefined {
  const cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|$)/y;
  while (true) {
    const match = cell.exec(row);
    if (!match) return undefined;
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2]);
    if (match[3] === "") return cells;
  }
}

/** A face's columns, besides those of its probabilities; crops have the first two only. */
const COLUMNS: ReadonlyArray<
  readonly [name: string, valueOf: (face: LabelledFace) => string | number | undefined]
> = [
  ["label", ({ probabilities }) => probabilities?.[0].label],
  ["probability", ({ probabilities }) => share(probabilities?.[0].probability)],
  ["box_x", ({ box }) => pixels(box?.x)],
  ["box_y", ({ box }) => pixels(box?.y)],
  ["box_width", ({ box }) => pixels(box?.width)],
  ["box_height", ({ box }) => pixels(box?.height)],
  ["score", ({ score }) => share(score)],
  ["issues", ({ quality }) => quality?.issues.join(" ")],
  ["sharpness", ({ quality }) => share(quality?.sharpness)],
  ["brightness", ({ quality }) => share(quality?.brightness)],
  ["yaw", ({ quality }) => degrees(quality?.yaw)],
  ["roll", ({ quality }) => degrees(quality?.roll)],
];

const to = (decimals: number) => (value: number | undefined): number | undefined =>
  value === undefined ? undefined : rounded(value, decimals);
const share = to(DECIMALS.share);
const pixels = to(DECIMALS.pixels);
const degrees = to(DECIMALS.degrees);

/** The picture's columns, the first four of each row. */
const PICTURE = ["path", "faces", "face", "error"];

/**
 * A row a face: `path`, `faces` (how many the picture has), `face` (which it is, from 1), `error`,
 * `width`, `height`, `label`, `probability`, `p_` and each class, and what is known of the face's
 * place and quality. What there is not is empty; issues have spaces between them.
 *
 * @param classes The classes, in the order of their columns.
 * @param isCrops Whether the pictures are face crops, which have no place and no quality.
 * @param isVideo Whether they are moments of videos, which have a `time` and faces with an `id`.
 */
export function csvFormat(
  classes: readonly string[],
  isCrops: boolean,
  isVideo = false,
): RowFormat {
  const columns = isCrops ? COLUMNS.slice(0, 2) : COLUMNS;
  const names = [
    ...[...PICTURE, "width", "height"],
    ...columns.slice(0, 2).map(([name]) => name),
    ...classes.map((label) => `p_${label}`),
    ...columns.slice(2).map(([name]) => name),
    ...(isVideo ? ["time", "id"] : []),
  ];
  const line = (cells: ReadonlyArray<string | number | null | undefined>): string =>
    `${names.map((_, i) => cellOf(cells[i])).join(",")}\n`;
  const faceCells = (face: LabelledFace): Array<string | number | undefined> => {
    const byLabel = new Map(
      face.probabilities?.map(({ label, probability }) => [label, probability]),
    );
    const values = columns.map(([, valueOf]) => valueOf(face));
    return [
      ...values.slice(0, 2),
      ...classes.map((label) => share(byLabel.get(label))),
      ...values.slice(2),
    ];
  };
  return {
    name: "csv",
    header: line(names),
    quotesLines: true,
    rows(result) {
      const { path } = result;
      if ("error" in result) return line([path, null, null, result.error]);
      const { time, width, height, faces } = result;
      const rest = (id?: number) => isVideo ? [time, id] : [];
      if (faces.length === 0) {
        const blank = names.slice(6, isVideo ? -2 : undefined).map(() => null);
        return line([path, 0, 0, null, width, height, ...blank, ...rest()]);
      }
      return faces.map((face, i) =>
        line([
          ...[path, faces.length, i + 1, null, width, height],
          ...faceCells(face),
          ...rest(face.id),
        ])
      ).join("");
    },
    place(row) {
      const cells = cellsOf(row);
      if (cells?.length !== names.length) return undefined;
      const [path, faces, face, error] = cells;
      if (error !== "") return path === "" ? undefined : { path, faces: null, face: 0 };
      return /^\d+$/.test(faces) && /^\d+$/.test(face)
        ? placeOf(path, Number(faces), Number(face))
        : undefined;
    },
  };
}
