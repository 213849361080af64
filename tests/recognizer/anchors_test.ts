import { assertAlmostEquals, assertEquals } from "@std/assert";
import { decodeAnchors, INPUT_SIZE, OUTPUTS } from "../../src/recognizer/anchors.ts";

/** What the network gives for a picture in which it sees nothing. */
const nothing = () => new Float32Array(OUTPUTS).fill(-100);

Deno.test("decodeAnchors() reads 896 anchors of 17 numbers, and finds nothing where nothing is", () => {
  assertEquals(OUTPUTS, 896 * 17);
  assertEquals(decodeAnchors(nothing(), 0.5), []);
});

Deno.test("decodeAnchors() places a box of the fine grid beside its cell's middle", () => {
  const values = nothing();
  // Row 3, cell 5 of 16: its middle is (5.5 / 16, 3.5 / 16). The second of its two anchors.
  const at = (3 * 16 + 5) * 2 * 17;
  values[at + 1] = Math.log(3); // sigmoid: 3 / 4
  // Middle 12.8 right and 6.4 above, 32 wide and 64 high; landmark i at (i, 2 i).
  values.set([12.8, -6.4, 32, 64, 0, 0, 1, 2, 2, 4, 3, 6, 4, 8, 5, 10], at + 2 + 16);
  const [face, ...others] = decodeAnchors(values, 0.5);
  assertEquals(others, []);
  assertAlmostEquals(face.score, 0.75, 1e-6);
  const [x, y] = [5.5 / 16, 3.5 / 16];
  [x + 0.1 - 0.125, y - 0.05 - 0.25, x + 0.1 + 0.125, y - 0.05 + 0.25].forEach((edge, i) =>
    assertAlmostEquals(face.edges[i], edge, 1e-6)
  );
  assertEquals(face.landmarks.length, 6);
  face.landmarks.forEach((point, i) => {
    assertAlmostEquals(point.x, x + i / INPUT_SIZE, 1e-6);
    assertAlmostEquals(point.y, y + 2 * i / INPUT_SIZE, 1e-6);
  });
});

Deno.test("decodeAnchors() finds the coarse grid's anchors after the fine one's", () => {
  const values = nothing();
  // The last cell, (7.5 / 8, 7.5 / 8), its sixth anchor: the last 16 numbers.
  const cell = OUTPUTS - 6 * 17;
  values[cell + 5] = 20;
  values.fill(0, OUTPUTS - 16);
  const [face] = decodeAnchors(values, 0.5);
  assertEquals(face.edges, [0.9375, 0.9375, 0.9375, 0.9375]);
});

Deno.test("decodeAnchors() takes what is at the smallest score and leaves out what is below", () => {
  const values = nothing();
  values[0] = 0.4;
  values[1] = 0.6;
  // sigmoid(0.5) = 0.6225
  const found = decodeAnchors(values, 1 / (1 + Math.exp(-0.5)));
  assertEquals(found.map(({ score }) => score.toFixed(4)), ["0.6457"]);
});

Deno.test("decodeAnchors() passes over scores that are no numbers", () => {
  const values = nothing();
  values[0] = NaN;
  assertEquals(decodeAnchors(values, 0.5), []);
});
