/**
 * What `bench:faces` found in two sets of pictures, as a run's `faces.json` keeps it.
 *
 * @module
 */
import { JsonFields } from "../model_card/json_fields.ts";

/** How many faces of a size there are, and were found. */
export interface FoundOfSize {
  /** In parts of the picture's longer edge. */
  readonly from: number;
  /** Infinity for the largest. */
  readonly to: number;
  readonly faces: number;
  readonly found: number;
}

/** A recognizer on pictures whose faces are known. */
export interface Finding {
  readonly title: string;
  readonly sizes: readonly FoundOfSize[];
  readonly false: number;
  readonly medianMs: number;
}

/** A recognizer on pictures whose expressions are known. */
export interface Telling {
  readonly title: string;
  readonly n: number;
  readonly found: number;
  readonly refused: number;
  readonly refusedRight: number;
  readonly right: number;
  readonly macroF1: number;
  readonly medianMs: number;
  /** Rows are what folders name, columns what was told, the last one what was not; or not kept. */
  readonly confusion: { readonly classes: readonly string[]; readonly rows: number[][] } | null;
}

/** On what a part was measured. */
export interface MeasuredOn {
  readonly pictures: number;
  readonly backend: string;
  readonly cores: number;
  readonly date: string;
}

/** All of it. */
export interface FaceFigures {
  /** SHA-256 of the packaged weights that told the expressions. */
  readonly weights: string;
  /** What else is to be said of them; null where there is nothing. */
  readonly note: string | null;
  readonly finding: { readonly on: MeasuredOn; readonly readers: readonly Finding[] };
  readonly telling: { readonly on: MeasuredOn; readonly readers: readonly Telling[] };
}

/** The readers in their order, by their names in the JSON. */
const TITLES: Readonly<Record<string, string>> = {
  ours: "this library",
  oursTta: "with `tta`",
  human: "@vladmandic/human",
  faceApi: "@vladmandic/face-api",
};

function measuredOn(part: JsonFields): MeasuredOn {
  const machine = part.object("machine");
  return {
    pictures: part.object("ours").number("pictures"),
    backend: machine.text("adapter"),
    cores: machine.number("cores"),
    date: machine.text("date").slice(0, 10),
  };
}

function readersOf(part: JsonFields): [title: string, fields: JsonFields][] {
  return Object.entries(TITLES).flatMap(([name, title]): [string, JsonFields][] =>
    part.value[name] === null || part.value[name] === undefined ? [] : [[title, part.object(name)]]
  );
}

function findingOf(title: string, fields: JsonFields): Finding {
  const sizes = fields.objects("sizes").map((each) => ({
    from: each.number("from"),
    // JSON has no Infinity.
    to: each.value.to === null ? Infinity : each.number("to"),
    faces: each.number("faces"),
    found: each.number("found"),
  }));
  return { title, sizes, false: fields.number("false"), medianMs: fields.number("medianMs") };
}

function tellingOf(title: string, fields: JsonFields): Telling {
  const expression = fields.object("expression");
  const hasConfusion = expression.value.confusion !== undefined;
  const classes = hasConfusion ? expression.texts("classes") : [];
  return {
    title,
    n: expression.number("n"),
    found: expression.number("found"),
    refused: expression.number("refused"),
    refusedRight: expression.number("refusedRight"),
    right: expression.number("right"),
    macroF1: expression.number("macroF1"),
    medianMs: fields.number("medianMs"),
    confusion: hasConfusion
      ? {
        classes,
        rows: classes.map((_, i) => [...expression.row("confusion", i, classes.length + 1)]),
      }
      : null,
  };
}

/**
 * Reads a run's `faces.json`.
 *
 * @param path The file.
 * @returns The figures.
 * @throws {MissingFieldError} When there is none, or it lacks something.
 */
export async function readFaceFigures(path: string): Promise<FaceFigures> {
  const fields = await JsonFields.read(path);
  const [finding, telling] = [fields.object("finding"), fields.object("telling")];
  return {
    weights: fields.text("weights"),
    note: fields.value.note === undefined ? null : fields.text("note"),
    finding: {
      on: measuredOn(finding),
      readers: readersOf(finding).map(([title, each]) => findingOf(title, each)),
    },
    telling: {
      on: measuredOn(telling),
      readers: readersOf(telling).map(([title, each]) => tellingOf(title, each)),
    },
  };
}
