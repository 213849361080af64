import { assertEquals } from "@std/assert";
import {
  drawnFaces,
  FERPLUS_CLASSES,
  loadFerCsv,
  majorityLabels,
  voteShares,
  withFerPlus,
} from "../../src/data.ts";
import { REAL_CSV, REAL_VOTES } from "./real_data.ts";

// angry, disgust, fear, happy, sad, surprise, neutral, contempt, unknown, no face
const row = (...votes: number[]) => Uint16Array.from(votes);

Deno.test("voteShares() drops single votes and rescales what remains", () => {
  const { shares, counted } = voteShares(row(1, 0, 0, 3, 0, 0, 5, 0, 1, 0));
  assertEquals([...shares], [0, 0, 0, 3 / 8, 0, 0, 5 / 8, 0]);
  assertEquals([...counted], [1]);
});

Deno.test("voteShares() does not count what most could not tell or took for no face", () => {
  const votes = row(2, 0, 0, 0, 0, 0, 2, 0, 6, 0, /**/ 0, 0, 0, 2, 0, 0, 0, 0, 0, 8);
  assertEquals([...voteShares(votes).counted], [0, 0]);
});

Deno.test("voteShares() counts a class that as many named as could not tell", () => {
  assertEquals([...voteShares(row(5, 0, 0, 0, 0, 0, 0, 0, 5, 0)).counted], [1]);
});

Deno.test("voteShares() does not count an image whose votes all stand alone, or that has none", () => {
  const votes = row(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /**/ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  const { shares, counted } = voteShares(votes);
  assertEquals([...counted], [0, 0]);
  assertEquals(shares.every((share) => share === 0), true);
});

Deno.test("majorityLabels() wants more than half of the votes for classes", () => {
  const votes = row(
    ...[5, 0, 0, 5, 0, 0, 0, 0, 0, 0],
    ...[5, 0, 0, 4, 0, 0, 1, 0, 0, 0],
    ...[0, 0, 0, 0, 0, 0, 4, 6, 0, 0],
  );
  assertEquals([...majorityLabels(votes)], [-1, 0, 7]);
});

Deno.test("drawnFaces() have ten votes for what they were drawn to show", () => {
  const faces = drawnFaces(14, 1);
  assertEquals([...majorityLabels(faces.votes ?? new Uint16Array())], [...faces.labels]);
  assertEquals([...faces.votes?.subarray(0, 10) ?? []], [10, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("FerDataset keeps votes with their images in splits", () => {
  const faces = drawnFaces(70, 42);
  const split = faces.split("PublicTest");
  assertEquals([...majorityLabels(split.votes ?? new Uint16Array())], [...split.labels]);
});

Deno.test({
  name: "majorityLabels() leaves 3,296 of PublicTest's images, counted by class (FER-2013)",
  ignore: REAL_CSV === undefined || REAL_VOTES === undefined,
  fn: async () => {
    const faces = await withFerPlus(await loadFerCsv(REAL_CSV ?? ""), REAL_VOTES ?? "");
    const counts = new Array<number>(FERPLUS_CLASSES.length).fill(0);
    for (const label of majorityLabels(faces.split("PublicTest").votes ?? new Uint16Array())) {
      if (label >= 0) counts[label]++;
    }
    // Counted from the file by a Python script of ten lines, rows 28,710 to 32,298.
    assertEquals(counts.reduce((a, b) => a + b), 3296);
    assertEquals(counts, [297, 26, 66, 874, 376, 426, 1213, 18]);
  },
});
