/**
 * One face where many anchors see the same.
 *
 * @module
 */
import type { Candidate } from "./anchors.ts";

type Edges = Candidate["edges"];

const area = ([left, top, right, bottom]: Edges): number =>
  Math.max(0, right - left) * Math.max(0, bottom - top);

const shared = (a: Edges, b: Edges): number =>
  area([
    Math.max(a[0], b[0]),
    Math.max(a[1], b[1]),
    Math.min(a[2], b[2]),
    Math.min(a[3], b[3]),
  ]);

/** Which part of a box has to lie in a larger one for both to be the same face. */
const INSIDE = 0.6;

/**
 * How much two rectangles are the same: what they share beside what they cover together.
 *
 * @param a Left, upper, right and lower edge.
 * @param b Likewise.
 * @returns From 0 to 1; 0 when neither has an area.
 */
export function intersectionOverUnion(a: Edges, b: Edges): number {
  const both = shared(a, b);
  const covered = area(a) + area(b) - both;
  return covered > 0 ? both / covered : 0;
}

/** The mean of several candidates, each weighing as much as its score. */
function blend(candidates: readonly Candidate[], score: number): Candidate {
  const total = candidates.reduce((sum, each) => sum + each.score, 0);
  const mean = (valueOf: (candidate: Candidate) => number): number =>
    candidates.reduce((sum, each) => sum + each.score * valueOf(each), 0) / total;
  return {
    score,
    edges: [0, 1, 2, 3].map((i) => mean(({ edges }) => edges[i])) as unknown as Edges,
    landmarks: candidates[0].landmarks.map((_, i) => ({
      x: mean(({ landmarks }) => landmarks[i].x),
      y: mean(({ landmarks }) => landmarks[i].y),
    })),
  };
}

/** Which part of a box lies in another. */
function partInside(inner: Edges, outer: Edges): number {
  const whole = area(inner);
  return whole > 0 ? shared(inner, outer) / whole : 0;
}

/**
 * Whether two boxes are of the same face: they overlap, or most of the one lies in the other.
 *
 * @param a Left, upper, right and lower edge.
 * @param b Likewise.
 * @param overlap From which intersection over union on they do.
 */
export function isSameFace(a: Edges, b: Edges, overlap: number): boolean {
  return intersectionOverUnion(a, b) > overlap || partInside(a, b) > INSIDE ||
    partInside(b, a) > INSIDE;
}

/**
 * Keeps of several that see the same face the surest, whichever is larger: an unsure box around a sure
 * face goes, and so does a part of a face that is taken for one.
 *
 * @param boxes What is seen.
 * @param overlap From which intersection over union on two see the same face.
 * @returns One a face, the surest first.
 */
export function keepSurest<T extends Pick<Candidate, "score" | "edges">>(
  boxes: readonly T[],
  overlap: number,
): T[] {
  const kept: T[] = [];
  for (const box of boxes.toSorted((a, b) => b.score - a.score)) {
    if (!kept.some(({ edges }) => isSameFace(edges, box.edges, overlap))) kept.push(box);
  }
  return kept;
}

/**
 * Weighted non-maximum suppression as in BlazeFace (Bazarevsky et al. 2019): what overlaps with the
 * surest candidate is not thrown away but averaged with it, which makes boxes of a video jitter
 * less. The score stays that of the surest. Of two that then lie in each other, the surer stays.
 *
 * @param candidates What anchors see.
 * @param overlap From which intersection over union on two see the same face.
 * @returns One candidate a face, the surest first.
 */
export function suppress(candidates: readonly Candidate[], overlap: number): Candidate[] {
  let left = candidates.toSorted((a, b) => b.score - a.score);
  const faces: Candidate[] = [];
  while (left.length > 0) {
    const [best] = left;
    const isSame = (each: Candidate): boolean =>
      each === best || intersectionOverUnion(each.edges, best.edges) > overlap;
    faces.push(blend(left.filter(isSame), best.score));
    left = left.filter((each) => !isSame(each));
  }
  return keepSurest(faces, overlap);
}
