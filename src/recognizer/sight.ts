/**
 * What is seen of a face by two networks, and how sure both together are of it.
 *
 * @module
 */
import type { Image } from "../transforms/transform.ts";
import type { Candidate } from "./anchors.ts";
import type { Box, DetectedFace, Point } from "./face.ts";
import type { SeenBox } from "./priors.ts";
import { intersectionOverUnion, isSameFace, keepSurest, suppress } from "./suppress.ts";

/** From which overlap on two boxes are of the same face; MediaPipe's. */
export const OVERLAP = 0.3;

/** From which score of RFB-320 on a place is looked at closer. */
export const WORTH_A_LOOK = 0.3;

/** A place counts only if it would be sure enough were BlazeFace as sure as this. */
export const HOPED_FOR = 0.85;

/** From which score on BlazeFace's answer says where landmarks are. */
export const FAINT = 0.02;

/** The side of a closer look, in sides of the box. */
const NEAR_SIDE = 3;

/** From which size on, in parts of the longer edge, BlazeFace finds faces in a look at all of it. */
const LARGE = 1 / 3;

/** By how much a face may be smaller than what is looked for: boxes are not that exact. */
export const TOLERANCE = 0.85;

/**
 * How the score comes of both networks': a logistic regression on what both saw at 1,090 places of 189
 * pictures of WIDER FACE's validation part, fitted on one half of them and tried on the other.
 */
export const MIXTURE = { coarse: 0.31, fine: 0.64, near: 1.12, bias: 0.32 } as const;

/**
 * What takes the place of RFB-320's part for a large face: where it sees one, however faintly, or the
 * face fills the picture, beyond what it can see; or neither.
 */
const ALONE = { likely: 0.9, unseen: 0.3 } as const;

/** From which size on, in parts of the longer edge, a face fills a picture. */
const FILLS = 0.6;

/** What RFB-320 is taken to have said of a place where it said nothing. */
export const UNSEEN = 0.1;

/** A face, as far as it is known before the closer look. */
export interface Place {
  readonly edges: SeenBox["edges"];
  /** What each look at the whole picture gave, the finest first. */
  readonly far: readonly number[];
}

/** Left, upper, right and lower edge, in pixels. */
export type Edges = SeenBox["edges"];

export const logit = (score: number): number => {
  const bounded = Math.min(Math.max(score, 0.01), 0.9999);
  return Math.log(bounded / (1 - bounded));
};

/** What both networks think together, from 0 to 1. */
export function scoreOf(far: readonly number[], near: number): number {
  const [fine, coarse = fine] = far;
  const sum = MIXTURE.fine * logit(fine) + MIXTURE.coarse * logit(coarse) +
    MIXTURE.near * logit(near) + MIXTURE.bias;
  return 1 / (1 + Math.exp(-sum));
}

/** What BlazeFace's answer about a large face is worth: 0.5 becomes 0.71 where one is likely. */
const scoreOfLarge = (near: number, isLikely: boolean): number =>
  1 / (1 + Math.exp(-MIXTURE.near * logit(near) - (isLikely ? ALONE.likely : ALONE.unseen)));

export const sideOf = ([left, top, right, bottom]: Edges): number =>
  Math.sqrt(Math.max(right - left, 0) * Math.max(bottom - top, 0));

/** Puts together what several looks see of the same face. */
export function placesOf(looks: readonly (readonly SeenBox[])[], smallest: number): Place[] {
  const kept = looks.map((seen) => keepSurest(seen, OVERLAP));
  const all = kept.flat().filter(({ edges }) => sideOf(edges) >= smallest);
  return keepSurest(all, OVERLAP).map(({ edges }) => ({
    edges,
    far: kept.map((seen) =>
      seen.reduce(
        (most, each) =>
          intersectionOverUnion(each.edges, edges) > OVERLAP ? Math.max(most, each.score) : most,
        UNSEEN,
      )
    ),
  }));
}

/** The square around a box, as far as it is in the picture. */
export function around([left, top, right, bottom]: Edges, { width, height }: Image): Box | null {
  const half = NEAR_SIDE * Math.max(right - left, bottom - top) / 2;
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const [fromX, fromY] = [Math.max(x - half, 0), Math.max(y - half, 0)];
  const [toX, toY] = [Math.min(x + half, width), Math.min(y + half, height)];
  if (toX - fromX < 1 || toY - fromY < 1) return null;
  return { x: fromX, y: fromY, width: toX - fromX, height: toY - fromY };
}

/**
 * Where BlazeFace puts its box and the landmarks, in sides of that box from its middle, beside a box
 * of RFB-320, from hairline to chin: the median of 655 faces that both are sure of.
 */
const TYPICAL = { down: 0.084, side: 0.956 } as const;
const TYPICAL_LANDMARKS: readonly Point[] = [
  { x: -0.21, y: -0.23 },
  { x: 0.21, y: -0.23 },
  { x: 0, y: 0.01 },
  { x: 0, y: 0.21 },
  { x: -0.44, y: -0.13 },
  { x: 0.44, y: -0.13 },
];

/** What BlazeFace would most likely say of a face that it does not see. */
function typicalFace(edges: Edges): Candidate {
  const [left, top, right, bottom] = edges;
  const side = TYPICAL.side * sideOf(edges);
  const x = (left + right) / 2;
  const y = (top + bottom) / 2 + TYPICAL.down * (bottom - top);
  return {
    score: 0,
    edges: [x - side / 2, y - side / 2, x + side / 2, y + side / 2],
    landmarks: TYPICAL_LANDMARKS.map((point) => ({ x: x + point.x * side, y: y + point.y * side })),
  };
}

/** A face, and what led to it. */
export interface Sight extends Candidate {
  /** Where RFB-320 saw it; null for a large face that it did not see. */
  readonly place: Place | null;
  /** How sure BlazeFace is. */
  readonly near: number;
  /** Around what BlazeFace looked, in a video; `place` or the face itself where left out. */
  readonly watched?: Edges;
}

/** The face that a closer look sees at a place. */
export function faceAt(place: Place, seen: readonly Candidate[]): Sight {
  const here = seen.filter(({ edges }) => intersectionOverUnion(edges, place.edges) > OVERLAP);
  const { score, edges, landmarks } = suppress(here, OVERLAP).at(0) ?? typicalFace(place.edges);
  return { score: scoreOf(place.far, score), edges, landmarks, place, near: score };
}

/**
 * Large faces in a look at the whole picture: RFB-320 is not sure of those that fill a picture, and
 * BlazeFace takes little of that size for a face.
 */
export function largeFaces(
  seen: readonly Candidate[],
  places: readonly Place[],
  longest: number,
): Sight[] {
  return suppress(seen, OVERLAP).filter(({ edges }) => sideOf(edges) >= LARGE * longest).map(
    ({ score: near, edges, landmarks }) => {
      const isLikely = sideOf(edges) >= FILLS * longest ||
        places.some((place) => isSameFace(place.edges, edges, OVERLAP));
      return { score: scoreOfLarge(near, isLikely), edges, landmarks, place: null, near };
    },
  );
}

/**
 * A sight as a face.
 *
 * @param sight What was seen.
 * @returns The face.
 */
export function faceOf(
  { score, edges: [left, top, right, bottom], landmarks }: Candidate,
): DetectedFace {
  return { box: { x: left, y: top, width: right - left, height: bottom - top }, score, landmarks };
}

/** How much a face matters: how sure it is, and how large. */
export const weightOf = ({ score, edges }: Candidate): number => score * sideOf(edges);
