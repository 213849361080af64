/**
 * Markdown out of figures.
 *
 * @module
 */

/** A table; the first column to the left, the rest to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [
    line(head),
    line(head.map((_, i) => i === 0 ? "---" : "---:")),
    ...rows.map(line),
  ].join("\n");
}

/** A fraction, as `67.3 %`. */
export function percent(fraction: number, digits: number = 1): string {
  return `${(100 * fraction).toFixed(digits)} %`;
}

/** A whole number, as `28,709`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** A 95 % interval, as `65.8 % to 68.9 %`. */
export function range([low, high]: readonly [number, number]): string {
  return `${percent(low)} to ${percent(high)}`;
}

/** Milliseconds in two digits or more. */
export function milliseconds(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toPrecision(2);
}

/** A duration in hours and minutes. */
export function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}
