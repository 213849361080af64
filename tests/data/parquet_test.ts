import { assertEquals, assertRejects } from "@std/assert";
import { EMOTIONS, type FerDataset, loadFerCsv, loadFerParquet, USAGES } from "../../src/data.ts";

const FILES = new URL("parquet/", import.meta.url);
const CSV = new URL("faces.csv.gz", FILES);
const at = (name: string): string => new URL(name, FILES).pathname;

/** A data set's rows: label, split and pixels. */
function rowsOf(dataset: FerDataset): string[] {
  return Array.from({ length: dataset.length }, (_, i) => {
    const label = dataset.classes[dataset.labels[i]];
    return `${label},${USAGES[dataset.usages[i]]},${dataset.image(i).data.join(" ")}`;
  });
}

const csv = rowsOf(await loadFerCsv(CSV));

Deno.test("loadFerParquet() loads a folder of a file a split to the CSV's rows", async () => {
  for (const source of [at("fer"), `${at("fer")}/`, new URL("fer/data", FILES)]) {
    const dataset = await loadFerParquet(source);
    const splits = USAGES.flatMap((usage) => csv.filter((row) => row.includes(`,${usage},`)));
    assertEquals(rowsOf(dataset), splits);
    assertEquals(dataset.classes, EMOTIONS);
    assertEquals(dataset.names?.slice(0, 2), ["0.png", "1.png"]);
    assertEquals(dataset.source, decodeURIComponent(`${source}`).replace(/^file:\/\/|\/$/g, ""));
  }
});

Deno.test("loadFerParquet() loads bytes, lists of rows and texts to the CSV's rows", async () => {
  const layouts: ReadonlyArray<[string, number]> = [
    ["bytes.parquet", 9],
    ["lists.parquet", 21],
    ["lists64.parquet", 9],
    ["pandas.parquet", 9],
  ];
  for (const [name, rows] of layouts) {
    const dataset = await loadFerParquet(at(name));
    assertEquals(rowsOf(dataset), csv.slice(0, rows), name);
    assertEquals([dataset.classes, dataset.names], [EMOTIONS, undefined]);
  }
});

Deno.test("loadFerParquet() takes the split of a file from its name, and a file's bytes", async () => {
  const path = at("fer/data/validation-00000-of-00001.parquet");
  const validation = csv.filter((row) => row.includes(",PublicTest,"));
  assertEquals(rowsOf(await loadFerParquet(path)), validation);
  const bytes = await Deno.readFile(path);
  const training = validation.map((row) => row.replace("PublicTest", "Training"));
  assertEquals(rowsOf(await loadFerParquet(bytes)), training);
  assertEquals(rowsOf(await loadFerParquet(bytes, { usage: "PublicTest" })), validation);
});

Deno.test("loadFerParquet() keeps classes of one's own, and turns pictures grey as Pillow does", async () => {
  const expected: string[] = JSON.parse(await Deno.readTextFile(new URL("expected.json", FILES)));
  const dataset = await loadFerParquet(at("own-train.parquet"));
  assertEquals(dataset.classes, ["wink", "frown"]);
  assertEquals([...dataset.labels], [1, 0, 1]);
  expected.forEach((pixels, i) => {
    assertEquals(dataset.image(i).data, Uint8Array.fromBase64(pixels), `row ${i + 1}`);
  });
});

Deno.test("loadFerParquet() asks frame() for pictures, not for lists", async () => {
  const seen: string[] = [];
  const frame = (image: { width: number; height: number }, name: string) => {
    seen.push(`${name.replace(/.*\//, "")} ${image.width}x${image.height}`);
    return { data: new Uint8Array(4).fill(9), width: 2, height: 2 };
  };
  const dataset = await loadFerParquet(at("own-train.parquet"), { frame, size: 3 });
  assertEquals(seen, [1, 2, 3].map(() => "own-train.parquet 100x80"));
  assertEquals([...dataset.pixels], Array(27).fill(9));
  await loadFerParquet(at("lists.parquet"), { frame });
  assertEquals(seen.length, 3);
});

Deno.test("loadFerParquet() names file, row and value of what is wrong", async () => {
  type Kind = new (...args: never[]) => Error;
  const cases: ReadonlyArray<[string, Kind, string]> = [
    ["label", RangeError, "Cannot read row 3 of NAME: its label is 7, expected 0 to 6"],
    ["null_label", TypeError, "Cannot read row 2 of NAME: its label is empty, expected"],
    ["unlabelled", RangeError, "Cannot read row 2 of NAME: its label is -1, none, in Training"],
    ["damaged", TypeError, "Cannot decode row 2 of NAME: its PNG data is damaged or cut off"],
    ["null_image", TypeError, "Cannot read row 2 of NAME: its image is empty"],
    ["path", TypeError, 'Cannot read row 1 of NAME: its image is only a path, "a.png"'],
    ["ragged", RangeError, "row 2 of its image is of 1 pixels, expected 2"],
    ["pixel", RangeError, "pixel 2 of row 2 of its image is 256, expected a whole number from 0"],
    ["float", RangeError, "pixel 2 of row 2 of its image is 0.5, expected a whole number from 0"],
    ["text", RangeError, "Cannot read row 1 of NAME: expected 2304 pixels, got 3"],
    ["split", RangeError, 'Cannot read row 1 of NAME: its split is "dream", expected train'],
    ["columns", SyntaxError, 'no column "image" among its columns "picture", "label"'],
    ["no_rows", SyntaxError, "Cannot read NAME: it has no rows"],
  ];
  for (const [name, kind, message] of cases) {
    await assertRejects(
      () => loadFerParquet(at(`bad/${name}.parquet`), { name: "NAME" }),
      kind,
      message,
    );
  }
});

Deno.test("loadFerParquet() takes rows without a label in a test split", async () => {
  const bytes = await Deno.readFile(at("bad/unlabelled.parquet"));
  const { labels } = await loadFerParquet(bytes, { usage: "PrivateTest" });
  assertEquals([...labels], [0, -1]);
});

Deno.test("loadFerParquet() refuses what is no Parquet, damaged or not there", async () => {
  const good = await Deno.readFile(at("lists.parquet"));
  const refusals: ReadonlyArray<[Uint8Array | string, string]> = [
    [new Uint8Array(), "Cannot read NAME: the file is empty"],
    [await Deno.readFile(CSV), "Cannot read NAME: expected Parquet, got packed by gzip"],
    [new TextEncoder().encode("<html></html>"), "expected Parquet, got a web page"],
    [good.slice(0, -9), "Cannot read NAME: the Parquet file is cut off"],
    [good.slice(0, 8), "Cannot read NAME: the Parquet file is cut off"],
    [
      good.with(good.length - 6, 255) as Uint8Array,
      "Cannot read NAME: it is damaged, or of a kind",
    ],
    [good.slice().fill(0, 200, 9000), "Cannot read rows 1 to 21 of NAME: it is damaged, or of a"],
  ];
  for (const [source, message] of refusals) {
    await assertRejects(() => loadFerParquet(source, { name: "NAME" }), SyntaxError, message);
  }
  const gone = at("gone.parquet");
  await assertRejects(() => loadFerParquet(gone), Error, `Cannot read ${gone}: no such file`);
  await assertRejects(() => loadFerParquet(at("../images")), TypeError, "no Parquet file in it");
  await assertRejects(() => loadFerParquet(good, { size: 0 }), RangeError, "size is 0");
});

Deno.test("loadFerParquet() reads an address in ranges", async () => {
  const bytes = await Deno.readFile(at("bytes.parquet"));
  const ranges: string[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    if (new URL(request.url).pathname !== "/test.parquet") {
      return new Response(null, { status: 404 });
    }
    const length = { "content-length": String(bytes.length) };
    if (request.method === "HEAD") return new Response(null, { headers: length });
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "") ?? [];
    ranges.push(`${from}-${to}`);
    return new Response(bytes.slice(Number(from), Number(to) + 1), { status: 206 });
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  assertEquals(rowsOf(await loadFerParquet(new URL(`${url}/test.parquet`))), csv.slice(0, 9));
  assertEquals(ranges[0], "0-1023");
  await assertRejects(() => loadFerParquet(new URL(`${url}/gone.parquet`)), Error, "404");
});
