import { CsvParseStream } from "@std/csv/parse-stream";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { csvFormat } from "../../../cli/label/csv_format.ts";
import { jsonlFormat } from "../../../cli/label/jsonl_format.ts";
import type { LabelledFace, PictureResult } from "../../../cli/label/picture_result.ts";

const CLASSES = ["sad", "happy"];

const FACE: LabelledFace = {
  box: { x: -1.04, y: 2.25, width: 100, height: 99.96 },
  score: 0.987654,
  quality: {
    ...{ size: 100, sharpness: 0.51239, brightness: 0.5, yaw: -0.04, roll: 12.34 },
    issues: [],
  },
  probabilities: [{ label: "happy", probability: 0.87654 }, { label: "sad", probability: 0.12346 }],
};
const POOR: LabelledFace = {
  box: { x: 1, y: 2, width: 3, height: 3 },
  score: 0.5,
  quality: {
    ...{ size: 3, sharpness: 0, brightness: 1, yaw: 60, roll: 0 },
    issues: ["small", "turned"],
  },
  probabilities: null,
};
const TWO: PictureResult = { path: "a.jpg", width: 640, height: 480, faces: [FACE, POOR] };
const NONE: PictureResult = { path: "b.jpg", width: 8, height: 9, faces: [] };
const BROKEN: PictureResult = { path: "c.jpg", error: 'Cannot decode it: "odd", cut off' };

/** Rows as another program reads them. */
async function parsed(text: string): Promise<string[][]> {
  const stream = new Blob([text]).stream().pipeThrough(new TextDecoderStream());
  return await Array.fromAsync(stream.pipeThrough(new CsvParseStream()));
}

Deno.test("jsonlFormat() writes an object a face, numbers in few digits", () => {
  const [first, second, end] = jsonlFormat(CLASSES).rows(TWO).split("\n");
  assertEquals(JSON.parse(first), {
    ...{ path: "a.jpg", width: 640, height: 480, faces: 2, face: 1 },
    ...{ label: "happy", probability: 0.8765, probabilities: { sad: 0.1235, happy: 0.8765 } },
    ...{ box: { x: -1, y: 2.3, width: 100, height: 100 }, score: 0.9877 },
    quality: {
      ...{ size: 100, sharpness: 0.5124, brightness: 0.5, yaw: 0, roll: 12.3 },
      issues: [],
    },
  });
  assertEquals(Object.keys(JSON.parse(first).probabilities), CLASSES);
  const poor = JSON.parse(second);
  assertEquals([poor.face, poor.label, poor.probability, poor.probabilities], [
    2,
    null,
    null,
    null,
  ]);
  assertEquals(poor.quality.issues, ["small", "turned"]);
  assertEquals(end, "");
});

Deno.test("jsonlFormat() says that a picture has no face, or why it could not be labelled", () => {
  const { rows } = jsonlFormat(CLASSES);
  assertEquals(rows(NONE), '{"path":"b.jpg","width":8,"height":9,"faces":0}\n');
  assertEquals(
    rows(BROKEN),
    '{"path":"c.jpg","error":"Cannot decode it: \\"odd\\", cut off"}\n',
  );
});

Deno.test("csvFormat() writes a row a face under its columns", async () => {
  const { header, rows } = csvFormat(CLASSES, false);
  const [names, ...cells] = await parsed(header + [TWO, NONE, BROKEN].map(rows).join(""));
  assertEquals(names, [
    ...["path", "faces", "face", "error", "width", "height", "label", "probability"],
    ...["p_sad", "p_happy", "box_x", "box_y", "box_width", "box_height", "score"],
    ...["issues", "sharpness", "brightness", "yaw", "roll"],
  ]);
  assertEquals(cells, [
    [
      ...["a.jpg", "2", "1", "", "640", "480", "happy", "0.8765", "0.1235", "0.8765"],
      ...["-1", "2.3", "100", "100", "0.9877", "", "0.5124", "0.5", "0", "12.3"],
    ],
    [
      ...["a.jpg", "2", "2", "", "640", "480", "", "", "", ""],
      ...["1", "2", "3", "3", "0.5", "small turned", "0", "1", "60", "0"],
    ],
    ["b.jpg", "0", "0", "", "8", "9", ...Array(14).fill("")],
    ["c.jpg", "", "", 'Cannot decode it: "odd", cut off', ...Array(16).fill("")],
  ]);
});

Deno.test("csvFormat() leaves out of crops what they do not have", async () => {
  const { header, rows } = csvFormat(CLASSES, true);
  const crop = { ...NONE, faces: [{ probabilities: FACE.probabilities }] };
  assertEquals(await parsed(header + rows(crop)), [
    [
      ...["path", "faces", "face", "error", "width", "height", "label", "probability"],
      "p_sad",
      "p_happy",
    ],
    ["b.jpg", "1", "1", "", "8", "9", "happy", "0.8765", "0.1235", "0.8765"],
  ]);
});

const text = fc.string({ unit: "binary", minLength: 1 });

Deno.test("csvFormat() writes any path and error so that CSV readers read them", async () => {
  const { rows } = csvFormat(CLASSES, false);
  await fc.assert(fc.asyncProperty(text, text, async (path, error) => {
    // The other reader takes a lone carriage return before a line feed for a line's end.
    fc.pre(!/\r\n|\ufeff/.test(path + error));
    const [[readPath, , , readError]] = await parsed(rows({ path, error }));
    assertEquals([readPath, readError], [path, error]);
  }));
});

Deno.test("Both formats read again which row is whose", () => {
  const formats = [jsonlFormat(CLASSES), csvFormat(CLASSES, false)];
  const picture = fc.oneof(
    fc.record({ path: text, error: text }),
    fc.record({
      path: text,
      width: fc.integer({ min: 1, max: 9 }),
      height: fc.integer({ min: 1, max: 9 }),
      faces: fc.array(fc.constantFrom(FACE, POOR), { maxLength: 3 }),
    }),
  );
  fc.assert(fc.property(picture, (result) => {
    for (const { rows, place, quotesLines } of formats) {
      const { path } = result;
      const written = rows(result).slice(0, -1);
      // A CSV row has line feeds of its own only in quotes; JSON has none.
      const each = quotesLines && "error" in result ? [written] : splitRows(written, quotesLines);
      const count = "error" in result ? null : result.faces.length;
      assertEquals(
        each.map(place),
        count ? Array.from({ length: count }, (_, i) => ({ path, faces: count, face: i + 1 })) : [
          { path, faces: count, face: 0 },
        ],
      );
    }
  }));
});

/** Rows, where a line feed between quotes ends none. */
function splitRows(text: string, quotesLines: boolean): string[] {
  if (!quotesLines) return text.split("\n");
  const rows: string[] = [];
  for (const line of text.split("\n")) {
    const last = rows.at(-1);
    if (last !== undefined && last.split('"').length % 2 === 0) rows.push(`${rows.pop()}\n${line}`);
    else rows.push(line);
  }
  return rows;
}

Deno.test("Neither format takes for its own what is none of its rows", () => {
  const jsonl = jsonlFormat(CLASSES);
  for (
    const row of ["", "{", "null", "[]", "{}", '{"path":"a","faces":2}', '{"path":1,"faces":0}']
  ) {
    assertEquals(jsonl.place(row), undefined, row);
  }
  const csv = csvFormat(CLASSES, true);
  for (
    const row of ["", "a,b", 'a"b,1,1,,,,,,,', "a,2,3,,8,9,happy,1,0,1", ",1,1,,8,9,sad,1,1,0"]
  ) {
    assertEquals(csv.place(row), undefined, row);
  }
});
