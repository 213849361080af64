/**
 * Whether a face can be seen well enough to say what it expresses.
 *
 * @module
 */
import type { Image } from "../transforms/transform.ts";
import { rollOf } from "./alignment.ts";
import type { DetectedFace, FaceCrop, FaceQuality, QualityIssue } from "./face.ts";

/**
 * Beyond what a face is too poor: where the network has lost about a quarter of its accuracy on
 * FER-2013's PublicTest. `deno run -A bench/recognizer_quality.ts` makes the faces small, blurred,
 * dark, bright and cut, and sorts them by yaw. Of the first 700, the packaged network was right about
 * 63.6 % as they are (71.3 % of those that look ahead, within 10 degrees), and about:
 *
 * - `size`: 50.1 % at a box of 24 pixels, 39.3 % at 20;
 * - `sharpness`: 50.3 % at a median of 0.31, 40.7 % at 0.24;
 * - `brightness`: 54.6 % at a median of 0.10, 45.0 % at 0.08; 56.9 % at 0.72, 43.3 % at 0.81 where
 *   what is bright is cut off at white;
 * - `yaw`: see below;
 * - cut off: 52.7 % with a quarter of the crop below the picture's edge, 44.6 % with three tenths;
 *   51.6 % with a half beside it, 44.6 % with a half above it.
 *
 * A turned head cannot be made up. Of 2,205 faces, 1,937 of PublicTest and 268 of photographs, the
 * network was right about 39 % of the 28 beyond 50 degrees, and about 59 % of the 41 between 40 and 50:
 * three-quarter views, with both eyes.
 */
export const LIMITS = {
  /** Pixels of the box's side. */
  size: 23,
  sharpness: 0.29,
  darkest: 0.09,
  brightest: 0.8,
  /** Degrees. */
  yaw: 50,
  /** The part of the crop that may lie below the picture, and beyond its other edges. */
  below: 0.25,
  beyond: 0.5,
} as const;

const DEGREES = 180 / Math.PI;

/**
 * How far the nose's tip lies before the plane of eyes and mouth, in distances of the eyes: 0.44 on
 * MediaPipe's canonical face, whose eyes, nose and lips are known in three dimensions.
 */
const NOSE = 0.44;

/**
 * How far a head is turned, in degrees, from how far the nose's tip lies beside the line from the
 * middle of the eyes to the mouth. Ears say less: the one that is turned away is guessed, and where
 * the other is, hair and hats hide it.
 */
export function yawOf({ landmarks: [right, left, nose, mouth] }: DetectedFace): number {
  const eyes = { x: (right.x + left.x) / 2, y: (right.y + left.y) / 2 };
  const [x, y] = [mouth.x - eyes.x, mouth.y - eyes.y];
  const length = Math.hypot(x, y);
  if (length === 0) return 0;
  const beside = ((nose.x - eyes.x) * y - (nose.y - eyes.y) * x) / length;
  // The eyes draw together as the cosine, the nose goes aside as the sine.
  const apart = Math.hypot(left.x - right.x, left.y - right.y);
  return Math.atan2(beside, NOSE * apart) * DEGREES;
}

/** The mean of squared differences between neighbours of a square. */
function roughness(data: ArrayLike<number>, size: number): number {
  let sum = 0;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const at = y * size + x;
      if (x > 0) sum += (data[at] - data[at - 1]) ** 2;
      if (y > 0) sum += (data[at] - data[at - size]) ** 2;
    }
  }
  return sum / (2 * size * (size - 1));
}

/** A square, each pixel the mean of itself and its neighbours. */
function blurred(data: ArrayLike<number>, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let [sum, count] = [0, 0];
      for (let v = Math.max(y - 1, 0); v <= Math.min(y + 1, size - 1); v++) {
        for (let u = Math.max(x - 1, 0); u <= Math.min(x + 1, size - 1); u++) {
          sum += data[v * size + u];
          count++;
        }
      }
      out[y * size + x] = sum / count;
    }
  }
  return out;
}

/**
 * How much of the finest detail that a crop can hold is there: what neighbours differ by, beside what
 * is left of it after a blur (after Crete et al. 2007, "The blur effect"). Contrast cancels out.
 *
 * @param grey The crop's samples.
 * @returns About 0 for a smear, near 1 for a sharp face.
 */
export function sharpnessOf({ data, width }: Image): number {
  const rough = roughness(data, width);
  return rough === 0 ? 0 : 1 - roughness(blurred(data, width), width) / rough;
}

/**
 * The mean level of a crop.
 *
 * @param grey The crop's samples.
 * @returns From 0 (black) to 1 (white).
 */
export function brightnessOf({ data }: Image): number {
  let total = 0;
  for (const level of data) total += level;
  return total / (255 * data.length);
}

/** Places along a crop's edge at which it is asked whether they lie in the picture. */
const PLACES = 16;

/**
 * The parts of a crop that lie outside of a picture.
 *
 * @param crop The crop.
 * @param picture The picture's size.
 * @returns The part below the lower edge, and the part beyond any of the others.
 */
export function outside(
  { x, y, size, rotation }: FaceCrop,
  picture: { readonly width: number; readonly height: number },
): { below: number; beyond: number } {
  const [cos, sin] = [Math.cos(rotation / DEGREES), Math.sin(rotation / DEGREES)];
  let [below, beyond] = [0, 0];
  for (let i = 0; i < PLACES * PLACES; i++) {
    const u = ((i % PLACES + 0.5) / PLACES - 0.5) * size;
    const v = ((Math.floor(i / PLACES) + 0.5) / PLACES - 0.5) * size;
    const [atX, atY] = [x + u * cos - v * sin, y + u * sin + v * cos];
    if (atY > picture.height) below++;
    else if (atX < 0 || atY < 0 || atX > picture.width) beyond++;
  }
  return { below: below / PLACES ** 2, beyond: beyond / PLACES ** 2 };
}

/**
 * Measures a face.
 *
 * @param face The face.
 * @param crop Where its crop lies.
 * @param grey The crop's samples.
 * @param picture The picture's size.
 * @returns How well it can be seen.
 */
export function qualityOf(
  face: DetectedFace,
  crop: FaceCrop,
  grey: Image,
  picture: { readonly width: number; readonly height: number },
): FaceQuality {
  const size = Math.sqrt(face.box.width * face.box.height);
  const sharpness = sharpnessOf(grey);
  const brightness = brightnessOf(grey);
  const yaw = yawOf(face);
  const roll = rollOf(face);
  const issues: QualityIssue[] = [];
  if (size < LIMITS.size) issues.push("small");
  if (sharpness < LIMITS.sharpness) issues.push("blurred");
  if (brightness < LIMITS.darkest) issues.push("dark");
  if (brightness > LIMITS.brightest) issues.push("bright");
  if (Math.abs(yaw) > LIMITS.yaw) issues.push("turned");
  const { below, beyond } = outside(crop, picture);
  if (below > LIMITS.below || beyond > LIMITS.beyond) issues.push("cut");
  return { size, sharpness, brightness, yaw, roll, issues };
}
