/**
 * Runs side by side, as one page.
 *
 * @module
 */
import { VERSION } from "../version.ts";
import { COLOURS } from "./chart.ts";
import type { ComparedFigure, Comparison } from "./comparison.ts";
import { type Curve, plot, points } from "./curves.ts";
import { type Content, Html, html } from "./html.ts";
import type { Run } from "./run_folder.ts";
import { missing, section, table } from "./section.ts";
import { STYLE } from "./style.ts";
import { epochsOf } from "./summary.ts";
import { count, decimal, duration, jsonWords, percent, plural, UNKNOWN, words } from "./wording.ts";

/** Each run's line: a colour, then the same ones dashed. */
const LINES = [COLOURS.first, COLOURS.second, COLOURS.third, COLOURS.fourth];

function line(at: number): { readonly colour: string; readonly dashed: boolean } {
  return { colour: LINES[at % LINES.length], dashed: Math.floor(at / LINES.length) % 2 === 1 };
}

function withInterval(
  figure: ComparedFigure | null,
  write: (value: unknown) => string,
): Content {
  if (!figure) return UNKNOWN;
  const { value, interval } = figure;
  return [write(value), interval && ` (${write(interval[0])} to ${write(interval[1])})`];
}

function figures({ runs }: Comparison): Html {
  const head = [
    "Run",
    "Accuracy (95% interval)",
    "Macro-F1 (95% interval)",
    "Leak-free accuracy",
    "Loss",
    "Calibration error",
    "Best epoch",
    "Time",
    "Parameters",
  ];
  const rows = runs.map((run) =>
    [
      run.name,
      withInterval(run.accuracy, percent),
      withInterval(run.macroF1, decimal),
      percent(run.leakFreeAccuracy),
      decimal(run.loss),
      percent(run.calibrationError),
      run.bestEpoch === null ? UNKNOWN : `${count(run.bestEpoch)} of ${count(run.epochs)}`,
      duration(run.seconds),
      count(run.parameters),
    ].map((cell, i) => i === 0 ? cell : { figure: cell })
  );
  return section(
    "figures",
    "Figures",
    table(
      "The best epoch of each run on its validation images. Runs that were validated on other " +
        "images do not compare",
      head.map((name, i) => i === 0 ? name : { figure: name }),
      rows,
    ),
  );
}

async function curvesOf(runs: readonly Run[], { runs: compared }: Comparison): Promise<Html> {
  const all = runs.map(({ metrics }) => epochsOf(metrics));
  const draw = (
    id: string,
    title: string,
    value: (epoch: typeof all[number][number]) => number | null,
    write: (value: number) => string,
    axisLabel: Readonly<Record<string, unknown>> = {},
  ): Promise<Html> => {
    const curves = all.map((epochs, i): Curve => ({
      name: compared[i].name,
      points: points(epochs, value),
      ...line(i),
    }));
    const label = { color: COLOURS.text, ...axisLabel };
    return plot(id, title, "Epoch", curves, { write, vertical: { axisLabel: label } });
  };
  const inPercent = { formatter: (value: number) => percent(value, 0) };
  return section(
    "curves",
    "Curves",
    html`<div class="grid">${[
      await draw("accuracy", "Validation accuracy", (e) => e.valAccuracy, percent, inPercent),
      await draw("f1", "Validation macro-F1", (e) => e.valMacroF1, decimal),
      await draw("loss", "Validation loss", (e) => e.valLoss, decimal),
      await draw("training", "Training loss", (e) => e.trainLoss, decimal),
    ]}</div>`,
  );
}

function settingsTable({ runs, settings }: Comparison): Html {
  if (settings.length === 0) {
    return section("settings", "Settings", missing("All recorded settings are the same."));
  }
  return section(
    "settings",
    "Settings that differ",
    table(
      "What is not listed is the same in all runs",
      ["Setting", ...runs.map(({ name }) => name)],
      settings.map(({ name, values }) => [
        name.split(".").map(words).join(": "),
        ...values.map((value) => value === undefined ? UNKNOWN : jsonWords(value)),
      ]),
    ),
  );
}

/** A probability in so many digits as it has to say. */
export function probability(value: number): string {
  return value < 0.001 ? "below 0.001" : value.toFixed(3);
}

function tests({ runs, pairs }: Comparison, rows: number, reason: string): Html {
  if (pairs.length === 0) return section("tests", "Differences", missing(reason));
  return section(
    "tests",
    "Differences",
    table(
      `McNemar's exact test on the same ${plural(rows, "image")}. The smaller p, the less likely ` +
        "such a difference is between equally good networks; many pairs make a small p likelier, " +
        "and epochs and settings that were chosen on these images make it too small",
      ["Runs", { figure: "Right: the first alone" }, { figure: "The second alone" }, {
        figure: "p",
      }],
      pairs.map(({ first, second, onlyFirst, onlySecond, pValue }) => [
        `${runs[first].name} and ${runs[second].name}`,
        { figure: count(onlyFirst) },
        { figure: count(onlySecond) },
        { figure: probability(pValue) },
      ]),
    ),
  );
}

/**
 * Writes a comparison as one HTML page: light and dark, without scripts, nothing loaded from
 * elsewhere.
 *
 * @param runs The runs.
 * @param comparison The runs side by side.
 * @param rows How many rows the tests are on, or why there are none.
 * @returns The page's source.
 */
export async function renderComparison(
  runs: readonly Run[],
  comparison: Comparison,
  rows: number | string,
): Promise<string> {
  const names = comparison.runs.map(({ name }) => name).join(", ");
  const [tested, reason] = typeof rows === "number" ? [rows, ""] : [0, rows];
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
        <title>${names}: runs compared</title>
        <style>${new Html(STYLE)}</style>
      </head>
      <body>
        <header>
          <p class="kind">Runs compared</p>
          <h1>${plural(runs.length, "run")}</h1>
          <p class="origin">${names}</p>
        </header>
        <main>
    ${figures(comparison)}
    ${await curvesOf(runs, comparison)}
    ${settingsTable(comparison)}
    ${tests(comparison, tested, reason)}
        </main>
        <footer>
          <p>Written by @fer/core ${VERSION}.</p>
        </footer>
      </body>
    </html>
  `;
  return page.toString().trimStart();
}
