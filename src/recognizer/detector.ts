/**
 * Finds faces in pictures.
 *
 * RFB-320 sees in one look, or two, where faces of all sizes are; BlazeFace looks at each of these
 * places closer, says how sure it is, and where eyes, nose, mouth and ears are. What both think
 * together is the score.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { inOneSubmit } from "../kernels/one_submit.ts";
import type { Image } from "../transforms/transform.ts";
import { type Candidate, INPUT_SIZE } from "./anchors.ts";
import type { BlazeFace } from "./blaze_face.ts";
import { checkNumbers } from "./check_numbers.ts";
import type { Box, DetectedFace, Point } from "./face.ts";
import { lookFar, readFar, show, type Shown, shownPart } from "./far_look.ts";
import { type LookOptions, looksAt, smallestFace } from "./looks.ts";
import { lookNear, type NearLook } from "./near_look.ts";
import type { SeenBox } from "./priors.ts";
import { intersectionOverUnion, isSameFace, keepSurest, suppress } from "./suppress.ts";
import type { UltraLight } from "./ultra_light.ts";
import { turned, turnedBack } from "./upside_down.ts";

/** The two networks. */
export interface Detectors {
  /** Finds faces of all sizes. */
  readonly far: UltraLight;
  /** Looks closer. */
  readonly near: BlazeFace;
}

/** How {@linkcode detectFaces} looks. */
export interface DetectorOptions extends LookOptions {
  /** The smallest score. */
  readonly minScore: number;
  /** The most faces a picture. */
  readonly maxFaces: number;
}

/** From which overlap on two boxes are of the same face; MediaPipe's. */
const OVERLAP = 0.3;

/** From which score of RFB-320 on a place is looked at closer. */
const WORTH_A_LOOK = 0.3;

/** A place counts only if it would be sure enough were BlazeFace as sure as this. */
const HOPED_FOR = 0.85;

/** From which score on BlazeFace's answer says where landmarks are. */
const FAINT = 0.02;

/** The side of a closer look, in sides of the box. */
const NEAR_SIDE = 3;

/** From which size on, in parts of the longer edge, BlazeFace finds faces in a look at all of it. */
const LARGE = 1 / 3;

/** By how much a face may be smaller than what is looked for: boxes are not that exact. */
const TOLERANCE = 0.85;

/**
 * How the score comes of both networks': a logistic regression on what both saw at 1,090 places of 189
 * pictures of WIDER FACE's validation part, fitted on one half of them and tried on the other.
 */
const MIXTURE = { coarse: 0.31, fine: 0.64, near: 1.12, bias: 0.32 } as const;

/**
 * What takes the place of RFB-320's part for a large face: where it sees one, however faintly, or the
 * face fills the picture, beyond what it can see; or neither.
 */
const ALONE = { likely: 0.9, unseen: 0.3 } as const;

/** From which size on, in parts of the longer edge, a face fills a picture. */
const FILLS = 0.6;

/** What RFB-320 is taken to have said of a place where it said nothing. */
const UNSEEN = 0.1;

/** A face, as far as it is known before the closer look. */
interface Place {
  readonly edges: SeenBox["edges"];
  /** What each look at the whole picture gave, the finest first. */
  readonly far: readonly number[];
}

/** Left, upper, right and lower edge, in pixels. */
export type Edges = SeenBox["edges"];

const logit = (score: number): number => {
  const bounded = Math.min(Math.max(score, 0.01), 0.9999);
  return Math.log(bounded / (1 - bounded));
};

/** What both networks think together, from 0 to 1. */
function scoreOf(far: readonly number[], near: number): number {
  const [fine, coarse = fine] = far;
  const sum = MIXTURE.fine * logit(fine) + MIXTURE.coarse * logit(coarse) +
    MIXTURE.near * logit(near) + MIXTURE.bias;
  return 1 / (1 + Math.exp(-sum));
}

/** What BlazeFace's answer about a large face is worth: 0.5 becomes 0.71 where one is likely. */
const scoreOfLarge = (near: number, isLikely: boolean): number =>
  1 / (1 + Math.exp(-MIXTURE.near * logit(near) - (isLikely ? ALONE.likely : ALONE.unseen)));

const sideOf = ([left, top, right, bottom]: Edges): number =>
  Math.sqrt(Math.max(right - left, 0) * Math.max(bottom - top, 0));

/** Puts together what several looks see of the same face. */
function placesOf(looks: readonly (readonly SeenBox[])[], smallest: number): Place[] {
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
function around([left, top, right, bottom]: Edges, { width, height }: Image): Box | null {
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
function faceAt(place: Place, seen: readonly Candidate[]): Sight {
  const here = seen.filter(({ edges }) => intersectionOverUnion(edges, place.edges) > OVERLAP);
  const { score, edges, landmarks } = suppress(here, OVERLAP).at(0) ?? typicalFace(place.edges);
  return { score: scoreOf(place.far, score), edges, landmarks, place, near: score };
}

/**
 * Large faces in a look at the whole picture: RFB-320 is not sure of those that fill a picture, and
 * BlazeFace takes little of that size for a face.
 */
function largeFaces(
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

/** How much a face matters: how sure it is, and how large. */
const weightOf = ({ score, edges }: Candidate): number => score * sideOf(edges);

/** A part of a picture as one of a smaller picture of it, and inside of that. */
function shrunk({ x, y, width, height }: Box, scale: number, small: Image): Box {
  const [left, top] = [x / scale, y / scale];
  return {
    x: left,
    y: top,
    width: Math.min(width / scale, small.width - left),
    height: Math.min(height / scale, small.height - top),
  };
}

/** A picture, what RFB-320 saw in it, and what is still to be looked at. */
interface Scene {
  readonly image: Image;
  /** Where RFB-320 saw anything. */
  readonly hints: readonly Place[];
  /** Where it saw what may be a face. */
  readonly places: readonly Place[];
  readonly looks: readonly NearLook[];
}

/** Has RFB-320 look at what is shown. */
async function readLooks(network: UltraLight, shown: readonly Shown[]): Promise<Float32Array> {
  const output = tf.tidy(() =>
    inOneSubmit(() => tf.concat(lookFar(network, shown)) as tf.Tensor1D)
  );
  try {
    const values = await output.data<"float32">();
    checkNumbers(values);
    return values;
  } finally {
    output.dispose();
  }
}

/** Has RFB-320 look at a picture. */
async function lookAround(
  network: UltraLight,
  image: Image,
  { minSize, maxLooks, maxFaces, minScore }: DetectorOptions,
): Promise<Scene> {
  const [edge, ...coarser] = looksAt(image.width, image.height, { minSize, maxLooks });
  const fine = show(image, edge);
  // A large picture is read once; what is coarser comes from what is fine.
  const small = shownPart(fine);
  const shown = [fine, ...coarser.map((each) => show(small, each))];
  const values = await readLooks(network, shown);
  const longest = Math.max(image.width, image.height);
  const smallest = TOLERANCE * smallestFace(longest, minSize);
  const hints = placesOf(readFar(values, shown, image, WORTH_A_LOOK), smallest);
  const places = hints
    .filter(({ far }) => scoreOf(far, HOPED_FOR) >= minScore)
    .slice(0, 2 * maxFaces)
    .flatMap((place) => {
      const part = around(place.edges, image);
      return part ? [{ place, part }] : [];
    });
  const whole = { x: 0, y: 0, width: small.width, height: small.height };
  const scale = longest / Math.max(small.width, small.height);
  // What is large enough in the small picture is taken from there: fewer pixels to read.
  const lookAt = (part: Box): NearLook =>
    Math.max(part.width, part.height) >= scale * INPUT_SIZE
      ? { image: small, part: shrunk(part, scale, small), scale }
      : { image, part, scale: 1 };
  return {
    image,
    hints,
    places: places.map(({ place }) => place),
    looks: [{ image: small, part: whole, scale }, ...places.map(({ part }) => lookAt(part))],
  };
}

/** How many of a picture's faces are looked at upside down, and how sure BlazeFace is of no need. */
const [TURNED, UPRIGHT] = [3, 0.9];

/** By how much surer BlazeFace has to be of a face upside down: a factor of the odds of 2.7. */
const SURER = 1;

/** The foremost faces of a picture that may stand on their heads. */
const doubtful = (sights: readonly Sight[]): Sight[] =>
  sights.slice(0, TURNED).filter(({ near }) => near < UPRIGHT);

/**
 * Both networks take faces that stand on their heads for upright ones at times, with eyes where the
 * mouth is. So the foremost faces of which BlazeFace is not quite sure are looked at upside down too.
 *
 * @returns The faces, those that stand on their heads with landmarks that say so; and whether the
 * foremost does.
 */
function setRight(
  sights: readonly Sight[],
  seen: ReadonlyMap<Sight, readonly Candidate[]>,
): { sights: Sight[]; isTurned: boolean } {
  const right = sights.map((sight) => {
    const place = sight.place ?? { edges: sight.edges, far: [UNSEEN] };
    const other = faceAt(place, seen.get(sight) ?? []);
    return logit(other.near) > logit(sight.near) + SURER ? other : sight;
  });
  return { sights: right, isTurned: right.length > 0 && right[0] !== sights[0] };
}

/** Finds the faces of pictures that are taken for upright. */
async function detectUpright(
  detectors: Detectors,
  images: readonly Image[],
  options: DetectorOptions,
): Promise<Sight[][]> {
  const scenes: Scene[] = [];
  for (const image of images) scenes.push(await lookAround(detectors.far, image, options));
  const near = await lookNear(detectors.near, scenes.flatMap(({ looks }) => looks), FAINT);
  let next = 0;
  return scenes.map(({ image: { width, height }, hints, places, looks }) => {
    const [whole, ...seen] = near.slice(next, next += looks.length);
    const large = largeFaces(whole, hints, Math.max(width, height));
    const faces = [...places.map((place, i) => faceAt(place, seen[i])), ...large];
    return keepSurest(faces.filter(({ score }) => score >= options.minScore), OVERLAP)
      .sort((a, b) => weightOf(b) - weightOf(a))
      .slice(0, options.maxFaces);
  });
}

/** What is seen in a picture. */
export interface Seen {
  /** Its faces, in the order of score and side together. */
  readonly faces: readonly DetectedFace[];
  /** What led to them; null where the picture stands on its head. */
  readonly sights: readonly Sight[] | null;
}

/**
 * Finds the faces of pictures, with the closer looks of all of them in as few passes as possible. A
 * picture that stands on its head is looked at once more, turned.
 *
 * @param detectors The networks.
 * @param images The pictures.
 * @param options What to look for.
 * @returns The faces of each picture, in the order of score and side together.
 */
export async function detectFaces(
  detectors: Detectors,
  images: readonly Image[],
  options: DetectorOptions,
): Promise<DetectedFace[][]> {
  return (await seeFaces(detectors, images, options)).map(({ faces }) => [...faces]);
}

/**
 * As {@linkcode detectFaces}, with what led to the faces.
 *
 * @param detectors The networks.
 * @param images The pictures.
 * @param options What to look for.
 * @returns What is seen in each picture.
 */
export async function seeFaces(
  detectors: Detectors,
  images: readonly Image[],
  options: DetectorOptions,
): Promise<Seen[]> {
  const found = await detectUpright(detectors, images, options);
  const looks = found.flatMap((sights, i) =>
    doubtful(sights).flatMap((sight) => {
      const part = around(sight.place?.edges ?? sight.edges, images[i]);
      return part ? [{ sight, image: images[i], part, scale: 1, isTurned: true }] : [];
    })
  );
  const near = await lookNear(detectors.near, looks, FAINT);
  const seen = new Map(looks.map(({ sight }, i) => [sight, near[i]]));
  const set = found.map((sights) => setRight(sights, seen));
  const upsideDown = images.filter((_, i) => set[i].isTurned);
  const again = await detectUpright(detectors, upsideDown.map(turned), options);
  return images.map((image, i) => {
    const { sights } = set[i];
    const turnedFaces = again[upsideDown.indexOf(image)] ?? [];
    // One face on its head in a picture of upright ones leaves the others where they are.
    const isBetter = turnedFaces.length > 0 && turnedFaces.length >= sights.length;
    return isBetter
      ? { faces: turnedFaces.map((face) => turnedBack(faceOf(face), image)), sights: null }
      : { faces: sights.map(faceOf), sights };
  });
}
