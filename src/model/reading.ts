/**
 * How a network's answers are read: which output, and with which classes in mind.
 *
 * @module
 */
import {
  describeModel,
  type FerModel,
  type Head,
  headsOf,
  type Priors,
  type Reading,
} from "./description.ts";

/** What each of a model's outputs says: probabilities `[n, classes]`. */
export type HeadAnswers = readonly Float32Array[];

/** A reading, worked out for a model. */
export interface ModelReading {
  /** The classes of what is read. */
  readonly classes: readonly string[];
  /** The outputs that are read, by their places, and what each class's probability is multiplied by. */
  readonly parts: readonly {
    readonly head: number;
    readonly columns: readonly number[];
    readonly width: number;
    readonly factors: readonly number[] | null;
  }[];
}

/** A class without a single training image counts as if one in so many showed it. */
const LEAST_SHARE = 1e-4;

function factorsOf(
  { classes, classShares, labels }: Head,
  columns: readonly number[],
  priors: Priors,
  model: FerModel,
): number[] | null {
  if (priors === "training") return null;
  if (priors !== "uniform" && !Array.isArray(priors)) {
    throw new TypeError(
      `Cannot predict with priors ${priors}: expected training, uniform, or a number a class`,
    );
  }
  const wanted = priors === "uniform" ? columns.map(() => 1) : priors as readonly number[];
  const wrong = wanted.findIndex((each) => !(each > 0 && Number.isFinite(each)));
  if (wanted.length !== columns.length || wrong >= 0) {
    throw new RangeError(
      `Cannot predict with priors [${wanted}]: expected ${columns.length} numbers above 0, one for ` +
        `each of ${columns.map((column) => classes[column]).join(", ")}`,
    );
  }
  if (!classShares) {
    throw new TypeError(
      `Cannot predict with other priors than training's: model ${model.name} does not say how ` +
        `frequent each class was in the ${labels} labels that it was trained on`,
    );
  }
  return columns.map((column, k) => wanted[k] / Math.max(classShares[column], LEAST_SHARE));
}

/** The options that are given: one that is `undefined` does not hide a model's own. */
function defined({ labels, priors }: Reading): Reading {
  return { ...(labels !== undefined && { labels }), ...(priors !== undefined && { priors }) };
}

/**
 * Works out a reading for a model.
 *
 * @param model A model of this library.
 * @param reading Labels and priors; what is left out is as the model says, or its default.
 * @throws {TypeError} When the model has no output for those labels, or does not know its shares.
 * @throws {RangeError} When priors are not one number above 0 a class, or there are no such labels.
 */
export function readingOf(
  model: FerModel,
  reading: Reading,
): ModelReading {
  const description = describeModel(model);
  const { labels = "fer2013", priors = "training" } = {
    ...description.reading,
    ...defined(reading),
  };
  if (!["fer2013", "ferplus", "both"].includes(labels)) {
    throw new RangeError(
      `Cannot predict with labels ${labels}: expected fer2013, ferplus or both`,
    );
  }
  const heads = headsOf(description);
  const [first, second] = heads;
  if (labels !== "fer2013" && !second) {
    throw new TypeError(
      `Cannot predict with labels ${labels}: model ${model.name} has one output, it did not learn ` +
        "FER+'s votes",
    );
  }
  const read = labels === "both" ? heads : labels === "ferplus" ? [second] : [first];
  const classes = read[0].classes.filter((name) =>
    read.every((head) => head.classes.includes(name))
  );
  return {
    classes,
    parts: read.map((head) => {
      const columns = classes.map((name) => head.classes.indexOf(name));
      return {
        head: heads.indexOf(head),
        columns,
        width: head.classes.length,
        factors: factorsOf(head, columns, priors, model),
      };
    }),
  };
}

/**
 * Reads what a model's outputs say.
 *
 * @param answers Each output's probabilities.
 * @param reading How.
 * @returns Probabilities `[n, classes]` of the reading's classes.
 */
export function readAnswers(answers: HeadAnswers, { classes, parts }: ModelReading): Float32Array {
  const [only] = parts;
  if (parts.length === 1 && !only.factors) return answers[only.head];
  const width = classes.length;
  const n = answers[only.head].length / only.width;
  const out = new Float32Array(n * width);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let k = 0; k < width; k++) {
      let product = 1;
      for (const { head, columns, width: all, factors } of parts) {
        product *= answers[head][i * all + columns[k]] * (factors?.[k] ?? 1);
      }
      sum += out[i * width + k] = parts.length === 1 ? product : Math.sqrt(product);
    }
    for (let k = 0; k < width; k++) out[i * width + k] /= sum;
  }
  return out;
}
