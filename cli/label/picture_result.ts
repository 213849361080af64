/**
 * What is known of a picture in the end.
 *
 * @module
 */
import type { ClassProbability } from "../../mod.ts";
import type { DetectedFace, FaceQuality } from "../../src/recognizer/face.ts";

/** A face, and what it expresses; a face crop has no place in a picture. */
export interface LabelledFace extends Partial<Pick<DetectedFace, "box" | "score">> {
  /** In a video, the same number from moment to moment. */
  readonly id?: number;
  /** How well it can be seen. */
  readonly quality?: FaceQuality;
  /** The classes, the likeliest first; null where it can be seen too poorly. */
  readonly probabilities: readonly ClassProbability[] | null;
}

/** A picture's faces, or what is wrong with it. */
export type PictureResult =
  | {
    /** The picture's path. */
    readonly path: string;
    /** In a video, seconds from its beginning. */
    readonly time?: number;
    /** Pixels in a row. */
    readonly width: number;
    /** Rows. */
    readonly height: number;
    /** Its faces, those that are surest and largest first. */
    readonly faces: readonly LabelledFace[];
  }
  | {
    /** The picture's path. */
    readonly path: string;
    /** Why it could not be labelled. */
    readonly error: string;
  };

/** Sums over pictures. */
export interface Totals {
  /** Pictures, whatever came of them. */
  pictures: number;
  /** Faces in them. */
  faces: number;
  /** Pictures without a face. */
  withoutFace: number;
  /** Pictures that could not be labelled. */
  errors: number;
}

/** Sums over no picture. */
export function noTotals(): Totals {
  return { pictures: 0, faces: 0, withoutFace: 0, errors: 0 };
}

/**
 * Adds a picture to sums.
 *
 * @param totals The sums.
 * @param faces How many faces it has; null where it could not be labelled.
 */
export function addPicture(totals: Totals, faces: number | null): void {
  totals.pictures++;
  totals.faces += faces ?? 0;
  if (faces === null) totals.errors++;
  else if (faces === 0) totals.withoutFace++;
}
