/**
 * An evaluation as the card shows it.
 *
 * @module
 */
import { wilsonInterval } from "../../src/metrics.ts";
import type { JsonFields } from "./json_fields.ts";

/** A 95 % interval. */
export type Interval = readonly [low: number, high: number];

/** Scores of one class. */
export interface CardClass {
  readonly name: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly support: number;
}

/** Images by how sure the network is. */
export interface CardBin {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
  readonly confidence: number;
  readonly accuracy: number;
}

/** Every score. */
export interface CardEvaluation {
  readonly n: number;
  readonly accuracy: number;
  readonly accuracyInterval: Interval;
  readonly macroF1: number;
  readonly macroF1Interval: Interval;
  readonly balancedAccuracy: number;
  readonly top2: number;
  readonly ece: number;
  readonly loss: number;
  readonly perClass: readonly CardClass[];
  readonly confusion: readonly (readonly number[])[];
  readonly leakFree: {
    readonly n: number;
    readonly accuracy: number;
    readonly accuracyInterval: Interval;
    readonly macroF1: number;
  };
  /** Empty where the file has none. */
  readonly reliability: readonly CardBin[];
}

const interval = (fields: JsonFields, key: string): Interval => {
  const [low, high] = fields.numbers(key, 2);
  return [low, high];
};

/**
 * Reads an evaluation.
 *
 * @param fields The evaluation.
 * @param classes The class names, in the order of the table.
 * @param outer What has `reliability`, if anything.
 */
export function readEvaluation(
  fields: JsonFields,
  classes: readonly string[],
  outer?: JsonFields,
): CardEvaluation {
  const leakFree = fields.object("leakFree");
  const n = leakFree.number("n");
  const accuracy = leakFree.number("accuracy");
  const confusion = classes.map((_, row) => fields.row("confusion", row, classes.length));
  return {
    n: fields.number("n"),
    accuracy: fields.number("accuracy"),
    accuracyInterval: interval(fields, "accuracyInterval"),
    macroF1: fields.number("macroF1"),
    macroF1Interval: interval(fields, "macroF1Interval"),
    balancedAccuracy: fields.number("balancedAccuracy"),
    top2: fields.number("top2"),
    ece: fields.number("ece"),
    loss: fields.number("loss"),
    perClass: classes.map((name) => {
      const scores = fields.object("perClass").object(name);
      return {
        name,
        precision: scores.number("precision"),
        recall: scores.number("recall"),
        f1: scores.number("f1"),
        support: scores.number("support"),
      };
    }),
    confusion,
    leakFree: {
      n,
      accuracy,
      accuracyInterval: wilsonInterval(Math.round(accuracy * n), n),
      macroF1: leakFree.number("macroF1"),
    },
    reliability: (outer?.objects("reliability") ?? []).map((bin) => ({
      lower: bin.number("lower"),
      upper: bin.number("upper"),
      count: bin.number("count"),
      confidence: bin.number("confidence"),
      accuracy: bin.number("accuracy"),
    })),
  };
}
