/**
 * The page's program: functions of this library, as the browser takes them.
 *
 * Deno leaves a function's source without its types, so that what runs in the page is checked and
 * tested like all else. Each of these functions uses nothing but the others.
 *
 * @module
 */
import { count, decimal, duration, percent, plural, UNKNOWN } from "../report/wording.ts";
import { Charts, rate } from "./client/charts.ts";
import { byId, draw, make, write } from "./client/elements.ts";
import { FacesView } from "./client/faces_view.ts";
import { bytes, Heading, phaseOf } from "./client/heading.ts";
import { LineChart, ticks } from "./client/line_chart.ts";
import { startDashboard } from "./client/start.ts";
import { cell, ConfusionView, EpochTable, figure, ScrollingTable } from "./client/tables.ts";
import { updated } from "./state.ts";

// deno-fmt-ignore
const PARTS = [
  count, decimal, duration, percent, plural, updated,
  byId, draw, make, write,
  ticks, LineChart, rate, Charts,
  bytes, phaseOf, Heading, FacesView,
  figure, cell, ScrollingTable, ConfusionView, EpochTable,
  startDashboard,
];

/**
 * Puts the program together.
 *
 * @returns Its source.
 */
export function dashboardScript(): string {
  return [
    '"use strict";\n{',
    "const browser = globalThis;",
    `const UNKNOWN = ${JSON.stringify(UNKNOWN)};`,
    ...PARTS.map(String),
    "startDashboard();\n}\n",
  ].join("\n\n");
}
