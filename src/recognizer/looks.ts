/**
 * How large a picture is shown to the network that finds faces of all sizes.
 *
 * @module
 */

/**
 * The side of the smallest face, in pixels of what the network is shown, that it finds in about four
 * of five: of WIDER FACE's faces of 14 to 29 pixels 0.78.
 */
const SMALLEST_SHOWN = 14.4;

/** The smallest face that is worth finding, in pixels of the picture: nobody can read a smaller one. */
const SMALLEST_WORTH = 16;

/** The side of a look: `maxLooks` of this size bound what a picture costs. */
const LOOK = 480;

/** The longer edge of the second, coarse look, where the first is fine: it sees large faces whole. */
const COARSE = 224;

/** From which edge on a look is too fine to see the largest faces well. */
const FINE = 320;

/** What to look for. */
export interface LookOptions {
  /** The smallest face: pixels from 1 on, or below 1 a share of the picture's longer edge. */
  readonly minSize: number;
  /** How many looks of 480x480 pixels a picture may cost. */
  readonly maxLooks: number;
}

/**
 * The smallest face to look for in a picture.
 *
 * @param longest The picture's longer edge.
 * @param minSize Pixels from 1 on, or a share of that edge.
 * @returns Pixels.
 */
export function smallestFace(longest: number, minSize: number): number {
  return minSize < 1 ? minSize * longest : minSize;
}

/**
 * The sizes in which a picture is shown.
 *
 * @param width The picture's width.
 * @param height Its height.
 * @param options The smallest face, and the most that it may cost.
 * @returns Lengths of its longer edge, the finest first.
 */
export function looksAt(
  width: number,
  height: number,
  { minSize, maxLooks }: LookOptions,
): number[] {
  const longest = Math.max(width, height);
  const smallest = Math.max(smallestFace(longest, minSize), SMALLEST_WORTH);
  const wanted = Math.max(longest * SMALLEST_SHOWN / smallest, COARSE);
  const most = LOOK * Math.sqrt(maxLooks * longest / Math.min(width, height));
  const fine = Math.round(Math.min(wanted, most));
  return fine > FINE ? [fine, COARSE] : [fine];
}
