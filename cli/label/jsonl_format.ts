/**
 * Rows as JSON Lines.
 *
 * @module
 */
import type { LabelledFace } from "./picture_result.ts";
import { DECIMALS, placeOf, rounded, type RowFormat } from "./row_format.ts";

/**
 * A JSON object a line. A face's row has `path`, `width`, `height`, `faces` (how many the picture
 * has), `face` (which it is, from 1), `label`, `probability`, `probabilities` and, where it was
 * found in a picture, `box`, `score` and `quality`; a picture without a face has `faces` of 0; one
 * that could not be labelled has `path` and `error`. A moment of a video has its `time` in seconds,
 * and its faces an `id` each.
 *
 * @param classes The classes, in the order in which probabilities are written.
 */
export function jsonlFormat(classes: readonly string[]): RowFormat {
  return {
    name: "jsonl",
    header: "",
    quotesLines: false,
    rows(result) {
      const { path } = result;
      if ("error" in result) return `${JSON.stringify({ path, error: result.error })}\n`;
      const { time, width, height, faces } = result;
      const picture = { path, time, width, height, faces: faces.length };
      if (faces.length === 0) return `${JSON.stringify(picture)}\n`;
      return faces.map((face, i) =>
        `${JSON.stringify({ ...picture, face: i + 1, ...faceObject(face, classes) })}\n`
      ).join("");
    },
    place(row) {
      let value: unknown;
      try {
        value = JSON.parse(row);
      } catch {
        return undefined;
      }
      if (typeof value !== "object" || value === null) return undefined;
      const { path, faces, face, error } = value as Record<string, unknown>;
      if (typeof error === "string" && typeof path === "string") {
        return { path, faces: null, face: 0 };
      }
      return placeOf(path, faces, faces === 0 ? 0 : face);
    },
  };
}

function faceObject(
  { id, box, score, quality, probabilities }: LabelledFace,
  classes: readonly string[],
): Record<string, unknown> {
  const share = (value: number): number => rounded(value, DECIMALS.share);
  const pixels = (value: number): number => rounded(value, DECIMALS.pixels);
  const degrees = (value: number): number => rounded(value, DECIMALS.degrees);
  const byLabel = new Map(probabilities?.map(({ label, probability }) => [label, probability]));
  return {
    id,
    label: probabilities?.[0].label ?? null,
    probability: probabilities ? share(probabilities[0].probability) : null,
    probabilities: probabilities &&
      Object.fromEntries(classes.map((label) => [label, share(byLabel.get(label) ?? 0)])),
    box: box && {
      x: pixels(box.x),
      y: pixels(box.y),
      width: pixels(box.width),
      height: pixels(box.height),
    },
    score: score === undefined ? undefined : share(score),
    quality: quality && {
      size: pixels(quality.size),
      sharpness: share(quality.sharpness),
      brightness: share(quality.brightness),
      yaw: degrees(quality.yaw),
      roll: degrees(quality.roll),
      issues: quality.issues,
    },
  };
}
