/**
 * Which class was taken for which, as a table.
 *
 * @module
 */
import type { Evaluation } from "../metrics/evaluation.ts";
import { type Html, html } from "./html.ts";
import { missing, section } from "./section.ts";
import { count, percent } from "./wording.ts";

function cell(value: number, total: number, isRight: boolean): Html {
  const rate = total > 0 ? value / total : 0;
  return html`<td class="${isRight ? "hit" : "miss"}" style="--rate:${rate.toFixed(3)}"><b>${
    count(value)
  }</b><span>${percent(rate, 0)}</span></td>`;
}

/**
 * A confusion matrix as a table.
 *
 * @param evaluation What was counted.
 * @param classes The class names in label order.
 * @returns The table.
 */
export function confusionTable(evaluation: Evaluation, classes: readonly string[]): Html {
  const rows = evaluation.confusion.map((row, truth) => {
    const total = row.reduce((sum, each) => sum + each, 0);
    return html`
      <tr><th scope="row">${classes[truth]}</th>${row.map((value, predicted) =>
        cell(value, total, truth === predicted)
      )}<td class="figure total">${count(total)}</td></tr>
    `;
  });
  return html`
    <div class="scroll" role="group" aria-label="Confusion matrix" tabindex="0">
      <table class="confusion">
        <caption><span>Validation images: a row is a true class, a column what it was taken for; the percentages
    are of the row</span></caption>
        <thead>
          <tr><td></td>${classes.map((name) =>
            html`<th scope="col">${name}</th>`
          )}<th scope="col" class="figure">all</th></tr>
        </thead>
        <tbody>
    ${rows}</tbody>
      </table>
    </div>
  `;
}

/**
 * The confusion matrix: counts, and rates of each true class.
 *
 * @param evaluation The best epoch on the validation data, if that is known.
 * @param classes The class names in label order.
 * @returns A section.
 */
export function confusionSection(evaluation: Evaluation | null, classes: readonly string[]): Html {
  const title = "Confusion matrix";
  if (!evaluation) {
    return section(
      "confusion",
      title,
      missing("There is no evaluation of this run yet: evaluation.json is missing."),
    );
  }
  const mistakes = evaluation.confusion
    .flatMap((row, truth) => {
      const total = row.reduce((sum, each) => sum + each, 0);
      return row.map((value, predicted) => ({ truth, predicted, value, rate: value / total }));
    })
    .filter(({ truth, predicted, value }) => truth !== predicted && value > 0)
    .sort((a, b) => b.value - a.value);
  const [worst] = mistakes;
  return section(
    "confusion",
    title,
    worst
      ? html`<p>The commonest mistake: <b>${classes[worst.truth]}</b> taken for <b>${
        classes[worst.predicted]
      }</b>, ${count(worst.value)} times, ${percent(worst.rate, 0)} of all ${
        classes[worst.truth]
      }.</p>`
      : html`<p>There is no mistake.</p>`,
    confusionTable(evaluation, classes),
  );
}
