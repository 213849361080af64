/**
 * Figures as people read them.
 *
 * @module
 */

/** What stands where a figure is not known. */
export const UNKNOWN = "–";

/**
 * A whole number with thousands commas.
 *
 * @param value For instance 28709.
 * @returns For instance `28,709`.
 */
export function count(value: unknown): string {
  return typeof value === "number" ? value.toLocaleString("en-US") : UNKNOWN;
}

/**
 * A fraction in percent.
 *
 * @param value From 0 to 1.
 * @param digits Decimals.
 * @returns For instance `66.4%`.
 */
export function percent(value: unknown, digits = 1): string {
  return typeof value === "number" ? `${(value * 100).toFixed(digits)}%` : UNKNOWN;
}

/**
 * A number with a fixed number of decimals.
 *
 * @param value Any number.
 * @param digits Decimals.
 * @returns For instance `0.664`.
 */
export function decimal(value: unknown, digits = 3): string {
  return typeof value === "number" ? value.toFixed(digits) : UNKNOWN;
}

/**
 * A time in the two units that matter.
 *
 * @param seconds From 0.
 * @returns For instance `1 h 12 min`.
 */
export function duration(seconds: unknown): string {
  if (typeof seconds !== "number") return UNKNOWN;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${count(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

/**
 * A word with its number.
 *
 * @param value How many.
 * @param word What, in the singular; its plural ends in s.
 * @returns For instance `3,589 images`.
 */
export function plural(value: number, word: string): string {
  return `${count(value)} ${word}${value === 1 ? "" : "s"}`;
}

/**
 * Anything that JSON can hold, on one line.
 *
 * @param value For instance an object of options.
 * @param write How numbers are written; by default as in the file.
 * @returns For instance `size 48, mean 0.5`.
 */
export function jsonWords(value: unknown, write: (value: number) => string = String): string {
  if (value === null || value === undefined) return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return write(value);
  if (Array.isArray(value)) return value.map((each) => jsonWords(each, write)).join(", ") || "none";
  if (typeof value === "object") {
    return Object.entries(value).map(([key, each]) => `${words(key)} ${jsonWords(each, write)}`)
      .join(", ") || "none";
  }
  return String(value);
}

/**
 * A camel-case name as words; a name that begins with a capital stays.
 *
 * @param name For instance `batchSize`.
 * @returns For instance `batch size`.
 */
export function words(name: string): string {
  if (/^[A-Z]/.test(name)) return name;
  return name.replace(/(?<=[a-z0-9])[A-Z](?![A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
}
