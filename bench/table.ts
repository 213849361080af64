/**
 * Tables of figures, in plain text or Markdown.
 *
 * @module
 */

/** A heading and rows of cells, the first row the columns' names. */
export interface Table {
  readonly heading: string;
  readonly rows: readonly (readonly string[])[];
}

/** For a terminal, or for a page. */
export type TableForm = "plain" | "markdown";

/** A cell without a figure. */
export const NONE = "-";

/** A figure in three digits or more. */
export function number(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function plain({ heading, rows }: Table): string[] {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const lines = rows.map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join("  ")
      .trimEnd()
  );
  return ["", heading, ...lines];
}

function markdown({ heading, rows: [names, ...rows] }: Table): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.trim()).join(" | ")} |`;
  const rule = line(names.map((_, i) => i === 0 ? "---" : "---:"));
  return ["", `${heading}:`, "", line(names), rule, ...rows.map(line)];
}

/**
 * A table's lines, an empty one first.
 *
 * @param table The table.
 * @param form Plain text or Markdown.
 */
export function tableLines(table: Table, form: TableForm): string[] {
  return form === "plain" ? plain(table) : markdown(table);
}
