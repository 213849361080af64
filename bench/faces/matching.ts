/**
 * Which boxes are of which faces.
 *
 * @module
 */
import { intersectionOverUnion } from "../../src/recognizer/suppress.ts";
import type { KnownFace } from "./pictures.ts";

/** Left, upper edge, width, height, in pixels. */
export type FoundBox = KnownFace["box"];

/** How the boxes of a picture lie to its faces. */
export interface Matching {
  /** For each face whether a box is its own. */
  readonly isFound: readonly boolean[];
  /** Boxes that are of no face. */
  readonly falseBoxes: readonly FoundBox[];
}

/** From which overlap on a box is a face's. */
const OVERLAP = 0.3;
/** How much larger or smaller a box may be whose middle lies within the face. */
const FACTOR = 4;

const edgesOf = ([x, y, width, height]: FoundBox) => [x, y, x + width, y + height] as const;

const overlapOf = (a: FoundBox, b: FoundBox): number =>
  intersectionOverUnion(edgesOf(a), edgesOf(b));

/**
 * Whether a box is of a face: they overlap by a third, or the box's middle lies within the face and
 * its area is within a factor of four. Detectors cut faces off at different places.
 */
function isOf(box: FoundBox, face: FoundBox): boolean {
  if (overlapOf(box, face) >= OVERLAP) return true;
  const [x, y] = [box[0] + box[2] / 2 - face[0], box[1] + box[3] / 2 - face[1]];
  const ratio = box[2] * box[3] / (face[2] * face[3]);
  return x >= 0 && x <= face[2] && y >= 0 && y <= face[3] && ratio >= 1 / FACTOR &&
    ratio <= FACTOR;
}

/**
 * Gives each face one box at most and each box one face, those that overlap most first. A second box
 * of the same face is false; one of an invalid face is not.
 *
 * @param boxes What was found.
 * @param faces What is there.
 */
export function match(boxes: readonly FoundBox[], faces: readonly KnownFace[]): Matching {
  const pairs = boxes.flatMap((box, i) =>
    faces.flatMap(({ box: face }, j) =>
      isOf(box, face) ? [{ i, j, overlap: overlapOf(box, face) }] : []
    )
  ).sort((a, b) => b.overlap - a.overlap);
  const [taken, found] = [new Set<number>(), new Set<number>()];
  for (const { i, j } of pairs) {
    if (taken.has(i) || found.has(j)) continue;
    taken.add(i);
    found.add(j);
  }
  const isInvalid = (i: number): boolean =>
    pairs.some((pair) => pair.i === i && faces[pair.j].invalid);
  return {
    isFound: faces.map((_, j) => found.has(j)),
    falseBoxes: boxes.filter((_, i) => !taken.has(i) && !isInvalid(i)),
  };
}
