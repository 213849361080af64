/**
 * The scores of each class as a text table.
 *
 * @module
 */
import { averageScore, harmonicMean, precisionRecallFscoreSupport } from "./class_scores.ts";
import { checkLabels } from "./labels.ts";

/** What a {@linkcode classificationReport} shows. */
export interface ClassificationReportOptions {
  /** The class names in label order; the labels' numbers when left out. */
  readonly classes?: readonly string[];
  /**
   * The labels to show, in order; the averages are over them. By default every one of `classes`,
   * or, where `classes` is left out, those that occur.
   */
  readonly labels?: readonly number[];
  /**
   * The number of decimals.
   *
   * @default 2
   */
  readonly digits?: number;
}

/** Rounds as Python does: a tie, which only a sum of powers of two can be, goes to the even side. */
function fixed(value: number, digits: number): string {
  const exact = value.toFixed(100);
  const cut = exact.length - 100 + digits;
  if (!/^50*$/.test(exact.slice(cut))) return value.toFixed(digits);
  const kept = digits === 0 ? exact.slice(0, cut - 1) : exact.slice(0, cut);
  return Number(kept.at(-1)) % 2 === 0 ? kept : value.toFixed(digits);
}

/**
 * The scores of each class as a text table, letter for letter as
 * `sklearn.metrics.classification_report` 1.2 lays it out with `zero_division=0`: where other labels
 * are shown than occur, the line `accuracy` gives way to `micro avg`.
 *
 * @param truth The true label of each sample, `[n]`.
 * @param predicted The predicted label of each sample, `[n]`.
 * @param options Names, labels and decimals.
 * @returns The table, each line ending in a newline.
 * @throws {TypeError} When the two differ in length or there are no samples.
 * @throws {RangeError} When a label has no name, no label is to be shown, or `digits` is not an
 * integer from 0 to 20.
 *
 * @example
 * ```ts
 * import { classificationReport } from "@fer/core/metrics";
 * import { assertEquals } from "@std/assert";
 *
 * const report = classificationReport([0, 0, 1], [0, 1, 1], { classes: ["sad", "happy"] });
 * assertEquals(report.split("\n")[2], "         sad       1.00      0.50      0.67         2");
 * ```
 */
export function classificationReport(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  options: ClassificationReportOptions = {},
): string {
  const { classes, digits = 2 } = options;
  if (!Number.isInteger(digits) || digits < 0 || digits > 20) {
    throw new RangeError(`Cannot write ${digits} decimals: expected an integer from 0 to 20`);
  }
  checkLabels(truth, predicted, classes?.length);
  const occurring = new Set<number>();
  for (let i = 0; i < truth.length; i++) occurring.add(truth[i]).add(predicted[i]);
  const labels = options.labels ??
    (classes ? [...classes.keys()] : [...occurring].sort((a, b) => a - b));
  const wrong = labels.findIndex((label) =>
    !Number.isInteger(label) || label < 0 || label >= (classes?.length ?? Infinity)
  );
  if (labels.length === 0 || wrong >= 0) {
    throw new RangeError(
      labels.length === 0
        ? "Cannot report on no labels"
        : `Cannot report on label ${labels[wrong]}: it is none of the classes`,
    );
  }

  const size = classes?.length ?? Math.max(...occurring, ...labels) + 1;
  const all = precisionRecallFscoreSupport(truth, predicted, { classes: size });
  const precision = labels.map((label) => all.precision[label]);
  const recall = labels.map((label) => all.recall[label]);
  const f1 = labels.map((label) => all.f1[label]);
  const support = labels.map((label) => all.support[label]);
  const total = support.reduce((sum, count) => sum + count, 0);

  const names = labels.map((label) => classes?.[label] ?? String(label));
  const width = Math.max("weighted avg".length, digits, ...names.map((name) => [...name].length));
  const line = (name: string, cells: readonly string[]): string =>
    " ".repeat(width - [...name].length) + name + " " +
    cells.map((cell) => ` ${cell.padStart(9)}`).join("") + "\n";
  const scores = (...values: readonly number[]): string[] => values.map((v) => fixed(v, digits));

  let text = line("", ["precision", "recall", "f1-score", "support"]) + "\n";
  for (let k = 0; k < labels.length; k++) {
    text += line(names[k], [...scores(precision[k], recall[k], f1[k]), String(support[k])]);
  }
  text += "\n";
  // Over all labels, micro precision, recall and F1 are all the accuracy.
  const shown = new Set(labels);
  let hits = 0;
  let claimed = 0;
  for (let i = 0; i < truth.length; i++) {
    if (!shown.has(predicted[i])) continue;
    claimed++;
    if (truth[i] === predicted[i]) hits++;
  }
  const ratio = (a: number, b: number): number => b > 0 ? a / b : 0;
  const [microPrecision, microRecall] = [ratio(hits, claimed), ratio(hits, total)];
  const micro = scores(microPrecision, microRecall, harmonicMean(microPrecision, microRecall));
  text += occurring.symmetricDifference(shown).size === 0
    ? line("accuracy", ["", "", micro[2], String(total)])
    : line("micro avg", [...micro, String(total)]);
  for (const [name, weights] of [["macro avg", undefined], ["weighted avg", support]] as const) {
    const averages = [precision, recall, f1].map((each) => averageScore(each, weights));
    text += line(name, [...scores(...averages), String(total)]);
  }
  return text;
}
