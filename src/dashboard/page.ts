/**
 * The dashboard's page before it has heard of the training.
 *
 * @module
 */
import type { DatasetAudit } from "../data/audit.ts";
import { dataSection } from "../report/data_section.ts";
import { type Html, html } from "../report/html.ts";
import { section } from "../report/section.ts";
import { VERSION } from "../version.ts";

/** A rising curve, for the browser's tab. */
const ICON = "data:image/svg+xml," + encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" ' +
    'fill="#2460c8"/><path d="M3 12C6 11 7 5 13 4" fill="none" stroke="#fff" stroke-width="2" ' +
    'stroke-linecap="round"/></svg>',
);

function tile(id: string, name: string): Html {
  return html`
    <div class="tile">
      <dt>${name}</dt>
      <dd><b id="${id}">–</b> <span id="${id}-note"></span></dd>
    </div>
  `;
}

/**
 * Writes the page. Its figures come with the first event.
 *
 * @param name What to call the run until its folder says.
 * @param audit What was found in the data, if it was looked at.
 * @returns The page's source.
 */
export function renderDashboard(name: string, audit?: DatasetAudit): string {
  const data = audit &&
    dataSection({ data: { source: audit.source, images: audit.images, audit } });
  const page = html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="generator" content="@fer/core ${VERSION}">
        <title>${name}: training</title>
        <link rel="icon" href="${ICON}">
        <link rel="stylesheet" href="dashboard.css">
        <script src="dashboard.js" defer></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the curves</a>
        <header>
          <div class="top">
            <p class="kind">Training, live</p>
            <p class="status" id="status" role="status" data-phase="starting">Connecting</p>
          </div>
          <h1 id="name">${name}</h1>
          <p class="origin" id="origin"></p>
          <noscript><p class="missing">This page draws its figures with JavaScript, which is switched off.</p></noscript>
          <div class="course" id="course" hidden>
            <progress id="bar" max="1" value="0" aria-label="Whole training"></progress>
            <p><span id="place"></span><span id="time"></span></p>
          </div>
          <dl class="tiles">${tile("loss", "Training loss")}${tile("accuracy", "Accuracy")}${tile(
            "f1",
            "Macro-F1",
          )}${tile("lr", "Learning rate")}${tile("speed", "Images a second")}${tile(
            "memory",
            "GPU memory",
          )}</dl>
        </header>
        <main id="main">
    ${section(
      "curves",
      "Curves",
      html`
        <div class="grid" id="charts"></div>
        <details>
          <summary>The same in figures</summary>
          <div id="figures"></div>
        </details>
      `,
    )}
    ${section(
      "faces",
      "Validation faces",
      html`
        <p class="note" id="faces-note">No image yet.</p>
        <ul class="photos faces" id="faces-list"></ul>
      `,
    )}
    ${section(
      "confusion",
      "Confusion matrix",
      html`
        <p class="note" id="confusion-note">There is none before the first validation.</p>
        <div id="confusion-table"></div>
      `,
    )}
    ${data}
        </main>
        <footer>
          <p>Served by @fer/core ${VERSION} to this machine alone; the images stay in memory.</p>
        </footer>
      </body>
    </html>
  `;
  return page.toString().trim();
}
