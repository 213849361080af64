import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { auditDataset, FerDataset, leakFreeIndices, loadFerCsv } from "../../src/data.ts";
import { firstTwins } from "../../src/data/pixel_index.ts";
import { REAL_CSV } from "./real_data.ts";

/** Images of one row, each `[usage, label, pixel, pixel, ...]`. */
function datasetOf(size: number, ...rows: number[][]): FerDataset {
  return new FerDataset({
    usages: Uint8Array.from(rows, (row) => row[0]),
    labels: Int8Array.from(rows, (row) => row[1]),
    pixels: Uint8Array.from(rows.flatMap((row) => row.slice(2))),
    classes: ["a", "b"],
    size,
    source: "test",
  });
}

const [A, B, C] = [[1, 2, 3, 4], [1, 2, 3, 5], [9, 8, 7, 6]];
const BLANK = [7, 7, 7, 7];

Deno.test("auditDataset() counts classes, duplicates, conflicts and blank images of each split", () => {
  const { splits, images, source, classes } = auditDataset(datasetOf(
    2,
    [0, 0, ...A],
    [0, 1, ...A],
    [0, 1, ...B],
    [0, 0, ...C],
    [0, 0, ...C],
    [0, 0, ...C],
    [0, 0, ...BLANK],
    [0, 1, ...BLANK],
    [1, -1, ...A],
    [2, 1, ...BLANK],
  ));
  assertEquals({ images, source, classes }, { images: 10, source: "test", classes: ["a", "b"] });
  assertEquals(splits, {
    Training: {
      images: 8,
      counts: [5, 3],
      unlabelled: 0,
      duplicateGroups: 2,
      duplicateImages: 5,
      conflictingGroups: 1,
      blank: 2,
    },
    PublicTest: {
      images: 1,
      counts: [0, 0],
      unlabelled: 1,
      duplicateGroups: 0,
      duplicateImages: 0,
      conflictingGroups: 0,
      blank: 0,
    },
    PrivateTest: {
      images: 1,
      counts: [0, 1],
      unlabelled: 0,
      duplicateGroups: 0,
      duplicateImages: 0,
      conflictingGroups: 0,
      blank: 1,
    },
  });
});

Deno.test("auditDataset() counts images that are in two splits, and those labelled alike", () => {
  const { leaks } = auditDataset(datasetOf(
    2,
    [0, 0, ...A],
    [0, 1, ...A],
    [0, 1, ...B],
    [1, 0, ...A],
    [1, 1, ...B],
    [1, 0, ...B],
    [2, 1, ...B],
    [2, 1, ...C],
  ));
  assertEquals(leaks, [
    { usage: "PublicTest", into: "Training", images: 3, sameLabel: 1 },
    { usage: "PrivateTest", into: "Training", images: 1, sameLabel: 1 },
    { usage: "PrivateTest", into: "PublicTest", images: 1, sameLabel: 0 },
  ]);
});

Deno.test("auditDataset() finds nothing in an empty data set", () => {
  const { splits, leaks } = auditDataset(datasetOf(2));
  assertEquals([splits.Training.images, leaks.length], [0, 0]);
});

Deno.test("auditDataset() survives JSON", () => {
  const audit = auditDataset(datasetOf(2, [0, 0, ...A], [1, 0, ...A]));
  assertEquals(JSON.parse(JSON.stringify(audit)), audit);
});

Deno.test("leakFreeIndices() leaves out the images whose pixels were trained on", () => {
  const validation = datasetOf(2, [1, 0, ...A], [1, 0, ...B], [1, 0, ...C], [1, 1, ...B]);
  const training = datasetOf(2, [0, 1, ...B]);
  assertEquals([...leakFreeIndices(validation, training)], [0, 2]);
  assertEquals([...leakFreeIndices(validation, datasetOf(2))], [0, 1, 2, 3]);
});

Deno.test("leakFreeIndices() finds no twins among images of another size", () => {
  const small = datasetOf(1, [0, 0, 0]);
  assertEquals([...leakFreeIndices(datasetOf(2, [1, 0, 0, 0, 0, 0]), small)], [0]);
});

Deno.test("firstTwins() finds what comparing all pairs finds", () => {
  fc.assert(fc.property(
    fc.constantFrom(1, 2, 3),
    fc.array(fc.array(fc.nat({ max: 1 }), { minLength: 9, maxLength: 9 }), { maxLength: 40 }),
    (size, images) => {
      const rows = images.map((image) => image.slice(0, size * size));
      const texts = rows.map((row) => row.join());
      const dataset = datasetOf(size, ...rows.map((row) => [0, 0, ...row]));
      assertEquals([...firstTwins(dataset)], texts.map((text) => texts.indexOf(text)));
    },
  ));
});

Deno.test({
  name: "auditDataset() finds in FER-2013 what is known of it (real data)",
  ignore: REAL_CSV === undefined,
  async fn() {
    const dataset = await loadFerCsv(REAL_CSV ?? "");
    const { splits, leaks } = auditDataset(dataset);
    const { Training, PublicTest } = splits;
    assertEquals(Training.counts, [3995, 436, 4097, 7215, 4830, 3171, 4965]);
    assertEquals(Training.duplicateGroups, 1034);
    assertEquals(Training.duplicateImages, 2260);
    assertEquals(Training.conflictingGroups, 38);
    assertEquals(Training.blank + PublicTest.blank, 12);
    assertEquals(leaks[0], {
      usage: "PublicTest",
      into: "Training",
      images: 280,
      sameLabel: 267,
    });
    const validation = dataset.split("PublicTest");
    assertEquals(leakFreeIndices(validation, dataset.split("Training")).length, 3589 - 280);
  },
});
