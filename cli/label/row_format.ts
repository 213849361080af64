/**
 * What formats of rows have in common.
 *
 * @module
 */
import type { PictureResult } from "./picture_result.ts";

/** Which row of which picture a row is. */
export interface RowPlace {
  /** The picture's path. */
  readonly path: string;
  /** How many faces the picture has, and so rows, if any; null where it could not be labelled. */
  readonly faces: number | null;
  /** Which of them the row is about, from 1; 0 when there is none. */
  readonly face: number;
}

/** A way to write rows, one a face, and to read again which row is whose. */
export interface RowFormat {
  /** Its name on the command line. */
  readonly name: "jsonl" | "csv";
  /** The first line, with its end; empty where there is none. */
  readonly header: string;
  /** Whether a line feed between two quotes belongs to a value. */
  readonly quotesLines: boolean;
  /**
   * A picture's rows.
   *
   * @param result The picture.
   * @returns One row a face, or one that says that there is none, each with its line end.
   */
  rows(result: PictureResult): string;
  /**
   * Reads which row a row is.
   *
   * @param row The row, without its line end.
   * @returns Its place; undefined when it is none of these rows.
   */
  place(row: string): RowPlace | undefined;
}

/** Decimals that are kept: a tenth of a pixel or degree, a ten-thousandth of what is from 0 to 1. */
export const DECIMALS = { pixels: 1, degrees: 1, share: 4 } as const;

/**
 * A number in few digits.
 *
 * @param value The number.
 * @param decimals Digits after the point.
 * @returns The nearest number with so many digits; never -0.
 */
export function rounded(value: number, decimals: number): number {
  return Number(value.toFixed(decimals)) + 0;
}

/**
 * The place that a row states, checked.
 *
 * @param path The picture's path.
 * @param faces How many faces it has.
 * @param face Which it is.
 */
export function placeOf(path: unknown, faces: unknown, face: unknown): RowPlace | undefined {
  const isPlace = typeof path === "string" && path !== "" &&
    Number.isSafeInteger(faces) && Number.isSafeInteger(face) &&
    (faces === 0 ? face === 0 : (face as number) >= 1 && (face as number) <= (faces as number));
  return isPlace ? { path, faces: faces as number, face: face as number } : undefined;
}
