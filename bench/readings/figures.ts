/**
 * How a network of two outputs does by each of them, and with each prior.
 *
 * @module
 */
import type { Labels, Priors } from "../../src/model.ts";

/** One way to read answers, on one set of labels. */
export interface ReadingFigure {
  /** Which output. */
  readonly labels: Labels;
  /** How frequent the classes are taken to be. */
  readonly priors: Extract<Priors, string>;
  /** Whether each image is seen in several ways. */
  readonly tta: boolean;
  /** What is taken for right: FER-2013's label, or the class of most of FER+'s voters. */
  readonly target: "fer2013" | "ferplus";
  /** The images. */
  readonly n: number;
  /** Share that is right. */
  readonly accuracy: number;
  /** Its 95 % interval. */
  readonly accuracyInterval: readonly [number, number];
  /** Mean F1 of the classes. */
  readonly macroF1: number;
  /** Its 95 % interval. */
  readonly macroF1Interval: readonly [number, number];
  /** Mean recall of the classes. */
  readonly balancedAccuracy: number;
  /** Expected calibration error. */
  readonly ece: number;
  /** Accuracy on the images whose pixels Training does not have. */
  readonly leakFreeAccuracy: number | null;
}

/** All of them. */
export interface ReadingFigures {
  /** The SHA-256 of the weight file. */
  readonly weights: string;
  /** The split, always `PublicTest` in the card. */
  readonly usage: string;
  /** Where, and when. */
  readonly machine: {
    readonly adapter: string;
    readonly cores: number;
    readonly deno: string;
    readonly date: string;
  };
  /** One a reading. */
  readonly readings: readonly ReadingFigure[];
}

const percent = (value: number): string => (100 * value).toFixed(1);

/**
 * A table of readings, in Markdown.
 *
 * @param readings Those to show.
 */
export function readingsTable(readings: readonly ReadingFigure[]): string {
  const head = ["read", "priors", "views", "accuracy, %", "95 %", "macro-F1, %", "mean recall, %"];
  const rows = readings.map((each) => [
    { fer2013: "labels' output", ferplus: "votes' output", both: "both" }[each.labels],
    each.priors,
    each.tta ? "six" : "one",
    percent(each.accuracy),
    each.accuracyInterval.map(percent).join(" to "),
    percent(each.macroF1),
    percent(each.balancedAccuracy),
  ]);
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
