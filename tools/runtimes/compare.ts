/**
 * Whether two runtimes say the same.
 *
 * @module
 */

/** What a runtime's program answered, in JSON. */
export type Result = Readonly<Record<string, unknown>>;

/** By how much probabilities may be apart, and places in pixels. */
const CLOSE = 1e-4;
const PIXELS = 0.05;

/**
 * The first thing in which two answers differ.
 *
 * @param expected The one.
 * @param actual The other; what it lacks, as a browser lacks files, is not compared at the top.
 * @param path What is compared.
 * @returns What, and how; null where they say the same.
 */
export function difference(expected: unknown, actual: unknown, path = ""): string | null {
  if (typeof expected === "number" && typeof actual === "number") {
    const most = /\.box\./.test(path) ? PIXELS : CLOSE;
    return Math.abs(expected - actual) <= most ? null : `${path} is ${actual}, not ${expected}`;
  }
  const isObject = (value: unknown): value is Result => typeof value === "object" && value !== null;
  if (!isObject(expected) || !isObject(actual)) {
    return Object.is(expected, actual) ? null : `${path} is ${actual}, not ${expected}`;
  }
  const names = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  if (path === "" && !("files" in actual)) names.delete("files");
  for (const name of names) {
    const problem = difference(expected[name], actual[name], `${path}.${name}`);
    if (problem !== null) return problem;
  }
  return null;
}
