/**
 * Each face's expressions over a video's time, as one page.
 *
 * @module
 */
import { axis, chart, COLOURS } from "../../src/report/chart.ts";
import { Html, html } from "../../src/report/html.ts";
import { card, missing, section } from "../../src/report/section.ts";
import { STYLE } from "../../src/report/style.ts";
import { percent, plural } from "../../src/report/wording.ts";
import { VERSION } from "../../src/version.ts";

/** A row, as far as a timeline is made of it. */
interface Row {
  readonly path: string;
  readonly time?: number;
  readonly id?: number;
  readonly probabilities?: Readonly<Record<string, number>> | null;
}

/** A face of a video. */
interface Face {
  readonly id: number;
  readonly moments: Array<
    { readonly time: number; readonly shares: Readonly<Record<string, number>> }
  >;
}

/** Faces of a video that are shown: those that are seen longest. */
const MOST_FACES = 12;

/** The classes' colours: Okabe and Ito's, and a grey. */
const HUES = [
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#0072b2",
  "#56b4e9",
  "#999999",
  "#f0e442",
];

function facesOf(rows: readonly Row[]): Map<string, Map<number, Face>> {
  const videos = new Map<string, Map<number, Face>>();
  for (const { path, time, id, probabilities } of rows) {
    if (time === undefined) continue;
    const video = path.replace(/#t=[\d.]+$/, "");
    const faces = videos.get(video) ?? new Map<number, Face>();
    videos.set(video, faces);
    if (id === undefined) continue;
    const face = faces.get(id) ?? { id, moments: [] };
    faces.set(id, face);
    if (probabilities) face.moments.push({ time, shares: probabilities });
  }
  return videos;
}

/** The class that a face shows most, on the whole. */
function mostShown({ moments }: Face, classes: readonly string[]): string {
  const sums = classes.map((name) =>
    moments.reduce((sum, { shares }) => sum + (shares[name] ?? 0), 0)
  );
  return classes[sums.indexOf(Math.max(...sums))];
}

async function drawFace(
  face: Face,
  id: string,
  classes: readonly string[],
  end: number,
): Promise<Html> {
  const { moments } = face;
  const title = `Face ${face.id}`;
  if (moments.length < 2) {
    return card(title, missing("It was seen well enough at one moment or none."));
  }
  const most = mostShown(face, classes);
  const [first, last] = [moments[0].time, moments[moments.length - 1].time];
  const words = `${title}, seen well from ${first} s to ${last} s, mostly ${most}.`;
  return card(
    html`${title}<span class="key">${plural(moments.length, "moment")}, mostly ${most}</span>`,
    await chart(id, words, {
      xAxis: axis("Seconds", { min: 0, max: end, splitLine: { show: false } }),
      yAxis: axis("", {
        min: 0,
        max: 1,
        axisLabel: { formatter: (value: number) => percent(value, 0), color: COLOURS.text },
      }),
      series: classes.map((name, k) => ({
        type: "line",
        name,
        stack: "expressions",
        showSymbol: false,
        color: HUES[k % HUES.length],
        lineStyle: { width: 0 },
        areaStyle: { color: HUES[k % HUES.length], opacity: 0.85 },
        data: moments.map(({ time, shares }) => [time, shares[name] ?? 0]),
      })),
    }, 200),
  );
}

/**
 * Draws a timeline.
 *
 * @param text Rows of videos as JSON Lines.
 * @param classes The classes.
 * @returns The page's source: light and dark, without scripts, nothing loaded from elsewhere.
 */
export async function renderTimeline(text: string, classes: readonly string[]): Promise<string> {
  const rows: Row[] = text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const keys = classes.map((name, k) =>
    html`
      <span
        class="key"><i style="border-width:8px 0 0;border-style:solid;border-color:${HUES[
          k % HUES.length
        ]}"></i>${name}</span>
    `
  );
  const sections: Html[] = [];
  let charts = 0;
  for (const [video, faces] of facesOf(rows)) {
    const end = rows.reduce(
      (most, { path, time = 0 }) => path.startsWith(`${video}#t=`) ? Math.max(most, time) : most,
      0,
    );
    const shown = [...faces.values()].sort((a, b) => b.moments.length - a.moments.length)
      .slice(0, MOST_FACES).sort((a, b) => a.id - b.id);
    const cards: Html[] = [];
    for (const face of shown) cards.push(await drawFace(face, `t${charts++}`, classes, end));
    const left = faces.size - shown.length;
    sections.push(section(
      `v${sections.length}`,
      video,
      cards.length > 0
        ? html`<div class="grid">${cards}</div>`
        : missing("No face was found in it."),
      left > 0 &&
        html`<p>${plural(left, "face")} that were seen for a shorter time are left out.</p>`,
    ));
  }
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
        <title>Expressions over time</title>
        <style>${new Html(STYLE)}</style>
      </head>
      <body>
        <header>
          <p class="kind">Expressions over time</p>
          <h1>${plural(sections.length, "video")}</h1>
          <p class="origin">${keys}</p>
        </header>
        <main>${sections}</main>
        <footer>
          <p>What a face shows is not what somebody feels. Written by @fer/core ${VERSION}.</p>
        </footer>
      </body>
    </html>
  `;
  return page.toString().trimStart();
}
