/**
 * What a file of rows holds already.
 *
 * @module
 */
import { addPicture, noTotals, type Totals } from "./picture_result.ts";
import type { RowFormat, RowPlace } from "./row_format.ts";

/** What a file of rows holds already. */
export interface WrittenRows {
  /** Bytes up to the end of the last picture that is there with all its rows. */
  readonly bytes: number;
  /** What those pictures come to. */
  readonly totals: Totals;
}

const [LINE_FEED, QUOTE] = [10, 34];

/**
 * Reads rows that this task wrote, up to where it was broken off: in the middle of a row, or between
 * the rows of a picture.
 *
 * @param stream The file's bytes.
 * @param format How the rows are written.
 * @param name What to call the file in messages.
 * @param onPicture Called with the path of each picture that is there with all its rows.
 * @returns Up to where the file is good.
 * @throws {SyntaxError} When a whole line is none of these rows.
 */
export async function readWrittenRows(
  stream: AsyncIterable<Uint8Array>,
  format: RowFormat,
  name: string,
  onPicture: (path: string) => void,
): Promise<WrittenRows> {
  const totals = noTotals();
  let bytes = 0;
  let number = 0;
  let before: RowPlace | undefined;
  for await (const { row, end } of wholeRows(stream, format.quotesLines)) {
    number++;
    const fail = (problem: string): never => {
      throw new SyntaxError(`Cannot append to ${name}: ${problem}`);
    };
    if (number === 1 && format.header !== "") {
      if (`${row}\n` !== format.header) fail("its columns are others");
      bytes = end;
      continue;
    }
    const place = format.place(row);
    if (!place) return fail(`row ${number.toLocaleString("en-US")} is none of this task's`);
    const { path, faces, face } = place;
    const isNext = before ? path === before.path && faces === before.faces : face <= 1;
    if (!isNext || face !== (before ? before.face + 1 : face)) {
      fail(`row ${number.toLocaleString("en-US")} does not follow the one before it`);
    }
    before = place;
    if (face < (faces ?? 0)) continue;
    before = undefined;
    bytes = end;
    addPicture(totals, faces);
    onPicture(path);
  }
  return { bytes, totals };
}

/** The rows that end with a line feed, and at which byte each of them has ended. */
async function* wholeRows(
  stream: AsyncIterable<Uint8Array>,
  quotesLines: boolean,
): AsyncGenerator<{ row: string; end: number }, void, undefined> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let rest = new Uint8Array();
  let end = 0;
  for await (const chunk of stream) {
    const bytes = new Uint8Array(rest.length + chunk.length);
    bytes.set(rest);
    bytes.set(chunk, rest.length);
    let from = 0;
    let isQuoted = false;
    let counted = 0;
    for (let at = 0; (at = bytes.indexOf(LINE_FEED, at)) >= 0; at++) {
      if (quotesLines) {
        for (; counted < at; counted++) if (bytes[counted] === QUOTE) isQuoted = !isQuoted;
        if (isQuoted) continue;
      }
      const row = decoder.decode(bytes.subarray(from, at));
      end += at + 1 - from;
      yield { row, end };
      from = at + 1;
    }
    rest = bytes.subarray(from);
  }
}
