/**
 * Which squares of a picture the detector looks at to find faces from a certain size on.
 *
 * @module
 */
import type { Box } from "./face.ts";

/**
 * The part of a look's side from which on the detector finds nearly every face. `deno run -A
 * bench/recognizer_looks.ts`: in photographs whose faces are 0.12 to 0.2 of the longer edge, one look
 * finds 17 of 23, and looks at parts in which they are at least 0.18 find all.
 */
export const SMALLEST_PART = 0.18;

/**
 * The part of a look's side by which neighbours overlap: a face up to this size is whole in one of
 * them, and a larger one is found by the looks at larger squares, which are at most twice as large.
 */
const OVERLAP = 0.4;

/** Where squares of a side begin along an edge, evenly from its one end to the other. */
function starts(edge: number, side: number): number[] {
  if (edge <= side) return [0];
  const steps = Math.ceil((edge - side) / (side * (1 - OVERLAP)));
  return Array.from({ length: steps + 1 }, (_, i) => (edge - side) * i / steps);
}

/**
 * Cuts a picture into parts to look at: the whole of it, and where that shows small faces too small,
 * overlapping squares, in one or more sizes.
 *
 * @param width The picture's width.
 * @param height Its height.
 * @param minSize The smallest face to find, in pixels.
 * @returns The parts; the whole picture is the first.
 */
export function looksAt(width: number, height: number, minSize: number): Box[] {
  const longest = Math.max(width, height);
  const smallest = Math.max(minSize / SMALLEST_PART, 1);
  const looks: Box[] = [{ x: 0, y: 0, width, height }];
  const levels = Math.ceil(Math.log2(longest / smallest) - 1e-9);
  for (let level = 1; level <= levels; level++) {
    const side = longest * (smallest / longest) ** (level / levels);
    for (const y of starts(height, side)) {
      for (const x of starts(width, side)) {
        looks.push({ x, y, width: Math.min(side, width), height: Math.min(side, height) });
      }
    }
  }
  return looks;
}
