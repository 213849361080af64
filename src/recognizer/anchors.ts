/**
 * From the numbers that BlazeFace gives to boxes: its anchors, and what it says relative to them.
 *
 * As MediaPipe's `SsdAnchorsCalculator` and `TensorsToDetectionsCalculator` with the options of its
 * short-range face detection: all anchors have the same size, so only their centres are left.
 *
 * @module
 */
import type { Point } from "./face.ts";

/** Height and width of the picture that the network takes. */
export const INPUT_SIZE = 128;

/** Cells a row and anchors a cell of each of the network's two outputs. */
export const GRIDS = [{ cells: 16, anchors: 2 }, { cells: 8, anchors: 6 }] as const;

/** Numbers an anchor besides its score: box and landmarks. */
export const NUMBERS = 16;

/** Landmarks a face. */
export const LANDMARKS = 6;

/** Numbers that a picture gives. */
export const OUTPUTS = GRIDS.reduce(
  (sum, { cells, anchors }) => sum + cells * cells * anchors * (1 + NUMBERS),
  0,
);

/** A face that one anchor sees, in parts of the network's picture: 0 to 1. */
export interface Candidate {
  /** From 0 to 1. */
  readonly score: number;
  /** Left, upper, right and lower edge. */
  readonly edges: readonly [left: number, top: number, right: number, bottom: number];
  /** The six landmarks. */
  readonly landmarks: readonly Point[];
}

/**
 * Finds the anchors that see a face.
 *
 * @param values One picture's numbers: for each grid, row by row, cell by cell, first the scores of
 * its anchors (before the sigmoid), then for each of them the centre of a box, its width and height,
 * and six landmarks, all in pixels of the network's picture, places relative to the cell's middle.
 * @param minScore The smallest score, from 0 to 1.
 * @returns What they see, in the order of the anchors.
 */
export function decodeAnchors(values: Float32Array, minScore: number): Candidate[] {
  // Comparing logits spares the sigmoid of hundreds of anchors that see nothing.
  const least = Math.log(minScore / (1 - minScore));
  const found: Candidate[] = [];
  let at = 0;
  for (const { cells, anchors } of GRIDS) {
    for (let cell = 0; cell < cells * cells; cell++) {
      const x = (cell % cells + 0.5) / cells;
      const y = (Math.floor(cell / cells) + 0.5) / cells;
      for (let anchor = 0; anchor < anchors; anchor++) {
        const logit = values[at + anchor];
        if (!(logit >= least)) continue;
        const from = at + anchors + anchor * NUMBERS;
        const pointAt = (index: number): Point => ({
          x: x + values[index] / INPUT_SIZE,
          y: y + values[index + 1] / INPUT_SIZE,
        });
        const middle = pointAt(from);
        const width = values[from + 2] / INPUT_SIZE;
        const height = values[from + 3] / INPUT_SIZE;
        found.push({
          score: 1 / (1 + Math.exp(-logit)),
          edges: [
            middle.x - width / 2,
            middle.y - height / 2,
            middle.x + width / 2,
            middle.y + height / 2,
          ],
          landmarks: Array.from({ length: LANDMARKS }, (_, i) => pointAt(from + 4 + 2 * i)),
        });
      }
      at += anchors * (1 + NUMBERS);
    }
  }
  return found;
}
