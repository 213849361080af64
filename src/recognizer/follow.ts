/**
 * Faces in frame after frame: where they were in the one before, and glances for new ones.
 *
 * @module
 */
import type { Image } from "../transforms/transform.ts";
import type { Candidate } from "./anchors.ts";
import type { BlazeFace } from "./blaze_face.ts";
import type { DetectorOptions } from "./detector.ts";
import { readFar, show } from "./far_look.ts";
import { readLooks } from "./look_whole.ts";
import { smallestFace } from "./looks.ts";
import { lookNear, type NearLook } from "./near_look.ts";
import {
  around,
  type Edges,
  FAINT,
  HOPED_FOR,
  logit,
  MIXTURE,
  OVERLAP,
  placesOf,
  scoreOf,
  sideOf,
  type Sight,
  TOLERANCE,
  weightOf,
  WORTH_A_LOOK,
} from "./sight.ts";
import { isSameFace, keepSurest, suppress } from "./suppress.ts";
import type { UltraLight } from "./ultra_light.ts";

/** How sure BlazeFace must be of a face to follow it alone. */
const FOLLOWED = 0.5;

/** What a closer look sees near a place: how far off its middle is, in sides of the place, at most. */
const NEARBY = 1;

/** How far a candidate is from a place, in sides of the place; infinitely where its size is another. */
function distance(edges: Edges, from: Edges): number {
  const [side, before] = [sideOf(edges), sideOf(from)];
  if (side > 2 * before || before > 2 * side) return Infinity;
  const x = (edges[0] + edges[2] - from[0] - from[2]) / 2;
  const y = (edges[1] + edges[3] - from[1] - from[3]) / 2;
  return Math.hypot(x, y) / before;
}

/** Within which distance and sizes of what is watched a face is still in the middle of it. */
const MIDDLE = { distance: 0.25, smaller: 0.8, larger: 1.25 } as const;

const watchedOf = ({ watched, place, edges }: Sight): Edges => watched ?? place?.edges ?? edges;

/** What to watch of a face: the same as before while it stays about there, or its box would tremble. */
function watchedNext(edges: Edges, watched: Edges): Edges {
  const ratio = sideOf(edges) / sideOf(watched);
  const isInMiddle = distance(edges, watched) < MIDDLE.distance && ratio > MIDDLE.smaller &&
    ratio < MIDDLE.larger;
  return isInMiddle ? watched : edges;
}

/** A face where it is now. */
function movedTo(sight: Sight, seen: readonly Candidate[]): Sight | null {
  const [nearest] = suppress(seen, OVERLAP)
    .filter(({ score, edges }) => score >= FOLLOWED && distance(edges, sight.edges) < NEARBY)
    .toSorted((a, b) => distance(a.edges, sight.edges) - distance(b.edges, sight.edges));
  if (!nearest) return null;
  const { score: near, edges, landmarks } = nearest;
  // The score is linear in BlazeFace's part; RFB-320's stays what it was.
  const odds = logit(sight.score) + MIXTURE.near * (logit(near) - logit(sight.near));
  const watched = watchedNext(edges, watchedOf(sight));
  return { score: 1 / (1 + Math.exp(-odds)), edges, landmarks, place: sight.place, near, watched };
}

/**
 * Looks for faces only where they were in the frame before.
 *
 * @param network BlazeFace.
 * @param image The frame.
 * @param sights The faces of the frame before.
 * @param options What to look for.
 * @returns The same faces where they are now; null where one of them is not to be seen any more, or
 * cannot be told from another.
 */
export async function followFaces(
  network: BlazeFace,
  image: Image,
  sights: readonly Sight[],
  { minScore }: DetectorOptions,
): Promise<Sight[] | null> {
  const looks = sights.flatMap((sight): NearLook[] => {
    const part = sight.near >= FOLLOWED ? around(watchedOf(sight), image) : null;
    return part ? [{ image, part, scale: 1 }] : [];
  });
  if (looks.length < sights.length) return null;
  const seen = await lookNear(network, looks, FAINT);
  const moved = sights.map((sight, i) => movedTo(sight, seen[i]))
    .filter((sight) => sight !== null)
    .filter(({ score }) => score >= minScore);
  const apart = keepSurest(moved, OVERLAP);
  if (apart.length < sights.length) return null;
  return apart.sort((a, b) => weightOf(b) - weightOf(a));
}

/** The longer edge of a glance: enough for faces of a sixteenth of it. */
const GLANCE = 224;

/**
 * Glances at a frame for faces that are new, at a quarter of what a look takes.
 *
 * @param network RFB-320.
 * @param image The frame.
 * @param known The edges of what is known.
 * @param options What to look for.
 * @returns The edges of all else that may be a face.
 */
export async function glance(
  network: UltraLight,
  image: Image,
  known: readonly Edges[],
  { minScore, minSize }: DetectorOptions,
): Promise<Edges[]> {
  const shown = [show(image, GLANCE)];
  const values = await readLooks(network, shown);
  const smallest = TOLERANCE * smallestFace(Math.max(image.width, image.height), minSize);
  return placesOf(readFar(values, shown, image, WORTH_A_LOOK), smallest)
    .filter(({ far }) => scoreOf(far, HOPED_FOR) >= minScore)
    .map(({ edges }) => edges)
    .filter((edges) => isNew(edges, known));
}

/**
 * Whether something is none of what is known.
 *
 * @param edges Its edges.
 * @param known Those of what is known.
 */
export const isNew = (edges: Edges, known: readonly Edges[]): boolean =>
  !known.some((each) => isSameFace(each, edges, OVERLAP));
