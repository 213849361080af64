import { assertAlmostEquals, assertEquals } from "@std/assert";
import { letterbox } from "../../src/recognizer/letterbox.ts";
import type { Image } from "../../src/transforms/transform.ts";

/** A grey picture from its rows. */
const grey = (...rows: number[][]): Image => ({
  data: Uint8Array.from(rows.flat()),
  width: rows[0].length,
  height: rows.length,
});

/** The red channel of a square, row by row; what is left black has no opacity. */
function boxed(image: Image, size: number, part = { x: 0, y: 0, ...sizeOf(image) }) {
  const out = new Uint8Array(4 * size * size);
  const square = letterbox(image, part, size, out);
  const red = Array.from(
    { length: size },
    (_, y) => Array.from({ length: size }, (_, x) => out[4 * (y * size + x)]),
  );
  return { red, square, out };
}

const sizeOf = ({ width, height }: Image) => ({ width, height });

Deno.test("letterbox() gives back a square of the right size", () => {
  const { red, square, out } = boxed(grey([1, 2], [3, 4]), 2);
  assertEquals(red, [[1, 2], [3, 4]]);
  assertEquals([...out.subarray(0, 4)], [1, 1, 1, 255]);
  assertEquals(square, { side: 2, left: 0, top: 0 });
});

Deno.test("letterbox() averages areas where it shrinks", () => {
  const { red } = boxed(grey([0, 10, 20, 30], [20, 30, 40, 50], [0, 0, 8, 8], [0, 4, 8, 12]), 2);
  assertEquals(red, [[15, 35], [1, 9]]);
  // Three to two: 1 + 1/2 samples each.
  assertEquals(boxed(grey([0, 60, 240], [0, 60, 240], [0, 60, 240]), 2).red[0], [20, 180]);
});

Deno.test("letterbox() interpolates where it grows", () => {
  assertEquals(boxed(grey([0, 100], [0, 100]), 4).red[0], [0, 25, 75, 100]);
});

Deno.test("letterbox() keeps proportions and puts the picture into the middle", () => {
  const { red, square } = boxed(grey([8, 8, 8, 8], [8, 8, 8, 8]), 4);
  assertEquals(red, [[0, 0, 0, 0], [8, 8, 8, 8], [8, 8, 8, 8], [0, 0, 0, 0]]);
  assertEquals(square, { side: 4, left: 0, top: -1 });
  const upright = boxed(grey([8], [8], [8], [8]), 4);
  assertEquals(upright.red, Array(4).fill([0, 8, 0, 0]));
  // One pixel of four lies in the square's second column.
  assertEquals(upright.square, { side: 4, left: -1, top: 0 });
});

Deno.test("letterbox() takes a part of a picture, also between pixels", () => {
  const image = grey([0, 10, 20, 30], [0, 10, 20, 30], [0, 10, 20, 30], [0, 10, 20, 30]);
  const { red, square } = boxed(image, 2, { x: 1.5, y: 0, width: 2, height: 2 });
  assertEquals(red, [[15, 25], [15, 25]]);
  assertAlmostEquals(square.left, 1.5);
});

Deno.test("letterbox() keeps colours apart and ignores opacity", () => {
  const image = { data: Uint8Array.of(10, 20, 30, 0, 30, 40, 50, 255), width: 2, height: 1 };
  const out = new Uint8Array(4);
  letterbox(image, { x: 0, y: 0, width: 2, height: 1 }, 1, out);
  assertEquals([...out], [20, 30, 40, 255]);
});
