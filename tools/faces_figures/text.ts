/**
 * The figures of other people's pictures in words and tables, for the documents.
 *
 * @module
 */
import { table } from "../model_card/markdown.ts";
import type { FaceFigures, Finding, FoundOfSize, MeasuredOn, Telling } from "./figures.ts";

const share = (part: number, whole: number): string =>
  whole === 0 ? "-" : (part / whole).toFixed(3);

const milliseconds = (value: number): string => value.toFixed(value < 10 ? 1 : 0);

function headOf({ from, to, faces }: FoundOfSize): string {
  const edge = (value: number): string => String(Number(value.toFixed(2)));
  const range = from === 0
    ? `below ${edge(to)}`
    : to === Infinity
    ? `from ${edge(from)}`
    : `${edge(from)} to ${edge(to)}`;
  return `${range} (${faces})`;
}

function from006({ sizes }: Finding): string {
  const some = sizes.filter(({ from }) => from >= 0.06);
  const sum = (key: "faces" | "found") => some.reduce((all, each) => all + each[key], 0);
  return share(sum("found"), sum("faces"));
}

function findingTable(readers: readonly Finding[]): string {
  return table(
    ["recognizer", "from 0.06", ...readers[0].sizes.map(headOf), "false", "ms a picture"],
    readers.map((each) => [
      each.title,
      from006(each),
      ...each.sizes.map(({ found, faces }) => share(found, faces)),
      String(each.false),
      milliseconds(each.medianMs),
    ]),
  );
}

function tellingTable(readers: readonly Telling[]): string {
  return table(
    [
      ...["recognizer", "found", "refused", "of which right", "right", "of all"],
      ...["of those told", "macro-F1", "ms a picture"],
    ],
    readers.map((each) => [
      each.title,
      ...[each.found, each.refused, each.refusedRight, each.right].map(String),
      share(each.right, each.n),
      share(each.right, each.found - each.refused),
      each.macroF1.toFixed(3),
      milliseconds(each.medianMs),
    ]),
  );
}

/** How many mistakes are named. */
const NAMED = 3;

/** Which classes are told least, and what is most often told in their place. */
function failures({ confusion }: Telling): string[] {
  if (!confusion) return [];
  const { classes, rows } = confusion;
  const recalls = rows.map((row, i) => ({
    name: classes[i],
    right: row[i],
    there: row.reduce((sum, each) => sum + each, 0),
  })).filter(({ there }) => there > 0).sort((a, b) => a.right / a.there - b.right / b.there);
  const mistakes = rows.flatMap((row, i) =>
    classes.map((told, k) => ({ truth: classes[i], told, count: i === k ? 0 : row[k] }))
  ).sort((a, b) => b.count - a.count).slice(0, NAMED).filter(({ count }) => count > 0);
  const least = recalls.slice(0, 2)
    .map(({ name, right, there }) => `${name} (${right} of ${there} right)`);
  const most = mistakes.map(({ truth, told, count }) => `${truth} as ${told} (${count})`);
  return [
    "",
    `What fails most: ${
      least.join(" and ")
    }. The most frequent mistakes, as the folders have it: ` +
    `${most.join(", ")}.`,
  ];
}

const machine = ({ backend, cores, date }: MeasuredOn): string =>
  `${backend}, ${cores} cores, ${date}`;

/**
 * The figures.
 *
 * @param figures What was measured.
 * @returns Markdown: two tables and what they are of.
 */
export function facesText({ finding, telling, note }: FaceFigures): string {
  const [ours] = telling.readers;
  return [
    `**Finding faces** in ${finding.on.pictures} pictures of WIDER FACE's validation part, by ` +
    "their size in parts of the longer edge; in parentheses how many there are " +
    `(${machine(finding.on)}).`,
    "",
    findingTable(finding.readers),
    "",
    "What is missed most are faces that others cover, profiles, and faces that motion blurs.",
    "",
    `**Telling expressions** in ${telling.on.pictures} pictures that a face fills, in folders of ` +
    "seven classes whose labels were given by students, many of them wrong; what is not found or " +
    `refused counts as wrong (${machine(telling.on)}).`,
    "",
    tellingTable(telling.readers),
    ...failures(ours),
    ...(note === null ? [] : ["", note]),
  ].join("\n");
}

/** Between these a document holds the figures. */
const [BEGIN, END] = ["<!-- figures of faces.json -->", "<!-- end of figures -->"];

/**
 * Puts figures into a document, in the place of those that are there.
 *
 * @param document The document.
 * @param text The figures.
 * @returns The document with them.
 * @throws {RangeError} When it has no place for them.
 */
export function withFigures(document: string, text: string): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin < 0 || end < begin) {
    throw new RangeError(`Cannot put figures into a document without ${BEGIN} and ${END}`);
  }
  return `${document.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${document.slice(end)}`;
}
