/**
 * How the run went, epoch by epoch.
 *
 * @module
 */
import type { EpochLine, MetricsLine } from "../runs/run_directory.ts";
import { axis, chart, COLOURS } from "./chart.ts";
import { type Html, html } from "./html.ts";
import { card, missing, section, table } from "./section.ts";
import { epochsOf } from "./summary.ts";
import { count, decimal, percent } from "./wording.ts";

/** A line of a plot. */
export interface Curve {
  /** What it is called. */
  readonly name: string;
  /** Where it goes. */
  readonly points: ReadonlyArray<readonly [number, number]>;
  /** Its colour, as a style sheet has it. */
  readonly colour: string;
  /** Whether it is dashed. */
  readonly dashed?: boolean;
}

function series(curve: Curve, best: number | undefined): Record<string, unknown> {
  return {
    type: "line",
    name: curve.name,
    data: curve.points,
    // A line of one point is invisible; one of many needs no dots.
    showSymbol: curve.points.length < 12,
    symbol: "circle",
    symbolSize: 5,
    color: curve.colour,
    lineStyle: { width: 2, type: curve.dashed ? "dashed" : "solid" },
    markLine: best === undefined ? undefined : {
      silent: true,
      symbol: "none",
      data: [{ xAxis: best }],
      lineStyle: { color: COLOURS.text, type: "dotted", width: 1 },
      label: { formatter: "best", color: COLOURS.text, distance: 3 },
    },
  };
}

/** A curve in words: from where it comes, and where it ends. */
function course({ name, points }: Curve, write: (value: number) => string): string {
  const [first, last] = [points[0], points[points.length - 1]];
  return points.length > 1
    ? `${name} from ${write(first[1])} to ${write(last[1])}`
    : `${name} ${write(first[1])}`;
}

/** Names a curve: the chart's library cannot lay text out without the reader's fonts. */
function key({ name, colour, dashed }: Curve): Html {
  return html`
    <span
      class="key"><i style="border-color:${colour};border-style:${dashed
        ? "dashed"
        : "solid"}"></i>${name}</span>
  `;
}

/**
 * A chart of curves, with their names.
 *
 * @param id The chart's name in the page.
 * @param title What it shows.
 * @param horizontal What the curves go along.
 * @param curves The curves; those without points are left out.
 * @param options How values are written, and where the best one is.
 * @returns A card.
 */
export async function plot(
  id: string,
  title: string,
  horizontal: "Epoch" | "Step",
  curves: readonly Curve[],
  options: {
    readonly write: (value: number) => string;
    readonly best?: number;
    readonly vertical?: Readonly<Record<string, unknown>>;
  },
): Promise<Html> {
  const drawn = curves.filter(({ points }) => points.length > 0);
  if (drawn.length === 0) return card(title, missing("There are no figures to draw."));
  const ends = drawn.flatMap(({ points }) => [points[0][0], points[points.length - 1][0]]);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const words = drawn.map((curve) => course(curve, options.write)).join("; ");
  return card(
    html`${title}${drawn.length > 1 && drawn.map(key)}`,
    await chart(id, `${title}: ${words}, ${horizontal.toLowerCase()} ${low} to ${high}.`, {
      xAxis: axis(horizontal, {
        min: horizontal === "Step" ? 0 : low === high ? low - 1 : low,
        max: low === high ? high + 1 : high,
        minInterval: 1,
        splitLine: { show: false },
        axisLine: { show: true, lineStyle: { color: COLOURS.rule } },
      }),
      yAxis: axis("", { scale: true, ...options.vertical }),
      series: drawn.map((curve, at) => series(curve, at === 0 ? options.best : undefined)),
    }),
  );
}

/**
 * A figure of each epoch, for a curve.
 *
 * @param epochs The epochs.
 * @param value The figure; null where there is none.
 */
export function points(
  epochs: readonly EpochLine[],
  value: (epoch: EpochLine) => number | null,
): Array<readonly [number, number]> {
  // A figure that is not finite is null in JSON.
  return epochs.flatMap((epoch) => {
    const each = value(epoch);
    return typeof each === "number" ? [[epoch.epoch, each] as const] : [];
  });
}

function rate(value: number): string {
  const rounded = Number(value.toPrecision(3));
  return rounded !== 0 && Math.abs(rounded) < 1e-3 ? rounded.toExponential() : String(rounded);
}

/** Rates that fall by orders of magnitude are told apart on a logarithmic axis alone. */
function rateAxis(rates: ReadonlyArray<readonly [number, number]>): Record<string, unknown> {
  const values = rates.map(([, value]) => value);
  const isWide = Math.min(...values) > 0 && Math.max(...values) >= 20 * Math.min(...values);
  return {
    type: isWide ? "log" : "value",
    scale: false,
    ...(isWide ? { max: Math.max(...values) } : {}),
    axisLabel: { formatter: rate, color: COLOURS.text },
  };
}

/** Before an epoch has ended there is the loss of the steps. */
async function stepCurves(metrics: readonly MetricsLine[]): Promise<Html> {
  const steps = metrics.filter((line) => line.type === "step");
  const of = (value: (line: typeof steps[number]) => number | null) =>
    steps.flatMap((line) => {
      const each = value(line);
      return typeof each === "number" ? [[line.step, each] as const] : [];
    });
  const loss = { name: "training loss", points: of((line) => line.loss), colour: COLOURS.second };
  const lr = { name: "learning rate", points: of((line) => line.lr), colour: COLOURS.first };
  return section(
    "curves",
    "Curves",
    missing(
      steps.length > 0
        ? "No epoch has ended yet: what is known is the training loss of the steps so far."
        : "No epoch has ended yet and no step was logged: metrics.jsonl is missing or empty.",
    ),
    steps.length > 0
      ? html`<div class="grid">${await plot("loss", "Loss", "Step", [loss], {
        write: decimal,
      })}${await plot("rate", "Learning rate", "Step", [lr], {
        write: rate,
        vertical: rateAxis(lr.points),
      })}</div>`
      : "",
  );
}

/**
 * Loss, scores, learning rate and speed over the epochs.
 *
 * @param metrics The lines of `metrics.jsonl`.
 * @returns A section.
 */
export async function curves(metrics: readonly MetricsLine[]): Promise<Html> {
  const epochs = epochsOf(metrics);
  if (epochs.length === 0) return await stepCurves(metrics);
  const best = epochs.findLast((epoch) => epoch.best)?.epoch;
  const { first, second, third, fourth, text } = COLOURS;
  const isDouble = epochs.some(({ ferPlus }) => ferPlus);
  const inPercent = { formatter: (value: number) => percent(value, 0), color: text };
  const plots = [
    await plot("loss", "Loss", "Epoch", [
      { name: "validation", points: points(epochs, (e) => e.valLoss), colour: first },
      {
        name: "training",
        points: points(epochs, (e) => e.trainLoss),
        colour: second,
        dashed: true,
      },
    ], { write: decimal, best }),
    await plot("scores", "Scores", "Epoch", [
      { name: "accuracy", points: points(epochs, (e) => e.valAccuracy), colour: first },
      {
        name: "macro-F1",
        points: points(epochs, (e) => e.valMacroF1),
        colour: third,
      },
      {
        name: "training accuracy",
        points: points(epochs, (e) => e.trainAccuracy),
        colour: second,
        dashed: true,
      },
      {
        name: "FER+ accuracy",
        points: points(epochs, (e) => e.ferPlus?.valAccuracy ?? null),
        colour: fourth,
      },
    ], { write: percent, best, vertical: { axisLabel: inPercent } }),
    await plot("rate", "Learning rate", "Epoch", [
      { name: "learning rate", points: points(epochs, (e) => e.lr), colour: first },
    ], { write: rate, vertical: rateAxis(points(epochs, (e) => e.lr)) }),
    await plot("speed", "Training images a second", "Epoch", [
      { name: "images a second", points: points(epochs, (e) => e.imagesPerSecond), colour: first },
    ], { write: count, vertical: { scale: false } }),
  ];
  const rows = epochs.map((epoch) => [
    { figure: `${epoch.epoch}${epoch.epoch === best ? " (best)" : ""}` },
    { figure: decimal(epoch.trainLoss) },
    { figure: decimal(epoch.valLoss) },
    { figure: percent(epoch.trainAccuracy) },
    { figure: percent(epoch.valAccuracy) },
    { figure: decimal(epoch.valMacroF1) },
    { figure: rate(epoch.lr) },
    ...(isDouble
      ? [
        { figure: percent(epoch.ferPlus?.valAccuracy) },
        { figure: decimal(epoch.ferPlus?.valMacroF1) },
      ]
      : []),
  ]);
  const head = [
    "Epoch",
    "Training loss",
    "Validation loss",
    "Training accuracy",
    "Validation accuracy",
    "Macro-F1",
    "Learning rate",
    ...(isDouble ? ["FER+ accuracy", "FER+ macro-F1"] : []),
  ].map((figure) => ({ figure }));
  return section(
    "curves",
    "Curves",
    html`<div class="grid">${plots}</div>
<details><summary>The same in figures</summary>${
      table("Every epoch; the learning rate is that of its last step", head, rows)
    }</details>`,
  );
}
