/**
 * Plots: drawn by Apache ECharts into SVG, coloured by the page's style sheet.
 *
 * @module
 */
import type { EChartsCoreOption } from "echarts/core";
import { Html, html } from "./html.ts";

/** The page's colours by what they are for; the style sheet has a light and a dark set. */
export const COLOURS = {
  /** Axis names and numbers. */
  text: "var(--muted)",
  /** Grid lines. */
  rule: "var(--rule)",
  /** What was measured on validation data. */
  first: "var(--first)",
  /** What was measured in training, or what is compared with. */
  second: "var(--second)",
  /** A third figure. */
  third: "var(--third)",
  /** A fourth figure. */
  fourth: "var(--fourth)",
} as const;

/** How wide a chart is drawn, in pixels; the page scales it. */
const WIDTH = 460;

async function loadEcharts(): Promise<typeof import("echarts/core")> {
  const [core, { BarChart, LineChart }, components, { SVGRenderer }] = await Promise.all([
    import("echarts/core"),
    import("echarts/charts"),
    import("echarts/components"),
    import("echarts/renderers"),
  ]);
  const { GridComponent, MarkLineComponent } = components;
  core.use([BarChart, LineChart, GridComponent, MarkLineComponent, SVGRenderer]);
  return core;
}

let echarts: ReturnType<typeof loadEcharts> | null = null;

/**
 * An axis in the page's colours.
 *
 * @param name What it shows.
 * @param options ECharts' further options.
 * @returns ECharts' axis.
 */
export function axis(
  name: string,
  options: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    type: "value",
    name,
    nameLocation: "middle",
    nameGap: 28,
    nameTextStyle: { color: COLOURS.text },
    axisLabel: { color: COLOURS.text, hideOverlap: true },
    axisLine: { show: false, lineStyle: { color: COLOURS.rule } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: COLOURS.rule } },
    ...options,
  };
}

/**
 * Draws a chart.
 *
 * @param id The chart's name in the page.
 * @param label What it shows, for those who cannot see it.
 * @param option What ECharts is to draw.
 * @param height In the units of the drawing, which is 460 wide.
 * @returns An `<svg>` that fills its column and whose colours are the page's.
 */
export async function chart(
  id: string,
  label: string,
  option: EChartsCoreOption,
  height = 260,
): Promise<Html> {
  const { init } = await (echarts ??= loadEcharts());
  const drawing = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  drawing.setOption({
    animation: false,
    textStyle: { fontFamily: "inherit", color: COLOURS.text },
    grid: { left: 52, right: 16, top: 24, bottom: 44 },
    ...option,
  });
  const svg = drawing.renderToSVGString({ useViewBox: true });
  drawing.dispose();
  const opening = html`<svg role="img" aria-label="${label}" viewBox="0 0 ${WIDTH} ${height}">`;
  return new Html(
    svg
      // What only a live chart needs, and ids that differ from one drawing to the next.
      .replace(/<style\b.*?<\/style>/gs, "")
      .replace(/ (?:class="zr[^"]*"|pointer-events="[^"]*"|ecmeta_\w+="[^"]*")/g, "")
      .replace(/\n/g, "")
      .replace(/zr\d+-/g, `${id}-`)
      .replace(/^<svg [^>]*>/, () => opening.toString()),
  );
}
