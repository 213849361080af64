/**
 * Finds faces in pictures.
 *
 * RFB-320 sees in one look, or two, where faces of all sizes are; BlazeFace looks at each of these
 * places closer, says how sure it is, and where eyes, nose, mouth and ears are. What both think
 * together is the score.
 *
 * @module
 */
import type { Image } from "../transforms/transform.ts";
import { type Candidate, INPUT_SIZE } from "./anchors.ts";
import type { BlazeFace } from "./blaze_face.ts";
import type { Box, DetectedFace } from "./face.ts";
import { readFar, show, shownPart } from "./far_look.ts";
import { readLooks } from "./look_whole.ts";
import { type LookOptions, looksAt, smallestFace } from "./looks.ts";
import { lookNear, type NearLook } from "./near_look.ts";
import {
  around,
  faceAt,
  faceOf,
  FAINT,
  HOPED_FOR,
  largeFaces,
  logit,
  OVERLAP,
  type Place,
  placesOf,
  scoreOf,
  type Sight,
  TOLERANCE,
  UNSEEN,
  weightOf,
  WORTH_A_LOOK,
} from "./sight.ts";
import { keepSurest } from "./suppress.ts";
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
