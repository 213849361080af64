/**
 * How well a network's second output does, which learned FER+'s votes.
 *
 * @module
 */
import type { Evaluation } from "../metrics/evaluation.ts";
import { scoresTable } from "./class_table.ts";
import { confusionTable } from "./confusion.ts";
import { type Html, html } from "./html.ts";
import { section } from "./section.ts";
import { count, decimal, percent } from "./wording.ts";

/**
 * Accuracy, scores and confusion matrix on the images on whose class most voters agree.
 *
 * @param evaluation The best epoch's.
 * @returns A section.
 */
export function ferPlusSection(evaluation: Evaluation): Html {
  const { n, accuracy, accuracyInterval, macroF1, ece, leakFree, perClass } = evaluation;
  const [low, high] = accuracyInterval;
  return section(
    "ferplus",
    "FER+",
    html`<p>On the ${
      count(n)
    } validation images on whose class most of FER+'s voters agree, the second
output is right about <b>${percent(accuracy)}</b> (95% interval ${percent(low)} to ${
      percent(high)
    }), macro-F1 ${decimal(macroF1)}, calibration error ${percent(ece)}${
      leakFree
        ? `; ${percent(leakFree.accuracy)} of the ${
          count(leakFree.n)
        } whose pixels are not in the training split`
        : ""
    }. The epoch was chosen by the first output.</p>`,
    scoresTable(evaluation),
    confusionTable(evaluation, Object.keys(perClass)),
  );
}
