import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { looksAt, smallestFace } from "../../src/recognizer/looks.ts";

const byDefault = { minSize: 0.03, maxLooks: 4 };

Deno.test("smallestFace() takes shares of the longer edge below 1 and pixels from 1 on", () => {
  assertEquals(smallestFace(1000, 0.03), 30);
  assertEquals(smallestFace(1000, 45), 45);
  assertEquals(smallestFace(1000, 1), 1);
});

Deno.test("looksAt() shows a picture at an edge of 480 by default, and coarser besides", () => {
  // 14.4 pixels for 0.03 of the edge.
  assertEquals(looksAt(1024, 683, byDefault), [480, 224]);
  assertEquals(looksAt(640, 480, byDefault), [480, 224]);
  assertEquals(looksAt(3000, 4000, byDefault), [480, 224]);
});

Deno.test("looksAt() does not blow up small pictures to look for faces of a few pixels", () => {
  // Faces from 16 pixels on: 14.4 / 16 of the picture's edge.
  assertEquals(looksAt(300, 300, byDefault), [270]);
  assertEquals(looksAt(50, 40, byDefault), [224]);
});

Deno.test("looksAt() shows a picture larger the smaller the faces are that are wanted", () => {
  assertEquals(looksAt(1000, 1000, { minSize: 20, maxLooks: 4 }), [720, 224]);
  assertEquals(looksAt(1000, 1000, { minSize: 200, maxLooks: 4 }), [224]);
});

Deno.test("looksAt() never shows more pixels than maxLooks looks have", () => {
  const edge = fc.integer({ min: 1, max: 10_000 });
  const minSize = fc.double({ min: 1e-6, max: 400, noNaN: true });
  const looks = fc.double({ min: 1, max: 30, noNaN: true });
  fc.assert(
    fc.property(edge, edge, minSize, looks, (width, height, minSize, maxLooks) => {
      const [fine] = looksAt(width, height, { minSize, maxLooks });
      const shown = fine * fine * Math.min(width, height) / Math.max(width, height);
      // The edge is a whole number of pixels.
      assert(shown <= maxLooks * 480 ** 2 * ((fine + 1) / fine) ** 2 || fine === 224);
    }),
    { seed: 7, numRuns: 300 },
  );
});
