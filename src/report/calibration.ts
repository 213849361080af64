/**
 * Whether the network is right as often as it is sure.
 *
 * @module
 */
import type { Evaluation } from "../metrics/evaluation.ts";
import { type ReliabilityBin, reliabilityCurve } from "../metrics/calibration.ts";
import { axis, chart, COLOURS } from "./chart.ts";
import { type Html, html } from "./html.ts";
import type { Predictions } from "./predictions.ts";
import { card, missing, section, table } from "./section.ts";
import { count, decimal, percent } from "./wording.ts";

const TITLE = "Calibration";

/** Bars over the bins of confidence, whose bounds a second axis writes. */
function bars(values: readonly number[], vertical: Record<string, unknown>) {
  return {
    xAxis: [
      { type: "category", show: false, data: values.map((_, at) => at) },
      axis("Confidence", {
        position: "bottom",
        min: 0,
        max: 1,
        splitLine: { show: false },
        axisLabel: { color: COLOURS.text, formatter: (value: number) => percent(value, 0) },
      }),
    ],
    yAxis: vertical,
  };
}

async function diagrams(bins: readonly ReliabilityBin[], ece: number): Promise<Html> {
  const inPercent = { color: COLOURS.text, formatter: (value: number) => percent(value, 0) };
  const accuracies = bins.map((bin) => bin.accuracy);
  const counts = bins.map((bin) => bin.count);
  const bar = { type: "bar", barCategoryGap: "12%", color: COLOURS.first };
  const reliability = await chart(
    "reliability",
    `Reliability diagram of ${bins.length} bins: accuracy over confidence, ` +
      `expected calibration error ${percent(ece)}.`,
    {
      ...bars(accuracies, axis("", { min: 0, max: 1, axisLabel: inPercent })),
      series: [
        { ...bar, data: accuracies },
        {
          type: "line",
          xAxisIndex: 1,
          data: [[0, 0], [1, 1]],
          showSymbol: false,
          color: COLOURS.second,
          lineStyle: { width: 2, type: "dashed" },
        },
      ],
    },
  );
  const histogram = await chart(
    "confidence",
    `How many of the ${count(counts.reduce((sum, each) => sum + each, 0))} images fall into ` +
      "each bin of confidence.",
    {
      ...bars(counts, axis("")),
      series: [{ ...bar, data: counts }, { type: "line", xAxisIndex: 1, data: [] }],
    },
  );
  return html`<div class="grid">${
    card("Accuracy over confidence (dashed: as often right as sure)", reliability)
  }${card("Images over confidence", histogram)}</div>`;
}

/**
 * The reliability diagram and what it says.
 *
 * @param evaluation The best epoch on the validation data, if that is known.
 * @param predictions Its probabilities, if they are at hand.
 * @param reason Why they are not, otherwise.
 * @returns A section.
 */
export async function calibrationSection(
  evaluation: Evaluation | null,
  predictions: Predictions | null,
  reason: string,
): Promise<Html> {
  if (!evaluation) {
    return section(
      "calibration",
      TITLE,
      missing("There is no evaluation of this run yet: evaluation.json is missing."),
    );
  }
  const ece = html`<p>Expected calibration error over 15 bins: <b>${percent(evaluation.ece)}</b>`;
  if (!predictions) {
    return section(
      "calibration",
      TITLE,
      html`${ece}.</p>`,
      missing("The reliability diagram needs the network's probabilities. ", reason),
    );
  }
  const { probabilities, dataset } = predictions;
  const bins = reliabilityCurve(dataset.labels, probabilities, { classes: dataset.classes.length });
  const confidence = bins.reduce((sum, bin) => sum + bin.count * bin.confidence, 0) /
    dataset.length;
  const gap = confidence - evaluation.accuracy;
  const filled = bins.filter((bin) => bin.count > 0);
  return section(
    "calibration",
    TITLE,
    html`${ece}. On average the network is ${percent(confidence)} sure and ${
      percent(evaluation.accuracy)
    } right: ${
      Math.abs(gap) < 0.01 ? "well balanced" : gap > 0 ? "over-confident" : "under-confident"
    }.</p>`,
    await diagrams(bins, evaluation.ece),
    html`<details><summary>The same in figures</summary>${
      table(
        "Bins of confidence that hold an image",
        ["Confidence", ...["Images", "Mean confidence", "Accuracy"].map((figure) => ({ figure }))],
        filled.map((bin) => [
          `${decimal(bin.lower, 2)} to ${decimal(bin.upper, 2)}`,
          { figure: count(bin.count) },
          { figure: percent(bin.confidence) },
          { figure: percent(bin.accuracy) },
        ]),
      )
    }</details>`,
  );
}
