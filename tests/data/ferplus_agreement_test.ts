import { assertEquals, assertRejects } from "@std/assert";
import { EMOTIONS, FerDataset, withFerPlus } from "../../src/data.ts";

const HEADER =
  "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF";
/** Where each class has its votes in a row, in label order. */
const COLUMN = [4, 5, 6, 1, 3, 2, 0];
const USAGE = ["Training", "PublicTest", "PrivateTest"];

/** A row on which all ten voted for one class. */
function row(label: number, usage: number, image = ""): string {
  const votes = Array(10).fill(0);
  votes[COLUMN[label]] = 10;
  return [USAGE[usage], image, ...votes].join();
}

function votes(rows: readonly string[]): ReadableStream<Uint8Array> {
  return new Blob([[HEADER, ...rows].join("\n")]).stream();
}

function datasetOf(labels: number[], usages: number[], names?: string[]): FerDataset {
  return new FerDataset({
    labels: Int8Array.from(labels),
    usages: Uint8Array.from(usages),
    pixels: new Uint8Array(labels.length),
    classes: EMOTIONS,
    size: 1,
    source: "faces",
    names,
  });
}

/** Labels that go round: 0, 1, ... 6, 0, ... */
const round = (n: number): number[] => Array.from({ length: n }, (_, i) => i % 7);
const all = (n: number, usage: number): number[] => Array(n).fill(usage);

/** The class that has all votes on each image. */
function classes({ softLabels = new Float32Array(), length }: FerDataset): number[] {
  return Array.from({ length }, (_, i) => softLabels.subarray(7 * i, 7 * i + 7).indexOf(1));
}

Deno.test("withFerPlus() refuses votes on images in another order", async () => {
  const labels = round(70);
  const rows = labels.map((label) => row(label, 0));
  const sorted = datasetOf(labels.toSorted(), all(70, 0));
  const { message } = await assertRejects(() => withFerPlus(sorted, votes(rows)), RangeError);
  // Of 0 x 10, 1 x 10, ... against 0, 1, ... 6, 0, ...: by pencil 10 agree.
  assertEquals(
    message,
    "Cannot join the stream: from row 1 on its votes agree with the labels of faces on 10 of 70 " +
      "Training images, which is too seldom for votes on these: they are joined in the order of " +
      "fer2013.csv, and the images are in another",
  );
});

Deno.test("withFerPlus() refuses votes of which one part is a row off", async () => {
  const labels = round(2000);
  const shifted = labels.map((label, i) => row(i < 1000 ? label : (label + 1) % 7, 0));
  const { message } = await assertRejects(
    () => withFerPlus(datasetOf(labels, all(2000, 0)), votes(shifted)),
    RangeError,
  );
  assertEquals(message.includes("from row 1,001 on its votes agree"), true, message);
});

Deno.test("withFerPlus() judges each Usage by itself", async () => {
  const labels = [...round(700), ...round(70)];
  const usages = [...all(700, 0), ...all(70, 1)];
  const rows = labels.map((label, i) => row(i < 700 ? label : (label + 3) % 7, usages[i]));
  const { message } = await assertRejects(
    () => withFerPlus(datasetOf(labels, usages), votes(rows)),
    RangeError,
  );
  assertEquals(message.includes("on 0 of 70 PublicTest images"), true, message);
});

Deno.test("withFerPlus() takes votes that often disagree, as FER+ does", async () => {
  const labels = round(700);
  // 13 of 20 agree: 65 %, as in the paper's own files.
  const rows = labels.map((label, i) => row(i % 20 < 13 ? label : (label + 1) % 7, 0));
  const joined = await withFerPlus(datasetOf(labels, all(700, 0)), votes(rows));
  assertEquals(joined.length, 700);
});

Deno.test("withFerPlus() does not judge by a handful", async () => {
  const joined = await withFerPlus(datasetOf([0, 1], [0, 0]), votes([row(3, 0), row(4, 0)]));
  assertEquals(classes(joined), [3, 4]);
});

Deno.test("withFerPlus() joins by file name, whatever the order, the split and the folder", async () => {
  const names = [
    "train/happy/fer0000002.png",
    "test/sad/FER0000000.PNG",
    "train/fear/fer0000001.jpg",
  ];
  const joined = await withFerPlus(
    datasetOf([3, 4, 2], [0, 2, 0], names),
    votes([row(4, 0, "fer0000000.png"), row(2, 0, "fer0000001.png"), row(3, 0, "fer0000002.png")]),
  );
  assertEquals(classes(joined), [3, 4, 2]);
  assertEquals(joined.subset([2, 0]).names, [names[2], names[0]]);
});

Deno.test("withFerPlus() refuses names of which some have no votes, or two the same", async () => {
  const rows = [row(3, 0, "fer0.png"), row(4, 0, "fer1.png")];
  const messageOf = async (names: string[], lines: string[]): Promise<string> => {
    const dataset = datasetOf(round(names.length), all(names.length, 0), names);
    return (await assertRejects(() => withFerPlus(dataset, votes(lines)), RangeError)).message;
  };
  assertEquals(
    await messageOf(["fer0.png", "other.png"], rows),
    "Cannot join the stream: it has votes on 1 of the 2 images of faces by their names, none on " +
      '"other.png"',
  );
  assertEquals(
    await messageOf(["a/fer0.png", "b/fer0.png"], rows),
    'Cannot join the stream: two images of faces are called "fer0"',
  );
  assertEquals(
    await messageOf(["fer0.png", "fer1.png"], [...rows, row(1, 0, "fer1.png")]),
    'Cannot join the stream: it has votes on "fer1.png" twice',
  );
});

Deno.test("withFerPlus() joins in order where the images are called otherwise", async () => {
  const joined = await withFerPlus(
    datasetOf([3, 4], [0, 0], ["x/Training_1.jpg", "x/Training_2.jpg"]),
    votes([row(3, 0, "fer0.png"), row(4, 0, "fer1.png")]),
  );
  assertEquals(classes(joined), [3, 4]);
});
