/**
 * The parts that sections of the report are made of.
 *
 * @module
 */
import { type Content, type Html, html } from "./html.ts";

/**
 * A section under a heading.
 *
 * @param id Its name in the page.
 * @param title Its heading.
 * @param body What it holds.
 * @returns The section.
 */
export function section(id: string, title: string, ...body: readonly Content[]): Html {
  return html`
    <section aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${body}
    </section>
  `;
}

/**
 * Says what is missing and why.
 *
 * @param reason A sentence or two.
 * @returns A paragraph.
 */
export function missing(...reason: readonly Content[]): Html {
  return html`<p class="missing">${reason}</p>`;
}

/**
 * A picture and what it shows.
 *
 * @param caption What it shows.
 * @param picture The picture.
 * @returns A card.
 */
export function card(caption: Content, picture: Html): Html {
  return html`<figure class="card"><figcaption>${caption}</figcaption>${picture}</figure>`;
}

/** A table's cell: text, or a figure that lines up with those above and below. */
export type Cell = Content | { readonly figure: Content };

function isFigure(cell: Cell): cell is { readonly figure: Content } {
  return typeof cell === "object" && cell !== null && "figure" in cell;
}

/**
 * A table that scrolls sideways where the window is narrow. The first cell of a row is its header.
 *
 * @param caption What it shows.
 * @param head The names of its columns.
 * @param rows Its cells.
 * @returns The table.
 */
export function table(
  caption: string,
  head: readonly Cell[],
  rows: ReadonlyArray<readonly Cell[]>,
): Html {
  const inner = (cell: Cell): Content => isFigure(cell) ? cell.figure : cell;
  const style = (cell: Cell): Content =>
    isFigure(cell)
      ? html`
        class="figure"
      `
      : "";
  return html`
    <div class="scroll" role="group" tabindex="0">
      <table>
        <caption>${caption}</caption>
        <thead>
          <tr>${head.map((cell) =>
            html`
              <th scope="col" ${style(cell)}>${inner(cell)}</th>
            `
          )}</tr>
        </thead>
        <tbody>
    ${rows.map(([first, ...rest]) =>
      html`
        <tr><th scope="row"${style(first)}>${inner(first)}</th>${rest.map((cell) =>
          html`<td${style(cell)}>${inner(cell)}</td>`
        )}</tr>
      `
    )}</tbody>
      </table>
    </div>
  `;
}

/**
 * Names and what they stand for.
 *
 * @param entries Pairs of name and value.
 * @returns A list.
 */
export function definitions(entries: ReadonlyArray<readonly [Content, Content]>): Html {
  return html`<dl class="facts">${
    entries.map(([name, value]) =>
      html`
        <div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>
      `
    )
  }</dl>`;
}
