import { assert, assertEquals, assertRejects } from "@std/assert";
import { EMOTIONS, FerDataset, loadFerCsv, withFerPlus } from "../../src/data.ts";
import { REAL_CSV, REAL_VOTES } from "./real_data.ts";

const HEADER =
  "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF";

function votes(...rows: string[]): ReadableStream<Uint8Array> {
  return new Blob([[HEADER, ...rows].join("\r\n")]).stream();
}

/** Images of one pixel that counts up from 0. */
function datasetOf(labels: number[], usages: number[]): FerDataset {
  return new FerDataset({
    labels: Int8Array.from(labels),
    usages: Uint8Array.from(usages),
    pixels: Uint8Array.from(labels, (_, i) => i),
    classes: EMOTIONS,
    size: 1,
    source: "test",
  });
}

function soft(dataset: FerDataset, index: number): number[] {
  return [...dataset.softLabels?.subarray(index * 7, (index + 1) * 7) ?? []];
}

Deno.test("withFerPlus() puts each vote under its class and rescales", async () => {
  const joined = await withFerPlus(
    datasetOf([0], [0]),
    votes("Training,fer0.png,1,2,3,4,5,6,7,0,0,0"),
  );
  // angry, disgust, fear, happy, sad, surprise, neutral
  const expected = [5, 6, 7, 2, 4, 3, 1].map((n) => Math.fround(n / 28));
  assertEquals(soft(joined, 0), expected);
  assertEquals([...joined.labels], [0]);
});

Deno.test("withFerPlus() does not count votes for contempt, unknown and not a face", async () => {
  const joined = await withFerPlus(
    datasetOf([0], [0]),
    votes("Training,fer0.png,2,0,0,2,0,0,0,3,2,1"),
  );
  assertEquals(soft(joined, 0), [0, 0, 0, 0, 0.5, 0, 0.5]);
});

Deno.test("withFerPlus() keeps the own label of an image without votes", async () => {
  const joined = await withFerPlus(
    datasetOf([3, -1], [0, 0]),
    votes("Training,,0,0,0,0,0,0,0,4,6,0", "Training,,0,0,0,0,0,0,0,0,0,10"),
  );
  assertEquals(soft(joined, 0), [0, 0, 0, 1, 0, 0, 0]);
  assertEquals(soft(joined, 1), Array(7).fill(Math.fround(1 / 7)));
});

Deno.test("withFerPlus() joins the rows of each Usage in their order", async () => {
  const joined = await withFerPlus(
    datasetOf([0, 0, 0, 0], [1, 0, 1, 0]),
    votes(
      "Training,,9,0,0,0,0,0,0,0,0,0",
      "Training,,0,9,0,0,0,0,0,0,0,0",
      "PublicTest,,0,0,9,0,0,0,0,0,0,0",
      "PublicTest,,0,0,0,9,0,0,0,0,0,0",
      "PrivateTest,,0,0,0,0,9,0,0,0,0,0",
    ),
  );
  assertEquals([0, 1, 2, 3].map((i) => EMOTIONS[soft(joined, i).indexOf(1)]), [
    "surprise",
    "neutral",
    "sad",
    "happy",
  ]);
});

Deno.test("withFerPlus() drops what most voters took for no face, if asked to", async () => {
  const dataset = datasetOf([1, 2, 3], [0, 1, 0]);
  const rows = [
    "Training,,0,0,0,0,0,0,0,0,0,10",
    "Training,,2,0,0,0,0,0,0,1,2,5",
    "PublicTest,,4,0,0,0,0,0,0,0,0,4",
  ];
  assertEquals((await withFerPlus(dataset, votes(...rows))).length, 3);
  const joined = await withFerPlus(dataset, votes(...rows), { dropNonFaces: true });
  assertEquals([...joined.pixels], [1, 2]);
  assertEquals([...joined.usages], [1, 0]);
  assertEquals(soft(joined, 0), [0, 0, 0, 0, 0, 0, 1]);
});

Deno.test("withFerPlus() rejects votes that are not as many as the images", async () => {
  const error = await assertRejects(
    () => withFerPlus(datasetOf([0, 0], [0, 1]), votes("Training,,9,0,0,0,0,0,0,0,0,0")),
    RangeError,
  );
  assertEquals(
    error.message,
    "Cannot join the stream: it has votes on 0 PublicTest images, test has 1",
  );
});

Deno.test("withFerPlus() rejects a missing column", async () => {
  const error = await assertRejects(
    () => withFerPlus(datasetOf([0], [0]), new Blob(["Usage,neutral\nTraining,1"]).stream()),
    SyntaxError,
  );
  assertEquals(
    error.message,
    'Cannot read the stream: no column "anger" in its first line "Usage,neutral"',
  );
});

Deno.test("withFerPlus() rejects votes that are not a number", async () => {
  for (const value of ["x", "-1", "0.5", ""]) {
    const error = await assertRejects(
      () => withFerPlus(datasetOf([0], [0]), votes(`Training,,9,0,0,0,0,0,${value},0,0,0`)),
      SyntaxError,
    );
    assertEquals(
      error.message,
      `Cannot read row 1 of the stream: fear has "${value}" votes, expected a whole number`,
    );
  }
});

Deno.test("withFerPlus() rejects an unknown Usage", async () => {
  const error = await assertRejects(
    () => withFerPlus(datasetOf([0], [0]), votes("Test,,9,0,0,0,0,0,0,0,0,0")),
    RangeError,
  );
  assertEquals(
    error.message,
    'Cannot read row 1 of the stream: Usage is "Test", ' +
      "expected Training, PublicTest, PrivateTest",
  );
});

Deno.test("withFerPlus() rejects other classes than the seven", async () => {
  const dataset = new FerDataset({ ...datasetOf([0], [0]), classes: ["smile", "frown"] });
  await assertRejects(() => withFerPlus(dataset, votes()), TypeError, "smile, frown");
});

Deno.test({
  name: "withFerPlus() joins FER-2013 with its votes (real data)",
  ignore: REAL_CSV === undefined || REAL_VOTES === undefined,
  async fn() {
    const dataset = await loadFerCsv(REAL_CSV ?? "");
    const joined = await withFerPlus(dataset, REAL_VOTES ?? "", { dropNonFaces: true });
    // Row 0 of the votes: neutral 4, sadness 1, anger 3, disgust 2.
    assertEquals(soft(joined, 0), [0.3, 0.2, 0, 0, 0.1, 0, 0.4].map(Math.fround));
    // No black square is left, and most voters agree with most labels.
    for (let i = 0; i < joined.length; i++) {
      assert(joined.image(i).data.some((tone) => tone > 0));
    }
    const alike = joined.labels.filter((label, i) => {
      const share = soft(joined, i);
      return share[label] === Math.max(...share);
    });
    assert(alike.length / joined.length > 0.6);
  },
});
