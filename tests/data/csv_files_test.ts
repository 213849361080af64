import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type CsvSource, loadFerCsv } from "../../src/data.ts";

const HEADER = "emotion,pixels,Usage\n";
const TWO_ROWS = `${HEADER}3,0 1 2 255,Training\n6,9 80 70 6,PublicTest\n`;

function streamOf(...parts: BlobPart[]): ReadableStream<Uint8Array> {
  return new Blob(parts).stream();
}

async function gzip(...parts: BlobPart[]): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob(parts).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** The file in small pieces, so that ends of members fall within them and between. */
function inPieces(bytes: Uint8Array<ArrayBuffer>, length: number): ReadableStream<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += length) pieces.push(bytes.subarray(at, at + length));
  return ReadableStream.from(pieces);
}

async function assertReadsTwoRows(source: CsvSource): Promise<void> {
  const { pixels, labels, usages } = await loadFerCsv(source, { size: 2 });
  assertEquals([...pixels], [0, 1, 2, 255, 9, 80, 70, 6]);
  assertEquals([...labels], [3, 6]);
  assertEquals([...usages], [0, 1]);
}

async function messageOf(source: CsvSource, size = 2): Promise<string> {
  const error = await assertRejects(() => loadFerCsv(source, { size, name: "it" }), Error);
  return error.message;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

Deno.test("loadFerCsv() reads gzip of several members, however it is cut into chunks", async () => {
  const lines = TWO_ROWS.split("\n");
  const members = await Promise.all(
    [lines[0] + "\n", "", lines[1].slice(0, 5)].map((x) => gzip(x)),
  );
  const rest = await gzip(`${lines[1].slice(5)}\n${lines[2]}\n`);
  const file = joined(...members, rest);
  for (const length of [1, 2, 3, 7, 20, file.length]) {
    await assertReadsTwoRows(inPieces(file, length));
  }
});

Deno.test("loadFerCsv() reads gzip with zeros behind its members and between them", async () => {
  const [head, tail] = await Promise.all([gzip(HEADER), gzip(TWO_ROWS.slice(HEADER.length))]);
  const file = joined(head, new Uint8Array(512), tail, new Uint8Array(1024));
  for (const length of [1, 100, file.length]) await assertReadsTwoRows(inPieces(file, length));
});

Deno.test("loadFerCsv() names bytes behind gzip that are none", async () => {
  const file = joined(await gzip(TWO_ROWS), new TextEncoder().encode("junk"));
  assertEquals(
    await messageOf(streamOf(file)),
    "Cannot read it: after its gzip data come bytes that are none, 6a 75 6e 6b…: cut them off, " +
      "or unpack it and give what comes out",
  );
});

Deno.test("loadFerCsv() refuses a second member that is cut off or damaged", async () => {
  const [head, tail] = await Promise.all([gzip(HEADER), gzip(TWO_ROWS.slice(HEADER.length))]);
  const damaged = joined(head, tail);
  damaged[damaged.length - 6] ^= 1;
  for (
    const file of [joined(head, tail.subarray(0, -5)), joined(head, tail.subarray(0, 1)), damaged]
  ) {
    assertStringIncludes(await messageOf(streamOf(file)), "its gzip data is damaged or cut off");
  }
});

Deno.test("loadFerCsv() fails once, and leaves no promise to reject by itself", async () => {
  const unhandled: unknown[] = [];
  const listen = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  addEventListener("unhandledrejection", listen);
  try {
    const wrongSum = await gzip(TWO_ROWS.repeat(2));
    wrongSum[wrongSum.length - 8] ^= 0xff;
    const late = await gzip(HEADER, "3,0 1 2 255,Training\n".repeat(9e4));
    late[late.length - 8] ^= 0xff;
    const wrongLength = await gzip(TWO_ROWS);
    wrongLength[wrongLength.length - 1] ^= 0xff;
    const badRow = await gzip(
      `${HEADER}9,0 1 2 255,Training\n`,
      "3,0 1 2 3,Training\n".repeat(9e4),
    );
    badRow[badRow.length - 6] ^= 0xff;
    const failingLate = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(TWO_ROWS));
      },
      pull: () => Promise.reject(new Error("the disk is gone")),
    });
    const failingToClose = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode("<html>\n")),
      cancel: () => Promise.reject(new Error("it cannot be closed")),
    });
    const messages: string[] = [];
    for (
      const source of [
        ...[wrongSum, late, wrongLength, badRow].map((bytes) => streamOf(bytes)),
        ...[inPieces(wrongSum, 3), failingLate, failingToClose],
      ]
    ) {
      messages.push(await messageOf(source));
      // An unhandled rejection is reported in a turn of its own.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const damaged = "Cannot read it: its gzip data is damaged or cut off";
    assertEquals(messages.map((message) => message.replace(/ at row [1-9][\d,]+$/, " late")), [
      damaged,
      `${damaged} late`,
      damaged,
      "Cannot read row 1 of it: label is 9, expected 0 to 6",
      damaged,
      "the disk is gone",
      'Cannot read it: expected CSV, got HTML: "<html>"',
    ]);
    assertEquals(unhandled, []);
  } finally {
    removeEventListener("unhandledrejection", listen);
  }
});

Deno.test("loadFerCsv() says what is wrong with a stream that gives no bytes or is read already", async () => {
  const texts = ReadableStream.from([TWO_ROWS]) as unknown as ReadableStream<Uint8Array>;
  assertEquals(
    await messageOf(texts),
    "Cannot read it: expected bytes, a Uint8Array, got string",
  );
  const locked = streamOf(TWO_ROWS);
  const reader = locked.getReader();
  assertEquals(await messageOf(locked), "Cannot read it: it is being read already");
  await reader.cancel();
});

Deno.test("loadFerCsv() refuses a row without an end before it fills the memory", async () => {
  let chunks = 0;
  const chunk = new Uint8Array(2 ** 20).fill(0x37);
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(chunks++ === 0 ? new TextEncoder().encode(`${HEADER}3,`) : chunk);
    },
  });
  assertEquals(
    await messageOf(endless),
    "Cannot read row 1 of it: it has more than 16,777,216 characters",
  );
  assertEquals(chunks < 24, true);
});

// How PowerShell and spreadsheets write UTF-16, and Mac OS 9 its lines.
const utf16 = (text: string, isLittle: boolean): Uint8Array<ArrayBuffer> => {
  const view = new DataView(new ArrayBuffer(2 * text.length));
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), isLittle);
  return new Uint8Array(view.buffer);
};
const TEXTS: ReadonlyArray<[string, BlobPart]> = [
  ["UTF-16 with its byte order mark, little-endian", utf16(`\ufeff${TWO_ROWS}`, true)],
  ["UTF-16 with its byte order mark, big-endian", utf16(`\ufeff${TWO_ROWS}`, false)],
  ["UTF-16 without a byte order mark", utf16(TWO_ROWS.replaceAll("\n", "\r\n"), true)],
  ["UTF-16 without a byte order mark, big-endian", utf16(TWO_ROWS, false)],
  ["lines that end with CR alone", TWO_ROWS.replaceAll("\n", "\r")],
  ["lines that end in each way", TWO_ROWS.replace("\n", "\r").replace(/\n$/, "\r\n")],
  [
    "line ends in quotes",
    TWO_ROWS.replace("Usage", 'Usage,"a\n""note"""').replaceAll(/g$|t$/gm, '$&,"a\r\n,b"'),
  ],
];
for (const [what, text] of TEXTS) {
  Deno.test(`loadFerCsv() reads ${what}`, async () => {
    await assertReadsTwoRows(streamOf(text));
    await assertReadsTwoRows(inPieces(new Uint8Array(await new Blob([text]).arrayBuffer()), 1));
    await assertReadsTwoRows(streamOf(await gzip(text)));
  });
}

// What people give for the CSV file, by its first bytes, and what it is called.
const latin1 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const tar = latin1(`fer2013/${"\0".repeat(249)}ustar  \0${"\0".repeat(300)}`);
const FOREIGN: ReadonlyArray<[Uint8Array<ArrayBuffer>, string]> = [
  [tar, "it is a tar archive, unpack it first"],
  [await gzip(tar), "it is a tar archive, unpack it first"],
  [await gzip(await gzip(TWO_ROWS)), "it is packed by gzip, unpack it first"],
  [latin1("\xfd7zXZ\0\0\x04"), "it is packed by xz, unpack it first"],
  [latin1("BZh91AY&SY"), "it is packed by bzip2, unpack it first"],
  [latin1("7z\xbc\xaf\x27\x1c\0\x04"), "it is a 7z archive, unpack it first"],
  [latin1("\x28\xb5\x2f\xfd\x04\x00"), "it is packed by zstd, unpack it first"],
  [latin1("Rar!\x1a\x07\x01\x00"), "it is a rar archive, unpack it first"],
  [latin1("PK\x03\x04\x14\x00"), "it is a zip archive, unpack it first"],
  [latin1("\xff\xfe\0\0e\0\0\0"), "it is UTF-32, save it as UTF-8"],
  [latin1("\x89HDF\r\n\x1a\n"), "expected CSV, got HDF5"],
  [latin1("\xff\xd8\xff\xe0"), "expected CSV, got a JPEG"],
  [latin1("PAR1\x15\x04"), "expected CSV, got Parquet, which loadFerParquet() loads"],
  [latin1('{"code":403}'), "expected CSV, got JSON"],
  [latin1("version https://git-lfs.github.com/spec/v1\n"), "expected CSV, got a Git LFS pointer"],
];
for (const [bytes, problem] of FOREIGN) {
  Deno.test(`loadFerCsv() says: ${problem} (${bytes.length} bytes)`, async () => {
    assertEquals(await messageOf(streamOf(bytes)), `Cannot read it: ${problem}`);
  });
}

// First lines that would have been misunderstood, and what is said of them.
const HEADERS: ReadonlyArray<[string, string]> = [
  [
    "label,pixels",
    'no column "emotion" in its first line "label,pixels": if "label" is that, call it "emotion"',
  ],
  [
    "pixels,class",
    'no column "emotion" in its first line "pixels,class": if "class" is that, call it "emotion"',
  ],
  [
    "pixels,note",
    'no column "emotion" in its first line "pixels,note", and "note" is none that is known: expected emotion, pixels, Usage',
  ],
  [
    "emotion,pixels,Set",
    'no column "Usage" in its first line "emotion,pixels,Set": if "Set" is that, call it "Usage"',
  ],
  [
    "emotion,pixels,x",
    'no column "Usage" in its first line "emotion,pixels,x", and "x" is none that is known: expected emotion, pixels, Usage',
  ],
  [
    "emotion,image,Usage",
    'no column "pixels" in its first line "emotion,image,Usage": if "image" is that, call it "pixels"',
  ],
  [
    "emotion;pixels;Usage",
    'no column "pixels" in its first line "emotion;pixels;Usage": its columns are separated by semicolons, expected commas',
  ],
  [
    "emotion\tpixels\tUsage",
    'no column "pixels" in its first line "emotion\\tpixels\\tUsage": its columns are separated by tabs, expected commas',
  ],
  ["emotion,pixels,Emotion", 'two columns "emotion" in its first line "emotion,pixels,Emotion"'],
  [
    "emotion,p1,p2,p3,Usage",
    'no column "pixels" in its first line "emotion,p1,p2,p3,Usage"',
  ],
];
for (const [header, problem] of HEADERS) {
  Deno.test(`loadFerCsv() does not take ${JSON.stringify(header)} for something else`, async () => {
    const row = header.replaceAll(/[^,;\t]+/g, "3");
    assertEquals(await messageOf(streamOf(`${header}\n${row}\n`)), `Cannot read it: ${problem}`);
  });
}

Deno.test("loadFerCsv() passes over row numbers, as pandas writes them", async () => {
  for (const name of ["", "Unnamed: 0", "index", "id"]) {
    const { labels, usages } = await loadFerCsv(
      streamOf(`${name},emotion,pixels\n0,3,0 1 2 255\n1,6,9 80 70 6\n`),
      { size: 2 },
    );
    assertEquals([[...labels], [...usages]], [[3, 6], [0, 0]]);
  }
});

Deno.test("loadFerCsv() reads a pixel a column", async () => {
  for (const word of ["pixel", "", "px_", "Pixel "]) {
    for (const first of [0, 1]) {
      const columns = [0, 1, 2, 3].map((i) => `${word}${first + i}`).join(",");
      const rows = "3,0,1,2,255,Training\n6,9,80, 70,6,PublicTest\n";
      await assertReadsTwoRows(streamOf(`emotion,${columns},Usage\n${rows}`));
    }
  }
  const short = "emotion,p0,p1,p2,p3,Usage\n3,0,1,2,256,Training\n";
  assertEquals(
    await messageOf(streamOf(short)),
    "Cannot read row 1 of it: pixel 4 is 256, expected 0 to 255",
  );
});
