import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { mcnemarTest } from "../../src/metrics.ts";

/** Predictions of which so many are right in the first alone, the second alone, both and none. */
function rows(counts: readonly [number, number, number, number]) {
  const kinds = counts.flatMap((count, kind) => Array(count).fill(kind));
  return {
    truth: kinds.map((_, i) => i % 3),
    first: kinds.map((kind, i) => kind === 0 || kind === 2 ? i % 3 : (i + 1) % 3),
    second: kinds.map((kind, i) => kind === 1 || kind === 2 ? i % 3 : (i + 2) % 3),
  };
}

Deno.test("mcnemarTest() counts who alone is right, and gives the exact probability", () => {
  // Twice the sum of binomials up to the smaller count, by 2^n; in Python's fractions.
  const cases: ReadonlyArray<[number, number, number]> = [
    [1, 5, 0.21875],
    [10, 25, 0.01667384780012071],
    [300, 380, 0.0024248687076998945],
    [0, 0, 1],
    [7, 7, 1],
    [2000, 2300, 5.079935568924032e-06],
  ];
  for (const [b, c, expected] of cases) {
    const { truth, first, second } = rows([b, c, 4, 3]);
    const { onlyFirst, onlySecond, pValue } = mcnemarTest(truth, first, second);
    assertEquals([onlyFirst, onlySecond], [b, c]);
    assertAlmostEquals(pValue, expected, 1e-9 * expected);
    assertEquals(mcnemarTest(truth, second, first).pValue, pValue);
  }
});

Deno.test("mcnemarTest() refuses no rows, and rows that are not the same", () => {
  assertThrows(() => mcnemarTest([], [], []), RangeError, "for 0 rows");
  assertThrows(() => mcnemarTest([0], [0, 1], [0]), RangeError, "Cannot compare 2 and 1");
});
