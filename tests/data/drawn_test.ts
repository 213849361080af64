import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { auditDataset, drawnFaces, EMOTIONS } from "../../src/data.ts";

Deno.test("drawnFaces() draws each class as often, give or take one", () => {
  const { splits } = auditDataset(drawnFaces(100, 1, { validation: 0, test: 0 }));
  assertEquals(splits.Training.counts, [15, 15, 14, 14, 14, 14, 14]);
  assertEquals(drawnFaces(7, 1).classes, EMOTIONS);
});

Deno.test("drawnFaces() puts Training, PublicTest and PrivateTest one after the other", () => {
  const { usages } = drawnFaces(10, 1, { validation: 0.3, test: 0.1 });
  assertEquals([...usages], [0, 0, 0, 0, 0, 0, 1, 1, 1, 2]);
  assertEquals([...drawnFaces(3, 1, { validation: 1, test: 0 }).usages], [1, 1, 1]);
  assertEquals([...drawnFaces(1, 1, { validation: 0.5, test: 0.5 }).usages], [2]);
});

Deno.test("drawnFaces() draws an image from the seed and its place alone", () => {
  const faces = drawnFaces(20, 5);
  assertEquals(drawnFaces(20, 5).pixels, faces.pixels);
  assertEquals(drawnFaces(8, 5, { validation: 0 }).image(7), faces.image(7));
  assertNotEquals(drawnFaces(20, 6).pixels, faces.pixels);
});

Deno.test("drawnFaces() draws no two images alike and none blank", () => {
  const { splits, leaks } = auditDataset(drawnFaces(1000, 2));
  for (const split of Object.values(splits)) {
    assertEquals([split.duplicateGroups, split.blank], [0, 0]);
  }
  assertEquals(leaks, []);
});

Deno.test("drawnFaces() draws other sizes", () => {
  assertEquals(drawnFaces(2, 1, { size: 64 }).pixels.length, 2 * 64 * 64);
  assertEquals(drawnFaces(2, 1, { size: 8 }).pixels.length, 2 * 8 * 8);
});

Deno.test("drawnFaces() draws classes that differ: a mouth is open in surprise alone", () => {
  // The mean of many faces of a class, dark where its mouth is open.
  const { pixels, labels } = drawnFaces(1400, 3);
  const mouth = EMOTIONS.map((_, label) => {
    const rows: number[] = [];
    labels.forEach((each, i) => {
      if (each !== label) return;
      for (let y = 37; y < 43; y++) {
        for (let x = 21; x < 27; x++) rows.push(pixels[i * 2304 + y * 48 + x]);
      }
    });
    return rows.reduce((sum, tone) => sum + tone, 0) / rows.length;
  });
  const darkest = mouth.indexOf(Math.min(...mouth));
  assertEquals(EMOTIONS[darkest], "surprise");
});

Deno.test("drawnFaces() draws none when asked for none", () => {
  assertEquals(drawnFaces(0, 1).length, 0);
});

Deno.test("drawnFaces() rejects what is out of range", () => {
  assertThrows(() => drawnFaces(-1, 1), RangeError, "Cannot draw -1 faces");
  assertThrows(() => drawnFaces(1.5, 1), RangeError, "Cannot draw 1.5 faces");
  assertThrows(() => drawnFaces(1, -1), RangeError, "-1");
  assertThrows(() => drawnFaces(1, 1, { size: 7 }), RangeError, "size 7");
  assertThrows(() => drawnFaces(1, 1, { validation: 0.6, test: 0.6 }), RangeError, "0.6");
  assertThrows(() => drawnFaces(1, 1, { test: NaN }), RangeError, "NaN");
});

Deno.test("drawnFaces() uses the whole range from dark to light", () => {
  const { pixels } = drawnFaces(200, 4);
  const means = Array.from({ length: 200 }, (_, i) => {
    const image = pixels.subarray(i * 2304, (i + 1) * 2304);
    return image.reduce((sum, tone) => sum + tone, 0) / 2304;
  });
  assert(Math.min(...means) < 90 && Math.max(...means) > 160);
});
