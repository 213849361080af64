import { assertEquals, assertRejects } from "@std/assert";
import { csvFormat } from "../../../cli/label/csv_format.ts";
import { jsonlFormat } from "../../../cli/label/jsonl_format.ts";
import type { PictureResult } from "../../../cli/label/picture_result.ts";
import { readWrittenRows } from "../../../cli/label/written_rows.ts";

const CLASSES = ["sad", "happy"];
const PROBABILITIES = [{ label: "sad", probability: 0.6 }, { label: "happy", probability: 0.4 }];
const face = { probabilities: PROBABILITIES };

const PICTURES: readonly PictureResult[] = [
  { path: "a.jpg", width: 9, height: 9, faces: [face, face, face] },
  { path: 'odd, "b"\n\nö.jpg', width: 9, height: 9, faces: [face, { probabilities: null }] },
  { path: "c.jpg", width: 9, height: 9, faces: [] },
  { path: "d.jpg", error: "Cannot decode the image: the file is empty" },
  { path: "e.jpg", width: 9, height: 9, faces: [face] },
];

/** Bytes in pieces of a size. */
async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

for (const format of [jsonlFormat(CLASSES), csvFormat(CLASSES, true)]) {
  Deno.test(`readWrittenRows() keeps whole pictures of ${format.name}, wherever it is cut`, async () => {
    const encoder = new TextEncoder();
    const parts = [format.header, ...PICTURES.map((each) => format.rows(each))]
      .map((rows) => encoder.encode(rows));
    const whole = new Uint8Array(parts.flatMap((part) => [...part]));
    const ends = parts.map((_, i) => parts.slice(0, i + 1).reduce((sum, p) => sum + p.length, 0));
    for (let cut = 0; cut <= whole.length; cut++) {
      const done: string[] = [];
      const { bytes, totals } = await readWrittenRows(
        pieces(whole.subarray(0, cut), 50),
        format,
        "rows",
        (path) => done.push(path),
      );
      const good = ends.filter((end) => end <= cut).length;
      const expected = PICTURES.slice(0, Math.max(0, good - 1)).map(({ path }) => path);
      assertEquals(done, expected, `cut at ${cut}`);
      assertEquals(bytes, good === 0 ? 0 : ends[good - 1], `cut at ${cut}`);
      assertEquals(totals.pictures, expected.length);
    }
    const { totals } = await readWrittenRows(pieces(whole, 1e6), format, "rows", () => {});
    assertEquals(totals, { pictures: 5, faces: 6, withoutFace: 1, errors: 1 });
  });
}

Deno.test("readWrittenRows() drops zeros that a power cut left behind the last row", async () => {
  const { rows } = jsonlFormat(CLASSES);
  const good = new TextEncoder().encode(rows(PICTURES[0]));
  const bytes = new Uint8Array(good.length + 4096);
  bytes.set(good);
  const written = await readWrittenRows(pieces(bytes, 512), jsonlFormat(CLASSES), "r", () => {});
  assertEquals(written.bytes, good.length);
});

Deno.test("readWrittenRows() refuses a file that something else wrote, and names the row", async () => {
  const [jsonl, csv] = [jsonlFormat(CLASSES), csvFormat(CLASSES, true)];
  const read = (text: string, format = jsonl) =>
    readWrittenRows(pieces(new TextEncoder().encode(text), 64), format, "my.rows", () => {});
  const [first, second] = jsonl.rows(PICTURES[0]).split("\n");
  const refused: ReadonlyArray<readonly [Promise<unknown>, string]> = [
    [read(`${first}\nhello\n`), "Cannot append to my.rows: row 2 is none of this task's"],
    [read(`${second}\n`), "row 1 does not follow the one before it"],
    [read(`${first}\n${first}\n`), "row 2 does not follow the one before it"],
    [read(`${first}\n${jsonl.rows(PICTURES[4])}`), "row 2 does not follow"],
    [read("path,faces\n", csv), "Cannot append to my.rows: its columns are others"],
    [read(`${csv.header}hello\n`, csv), "row 2 is none of this task's"],
  ];
  for (const [reading, message] of refused) {
    await assertRejects(() => reading, SyntaxError, message);
  }
});
