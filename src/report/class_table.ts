/**
 * How well each class is told from the others.
 *
 * @module
 */
import type { Evaluation } from "../metrics/evaluation.ts";
import { type Html, html } from "./html.ts";
import { missing, section, table } from "./section.ts";
import { count, decimal, percent } from "./wording.ts";

function bar(value: number): { figure: Html } {
  return {
    figure: html`<span class="bar" style="--rate:${value.toFixed(3)}">${decimal(value)}</span>`,
  };
}

/**
 * Each class's scores as a table.
 *
 * @param evaluation The scores.
 * @returns The table.
 */
export function scoresTable(evaluation: Evaluation): Html {
  const rows = Object.entries(evaluation.perClass).map(([name, scores]) => [
    name,
    bar(scores.precision),
    bar(scores.recall),
    bar(scores.f1),
    { figure: count(scores.support) },
  ]);
  const head = [
    "Class",
    ...["Precision", "Recall", "F1", "Images"].map((figure) => ({ figure })),
  ];
  return table("Validation images, best epoch", head, rows);
}

/**
 * Precision, recall, F1 and support of each class, and the figures of all together.
 *
 * @param evaluation The best epoch on the validation data, if that is known.
 * @returns A section.
 */
export function classSection(evaluation: Evaluation | null): Html {
  const title = "Classes";
  if (!evaluation) {
    return section(
      "classes",
      title,
      missing("There is no evaluation of this run yet: evaluation.json is missing."),
    );
  }
  return section(
    "classes",
    title,
    scoresTable(evaluation),
    html`<p>Over all classes: weighted F1 ${decimal(evaluation.weightedF1)}, balanced accuracy ${
      percent(evaluation.balancedAccuracy)
    }, the true class among the two likeliest ${percent(evaluation.top2)}, cross-entropy ${
      decimal(evaluation.loss)
    } nats.</p>`,
  );
}
