import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { type CsvSource, drawnFaces, EMOTIONS, loadFerCsv } from "../../src/data.ts";
import { REAL_CSV } from "./real_data.ts";

const FACES = drawnFaces(5, 1, { validation: 0.2, test: 0.2 });
const USAGE = ["Training", "Training", "Training", "PublicTest", "PrivateTest"];
const PIXELS = USAGE.map((_, i) => FACES.image(i).data.join(" "));
const ROWS = USAGE.map((usage, i) => `${i},${PIXELS[i]},${usage}`);
const CSV = ["emotion,pixels,Usage", ...ROWS].join("\n") + "\n";

function stream(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream();
}

function gzip(text: string): Promise<ArrayBuffer> {
  const bytes = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(bytes).arrayBuffer();
}

/** The file that has these lines under the usual header. */
function fileOf(...rows: string[]): ReadableStream<Uint8Array> {
  return stream(["emotion,pixels,Usage", ...rows].join("\n"));
}

/** Writes a file for as long as `use` runs. */
async function withFile(
  name: string,
  content: Uint8Array,
  use: (path: string) => Promise<unknown>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/${name}`, content);
    await use(`${folder}/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function assertReadsFaces(source: CsvSource): Promise<void> {
  const dataset = await loadFerCsv(source);
  assertEquals(dataset.pixels, FACES.pixels);
  assertEquals([...dataset.labels], [0, 1, 2, 3, 4]);
  assertEquals([...dataset.usages], [0, 0, 0, 1, 2]);
  assertEquals(dataset.classes, EMOTIONS);
}

Deno.test("loadFerCsv() reads emotion, pixels, Usage", async () => {
  await assertReadsFaces(stream(CSV));
});

Deno.test("loadFerCsv() knows gzip by its first bytes", async () => {
  await assertReadsFaces(new Blob([await gzip(CSV)]).stream());
});

Deno.test("loadFerCsv() reads a byte order mark and CRLF", async () => {
  await assertReadsFaces(stream("\ufeff" + CSV.replaceAll("\n", "\r\n")));
});

Deno.test("loadFerCsv() reads a file without a newline at its end", async () => {
  await assertReadsFaces(stream(CSV.trimEnd()));
});

Deno.test("loadFerCsv() reads columns in any order, extra ones and quoted fields", async () => {
  const rows = USAGE.map((usage, i) => `${usage},"${PIXELS[i]}",x,${i}`);
  await assertReadsFaces(stream(["Usage,pixels,note,emotion", ...rows].join("\n")));
});

Deno.test("loadFerCsv() reads header names with leading spaces, as in icml_face_data.csv", async () => {
  const rows = USAGE.map((usage, i) => `${i},${usage},${PIXELS[i]}`);
  await assertReadsFaces(stream(["emotion, Usage, pixels", ...rows].join("\n")));
});

Deno.test("loadFerCsv() takes a file without Usage for training images", async () => {
  const rows = PIXELS.map((pixels, i) => `${i},${pixels}`);
  const dataset = await loadFerCsv(stream(["emotion,pixels", ...rows].join("\n")));
  assertEquals([...dataset.usages], [0, 0, 0, 0, 0]);
  assertEquals([...dataset.labels], [0, 1, 2, 3, 4]);
});

Deno.test("loadFerCsv() takes a file without emotion for test images without labels", async () => {
  const text = ["pixels", ...PIXELS].join("\n");
  const dataset = await loadFerCsv(stream(text));
  assertEquals([...dataset.usages], [2, 2, 2, 2, 2]);
  assertEquals([...dataset.labels], [-1, -1, -1, -1, -1]);
  assertEquals(dataset.pixels, FACES.pixels);
  const validation = await loadFerCsv(stream(text), { usage: "PublicTest" });
  assertEquals([...validation.usages], [1, 1, 1, 1, 1]);
});

Deno.test("loadFerCsv() reads other sizes when asked to", async () => {
  const { pixels, size } = await loadFerCsv(fileOf("3,0 1 2 255,Training"), { size: 2 });
  assertEquals([...pixels], [0, 1, 2, 255]);
  assertEquals(size, 2);
});

Deno.test("loadFerCsv() reads more images than a block holds", async () => {
  const rows = Array.from({ length: 2500 }, (_, i) => `${i % 7},${i % 256},Training`);
  const { pixels, length } = await loadFerCsv(fileOf(...rows), { size: 1 });
  assertEquals(length, 2500);
  assertEquals([...pixels], rows.map((_, i) => i % 256));
});

Deno.test("loadFerCsv() reads a path and a file: URL", async () => {
  await withFile("a face.csv", new TextEncoder().encode(CSV), async (path) => {
    await assertReadsFaces(path);
    const url = new URL(`file://${path.replaceAll(" ", "%20")}`);
    await assertReadsFaces(url);
    await assertReadsFaces(url.href);
    assertEquals((await loadFerCsv(url)).source, path);
  });
});

Deno.test("loadFerCsv() reads an http: address", async () => {
  const zipped = await gzip(CSV);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) =>
      request.url.endsWith(".gz")
        ? new Response(zipped)
        : new Response("no such page", { status: 404 }),
  );
  const address = `http://127.0.0.1:${server.addr.port}`;
  await assertReadsFaces(`${address}/fer2013.csv.gz`);
  const error = await assertRejects(() => loadFerCsv(`${address}/fer2013.csv`), Error);
  assertEquals(error.message, `Cannot read ${address}/fer2013.csv: the server answered 404`);
  await server.shutdown();
});

Deno.test("loadFerCsv() reads the same however the bytes are cut into chunks", async () => {
  const bytes = new TextEncoder().encode(
    "\ufeffemotion,pixels,Usage\r\n3,0 1 2 255,Training\r\n6,9 80 70 6,PublicTest\r\n",
  );
  await fc.assert(fc.asyncProperty(
    fc.uniqueArray(fc.nat({ max: bytes.length }), { maxLength: 12 }),
    async (cuts) => {
      const ends = [...cuts.sort((a, b) => a - b), bytes.length];
      const chunks = ends.map((end, i) => bytes.slice(ends[i - 1] ?? 0, end));
      const dataset = await loadFerCsv(ReadableStream.from(chunks), { size: 2 });
      assertEquals([...dataset.pixels], [0, 1, 2, 255, 9, 80, 70, 6]);
      assertEquals([...dataset.labels], [3, 6]);
    },
  ));
});

Deno.test("loadFerCsv() reads back any image", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.uint8Array({ minLength: 9, maxLength: 9 }), { minLength: 1, maxLength: 5 }),
    async (images) => {
      const rows = images.map((image) => `6,${image.join(" ")},Training`);
      const { pixels } = await loadFerCsv(fileOf(...rows), { size: 3 });
      assertEquals([...pixels], images.flatMap((image) => [...image]));
    },
  ));
});

Deno.test("loadFerCsv() takes or rejects pixels as a parser made of split() does", async () => {
  const piece = fc.constantFrom("0", "7", "12", "255", "256", "-1", "1e1", "0x1", "", "\t", "é");
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 6 }), async (pieces) => {
      const text = pieces.join(" ").trim();
      const values = text.split(" ");
      const isGood = values.length === 4 &&
        values.every((value) => /^\d+$/.test(value) && Number(value) < 256);
      const loaded = loadFerCsv(fileOf(`0,${text},Training`), { size: 2 });
      if (isGood) assertEquals([...(await loaded).pixels], values.map(Number));
      else await assertRejects(() => loaded, Error, "Cannot read row 1");
    }),
    { numRuns: 300 },
  );
});

// Each bad file, the error it is refused with and its whole message.
const [HEAD, TAIL] = [Array(2303).fill("7").join(" "), "Training"];
const GOOD = `0,${HEAD} 7,${TAIL}`;
const BAD: ReadonlyArray<[string, string, ErrorConstructor, string]> = [
  ["an empty file", "", SyntaxError, "Cannot read bad.csv: the file is empty"],
  [
    "a file of empty lines",
    "\n\n",
    SyntaxError,
    "Cannot read bad.csv: it has no rows",
  ],
  [
    "a header without rows",
    "emotion,pixels,Usage\n",
    SyntaxError,
    "Cannot read bad.csv: it has a header but no rows",
  ],
  [
    "HTML",
    "\n<!DOCTYPE html>\n<html>",
    SyntaxError,
    'Cannot read bad.csv: expected CSV, got HTML: "<!DOCTYPE html>"',
  ],
  [
    "a zip archive",
    "PK\x03\x04\x14\x00",
    SyntaxError,
    "Cannot read bad.csv: it is a zip archive, unpack it first",
  ],
  [
    "a file without pixels",
    "emotion,Usage\n0,Training\n",
    SyntaxError,
    'Cannot read bad.csv: no column "pixels" in its first line "emotion,Usage"',
  ],
  [
    "a file with Usage and without emotion",
    `pixels,Usage\n${HEAD} 7,Training\n`,
    SyntaxError,
    'Cannot read bad.csv: no column "emotion" in its first line "pixels,Usage"',
  ],
  [
    "a file without a header",
    GOOD,
    SyntaxError,
    'Cannot read bad.csv: no column "pixels" in its first line ' +
    `"0,${HEAD.slice(0, 38)}…"`,
  ],
  [
    "label 7",
    `emotion,pixels,Usage\n${GOOD}\n7,${HEAD} 7,Training\n`,
    RangeError,
    "Cannot read row 2 of bad.csv: label is 7, expected 0 to 6",
  ],
  [
    "label -1",
    `emotion,pixels,Usage\n-1,${HEAD} 7,Training\n`,
    RangeError,
    "Cannot read row 1 of bad.csv: label is -1, expected 0 to 6",
  ],
  [
    "label x",
    `emotion,pixels,Usage\nx,${HEAD} 7,Training\n`,
    SyntaxError,
    'Cannot read row 1 of bad.csv: label is "x", expected a whole number from 0 to 6',
  ],
  [
    "an empty label",
    `emotion,pixels,Usage\n,${HEAD} 7,Training\n`,
    SyntaxError,
    'Cannot read row 1 of bad.csv: label is "", expected a whole number from 0 to 6',
  ],
  [
    "a row with 2303 pixels",
    `emotion,pixels,Usage\n${GOOD}\n0,${HEAD},Training\n`,
    RangeError,
    "Cannot read row 2 of bad.csv: expected 2304 pixels, got 2303",
  ],
  [
    "a row with 2305 pixels",
    `emotion,pixels,Usage\n0,${HEAD} 7 7,Training\n`,
    RangeError,
    "Cannot read row 1 of bad.csv: expected 2304 pixels, got 2305",
  ],
  [
    "a row without pixels",
    "emotion,pixels,Usage\n0,,Training\n",
    RangeError,
    "Cannot read row 1 of bad.csv: expected 2304 pixels, got 0",
  ],
  [
    "a pixel of 256",
    `emotion,pixels,Usage\n0,${HEAD} 256,Training\n`,
    RangeError,
    "Cannot read row 1 of bad.csv: pixel 2,304 is 256, expected 0 to 255",
  ],
  [
    "a pixel of -1",
    `emotion,pixels,Usage\n0,-1 ${HEAD},Training\n`,
    RangeError,
    "Cannot read row 1 of bad.csv: pixel 1 is -1, expected 0 to 255",
  ],
  [
    "a pixel of 3.5",
    `emotion,pixels,Usage\n0,7 3.5 ${HEAD.slice(2)},Training\n`,
    SyntaxError,
    'Cannot read row 1 of bad.csv: pixel 2 is "3.5", expected a whole number from 0 to 255',
  ],
  [
    "an empty pixel",
    `emotion,pixels,Usage\n0,7  ${HEAD.slice(2)},Training\n`,
    SyntaxError,
    "Cannot read row 1 of bad.csv: pixel 2 is empty, expected 0 to 255",
  ],
  [
    "a pixel of a thousand digits",
    `emotion,pixels,Usage\n0,${HEAD} ${"9".repeat(1000)},Training\n`,
    RangeError,
    `Cannot read row 1 of bad.csv: pixel 2,304 is ${"9".repeat(40)}…, expected 0 to 255`,
  ],
  [
    "a pixel of -0",
    `emotion,pixels,Usage\n0,${HEAD} -0,Training\n`,
    RangeError,
    "Cannot read row 1 of bad.csv: pixel 2,304 is -0, expected 0 to 255",
  ],
  [
    "a pixel of four digits",
    `emotion,pixels,Usage\n0,${HEAD} 0070,Training\n`,
    RangeError,
    "Cannot read row 1 of bad.csv: pixel 2,304 is 0070, expected 0 to 255",
  ],
  [
    "an unknown Usage",
    `emotion,pixels,Usage\n0,${HEAD} 7,Test\n`,
    RangeError,
    'Cannot read row 1 of bad.csv: Usage is "Test", expected Training, PublicTest, PrivateTest',
  ],
  [
    "a row that is cut off",
    `emotion,pixels,Usage\n${GOOD}\n0,7 7 7`,
    SyntaxError,
    "Cannot read row 2 of bad.csv: expected 3 fields, got 2",
  ],
  [
    "a quote that is never closed",
    `emotion,pixels,Usage\n${GOOD}\n0,"7 7 7\n${GOOD}`,
    SyntaxError,
    "Cannot read row 2 of bad.csv: a quote is out of place",
  ],
];

for (const [what, text, type, message] of BAD) {
  Deno.test(`loadFerCsv() rejects ${what}`, async () => {
    const error = await assertRejects(() => loadFerCsv(stream(text), { name: "bad.csv" }), type);
    assertEquals(error.message, message);
  });
}

Deno.test("loadFerCsv() rejects gzip that is cut in the middle", async () => {
  const zipped = new Uint8Array(await gzip(CSV));
  await withFile("cut.csv.gz", zipped.subarray(0, zipped.length >> 1), async (path) => {
    const error = await assertRejects(() => loadFerCsv(path), SyntaxError);
    assertEquals(
      error.message.replace(/row \d/, "row N"),
      `Cannot read ${path}: its gzip data is damaged or cut off at row N`,
    );
  });
});

Deno.test("loadFerCsv() rejects gzip that is damaged", async () => {
  const zipped = new Uint8Array(await gzip(CSV));
  zipped.fill(0xaa, 40, 400);
  const error = await assertRejects(() => loadFerCsv(new Blob([zipped]).stream()), SyntaxError);
  assertEquals(error.message, "Cannot read the stream: its gzip data is damaged or cut off");
});

Deno.test("loadFerCsv() names a file that is missing", async () => {
  const error = await assertRejects(() => loadFerCsv("no/such.csv"), Deno.errors.NotFound);
  assertEquals(error.message, "Cannot read no/such.csv: there is no such file");
});

Deno.test("loadFerCsv() rejects a folder", async () => {
  const error = await assertRejects(() => loadFerCsv("tests"), TypeError);
  assertEquals(error.message, "Cannot read tests: it is a folder, not a CSV file");
});

Deno.test("loadFerCsv() closes a file that is not CSV", async () => {
  const page = new TextEncoder().encode("<html>\n" + "<p>\n".repeat(100_000));
  await withFile("bad.csv", page, async (path) => {
    await assertRejects(() => loadFerCsv(path), SyntaxError, "got HTML");
  });
});

Deno.test("loadFerCsv() closes a file that it rejects", async () => {
  const text = `emotion,pixels,Usage\n9,1,Training\n${"0,1,Training\n".repeat(100_000)}`;
  await withFile("bad.csv", new TextEncoder().encode(text), async (path) => {
    await assertRejects(() => loadFerCsv(path, { size: 1 }), RangeError, "row 1");
  });
});

Deno.test({
  name: "loadFerCsv() reads FER-2013 with the published class counts (real data)",
  ignore: REAL_CSV === undefined,
  async fn() {
    const dataset = await loadFerCsv(REAL_CSV ?? "");
    const counts = [0, 1].map((usage) =>
      EMOTIONS.map((_, label) =>
        dataset.labels.reduce(
          (n, each, i) => n + Number(each === label && dataset.usages[i] === usage),
          0,
        )
      )
    );
    assertEquals(counts, [
      [3995, 436, 4097, 7215, 4830, 3171, 4965],
      [467, 56, 496, 895, 653, 415, 607],
    ]);
    assertEquals([...dataset.image(0).data.subarray(0, 5)], [70, 80, 82, 72, 58]);
  },
});
