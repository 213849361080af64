import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { drawnFaces, FerDataset, withValidationSplit } from "../../src/data.ts";

function datasetOf(labels: number[], tones: number[], usages?: number[]): FerDataset {
  return new FerDataset({
    labels: Int8Array.from(labels),
    pixels: Uint8Array.from(tones),
    usages: Uint8Array.from(usages ?? labels.map(() => 0)),
    classes: ["a", "b", "c"],
    size: 1,
    source: "test",
  });
}

Deno.test("withValidationSplit() takes the same share of each class", () => {
  const labels = Array.from({ length: 200 }, (_, i) => i < 100 ? 0 : i < 160 ? 1 : 2);
  const split = withValidationSplit(datasetOf(labels, labels.map((_, i) => i)), { fraction: 0.2 });
  const counts = [0, 0, 0];
  split.usages.forEach((usage, i) => counts[split.labels[i]] += usage);
  assertEquals(counts, [20, 12, 8]);
});

Deno.test("withValidationSplit() keeps images with the same pixels on one side", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.integer({ min: -1, max: 2 }), fc.nat({ max: 20 })), { maxLength: 60 }),
    fc.double({ min: 0.01, max: 0.99, noNaN: true }),
    fc.nat(),
    (images, fraction, seed) => {
      const labels = images.map(([label]) => label);
      const tones = images.map(([, tone]) => tone);
      const { usages } = withValidationSplit(datasetOf(labels, tones), { fraction, seed });
      for (const [i, tone] of tones.entries()) {
        assertEquals(usages[i], usages[tones.indexOf(tone)]);
      }
      // By the label of the first of its twins, no class gives more than its share.
      for (const label of [-1, 0, 1, 2]) {
        const own = tones.flatMap((tone, i) =>
          labels[tones.indexOf(tone)] === label ? [usages[i]] : []
        );
        const taken = own.reduce((sum, usage) => sum + usage, 0);
        assert(taken <= Math.round(own.length * fraction));
      }
    },
  ));
});

Deno.test("withValidationSplit() depends on the seed alone and shares pixels and labels", () => {
  const faces = drawnFaces(140, 1, { validation: 0, test: 0 });
  const split = withValidationSplit(faces, { seed: 7 });
  assertEquals(withValidationSplit(faces, { seed: 7 }).usages, split.usages);
  assertNotEquals(withValidationSplit(faces, { seed: 8 }).usages, split.usages);
  assert(split.pixels === faces.pixels && split.labels === faces.labels);
  assertEquals(faces.usages.every((usage) => usage === 0), true);
});

Deno.test("withValidationSplit() leaves the test split alone", () => {
  const { usages } = withValidationSplit(
    datasetOf([0, 0, 0, 0], [1, 2, 3, 4], [0, 2, 0, 2]),
    { fraction: 0.5 },
  );
  assertEquals([usages[1], usages[3], usages[0] + usages[2]], [2, 2, 1]);
});

Deno.test("withValidationSplit() rejects a fraction that is not between 0 and 1", () => {
  for (const fraction of [0, 1, -0.1, NaN]) {
    assertThrows(
      () => withValidationSplit(datasetOf([0], [0]), { fraction }),
      RangeError,
      `Cannot split test with fraction ${fraction}: expected above 0 and below 1`,
    );
  }
});

Deno.test("withValidationSplit() rejects a data set that has a validation split", () => {
  assertThrows(
    () => withValidationSplit(datasetOf([0, 0], [0, 1], [0, 1])),
    RangeError,
    "Cannot split test: it has a validation split already",
  );
});
