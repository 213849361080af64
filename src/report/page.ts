/**
 * The report as one page.
 *
 * @module
 */
import { evaluateProbabilities, type Evaluation } from "../metrics/evaluation.ts";
import { VERSION } from "../version.ts";
import { calibrationSection } from "./calibration.ts";
import { classSection } from "./class_table.ts";
import { confusionSection } from "./confusion.ts";
import { curves } from "./curves.ts";
import { dataSection } from "./data_section.ts";
import type { Explainer } from "./faces.ts";
import { ferPlusSection } from "./ferplus_section.ts";
import { Html, html } from "./html.ts";
import { mistakesSection } from "./mistakes.ts";
import type { Predictions } from "./predictions.ts";
import { type JsonObject, objectIn, type Run } from "./run_folder.ts";
import { configSection, machineSection } from "./settings.ts";
import { STYLE } from "./style.ts";
import { successesSection } from "./successes.ts";
import { summary } from "./summary.ts";

/** What a report is made of. */
export interface ReportInput {
  /** The run, as far as its folder knows it. */
  readonly run: Run;
  /**
   * The best epoch's probabilities for the validation images; without them parts of the report are
   * missing, for the reason given.
   */
  readonly predictions: Predictions | { readonly missing: string };
  /** The images of `predictions` whose pixels are not in the training split, where that is known. */
  readonly leakFree?: ArrayLike<number>;
  /**
   * Whether the report may show images of faces.
   *
   * @default true
   */
  readonly photos?: boolean;
  /** Shows where the network looks; asked only for faces that are shown. */
  readonly explain?: Explainer;
}

/**
 * The evaluation of the probabilities at hand; the folder's, which knows of leaks, where both are
 * of the same predictions.
 */
function evaluationOf(
  run: Run,
  predictions: Predictions | null,
  leakFree?: ArrayLike<number>,
): Evaluation | null {
  if (!predictions) return run.evaluation;
  const { probabilities, dataset } = predictions;
  const { labels, classes } = dataset;
  const fresh = evaluateProbabilities(probabilities, labels, { classes, leakFree });
  if (leakFree) return fresh;
  const isSame = JSON.stringify(fresh.confusion) === JSON.stringify(run.evaluation?.confusion);
  return { ...fresh, leakFree: isSame ? run.evaluation?.leakFree ?? null : null };
}

function classNames(evaluation: Evaluation | null, data: JsonObject): string[] {
  const { classes } = data;
  const isKnown = Array.isArray(classes) && classes.length === evaluation?.confusion.length;
  return isKnown ? classes.map(String) : Object.keys(evaluation?.perClass ?? {});
}

/**
 * Writes a report as one HTML page: light and dark, without scripts, nothing loaded from elsewhere.
 *
 * @param input The run and what is known of its predictions.
 * @returns The page's source.
 */
export async function renderReport(input: ReportInput): Promise<string> {
  const { run, photos = true, explain = null } = input;
  const [predictions, reason] = "missing" in input.predictions
    ? [null, input.predictions.missing]
    : [input.predictions, ""];
  const evaluation = evaluationOf(run, predictions, input.leakFree);
  const classes = predictions?.dataset.classes ??
    classNames(evaluation, objectIn(run.config, "data"));
  const page = html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="generator" content="@fer/core ${VERSION}">
        <meta http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
        <title>${run.name}: training report</title>
        <style>${new Html(STYLE)}</style>
      </head>
      <body>
    ${summary(run, evaluation)}
    <main>
    ${await curves(run.metrics)}
    ${confusionSection(evaluation, classes)}
    ${classSection(evaluation)}
    ${run.ferPlus ? ferPlusSection(run.ferPlus) : ""}
    ${await calibrationSection(evaluation, predictions, reason)}
    ${await mistakesSection(predictions, reason, photos, explain)}
    ${await successesSection(predictions, reason, photos, explain)}
    ${dataSection(run.config)}
    ${configSection(run.config)}
    ${machineSection(run.config)}
    </main>
    <footer><p>Written by @fer/core ${VERSION}.${photos
      ? ""
      : " Photographs were left out."}</p></footer>
      </body>
    </html>
  `;
  return page.toString().trimStart();
}
