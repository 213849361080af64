/**
 * From the numbers that RFB-320 gives to boxes: its priors, and what it says relative to them.
 *
 * As `vision/utils/box_utils.py` of Ultra-Light-Fast-Generic-Face-Detector-1MB has it, but for the
 * coarse grids where a picture's edge is no multiple of their step: there it draws them together, by
 * as much as 1 in 16 at 320x240, and here they stay where the network looks.
 *
 * @module
 */

/** What a grid's cells are apart, in pixels of the network's picture, and its boxes' sides. */
const GRIDS = [
  { step: 8, sides: [10, 16, 24] },
  { step: 16, sides: [32, 48] },
  { step: 32, sides: [64, 96] },
  { step: 64, sides: [128, 192, 256] },
] as const;

/** Of which height and width pictures are: the three blocks of stride 2 divide them evenly. */
export const MULTIPLE = 32;

/** Numbers of a cell's scores, two an anchor: no face, a face; filled up to fours. */
const scoresOf = (anchors: number): number => Math.ceil(anchors / 2) * 4;

/** How far middles go and how much sides grow for a number of 1, as it was trained. */
const [MIDDLE, SIDE] = [0.1, 0.2];

/** A face that an anchor sees, in pixels of the network's picture. */
export interface SeenBox {
  /** From 0 to 1. */
  readonly score: number;
  /** Left, upper, right and lower edge. */
  readonly edges: readonly [left: number, top: number, right: number, bottom: number];
}

/** Cells of each grid along both edges. */
const cellsOf = (step: number, width: number, height: number): [number, number] => [
  Math.ceil(width / step),
  Math.ceil(height / step),
];

/**
 * How many numbers a picture gives.
 *
 * @param width The picture's width, a multiple of `MULTIPLE`.
 * @param height Its height, likewise.
 */
export function priorNumbers(width: number, height: number): number {
  return GRIDS.reduce((sum, { step, sides }) => {
    const [columns, rows] = cellsOf(step, width, height);
    return sum + columns * rows * (scoresOf(sides.length) + 4 * sides.length);
  }, 0);
}

/**
 * Finds the anchors that see a face.
 *
 * @param values One picture's numbers: for each grid, row by row, cell by cell, the two scores of each
 * of its anchors (before the softmax; zeros fill them up to fours), then of all cells the boxes.
 * @param width The picture's width, a multiple of `MULTIPLE`.
 * @param height Its height, likewise.
 * @param minScore The smallest score, from 0 to 1.
 * @returns What they see, in the order of the anchors.
 */
export function decodePriors(
  values: Float32Array,
  width: number,
  height: number,
  minScore: number,
): SeenBox[] {
  // Comparing logits spares the exponentials of thousands of anchors that see nothing.
  const least = Math.log(minScore / (1 - minScore));
  const found: SeenBox[] = [];
  let scores = 0;
  for (const { step, sides } of GRIDS) {
    const [columns, rows] = cellsOf(step, width, height);
    const each = scoresOf(sides.length);
    const boxes = scores + columns * rows * each;
    for (let cell = 0; cell < columns * rows; cell++) {
      for (const [anchor, side] of sides.entries()) {
        const from = scores + cell * each + 2 * anchor;
        const logit = values[from + 1] - values[from];
        if (!(logit >= least)) continue;
        const at = boxes + 4 * (cell * sides.length + anchor);
        const x = (cell % columns + 0.5) * step + values[at] * MIDDLE * side;
        const y = (Math.floor(cell / columns) + 0.5) * step + values[at + 1] * MIDDLE * side;
        const w = side * Math.exp(values[at + 2] * SIDE) / 2;
        const h = side * Math.exp(values[at + 3] * SIDE) / 2;
        found.push({ score: 1 / (1 + Math.exp(-logit)), edges: [x - w, y - h, x + w, y + h] });
      }
    }
    scores = boxes + 4 * columns * rows * sides.length;
  }
  return found;
}
