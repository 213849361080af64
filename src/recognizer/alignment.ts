/**
 * From a face in a picture to the square that FER-2013 would have cut out of it.
 *
 * @module
 */
import type { DetectedFace, FaceCrop, Point } from "./face.ts";

/** Degrees clockwise of the line from the person's right eye to the left one. */
export function rollOf({ landmarks: [right, left] }: DetectedFace): number {
  return Math.atan2(left.y - right.y, left.x - right.x) * 180 / Math.PI;
}

/** How a crop lies to what the detector says of a face. */
export interface Framing {
  /** The crop's side, in sides of the detector's box. */
  readonly scale: number;
  /**
   * How far its middle lies above the one between eyes and mouth, in sides of the detector's box.
   */
  readonly up: number;
  /**
   * By how many degrees a head may lean before the crop leans too: then only by the rest, since
   * heads lean in FER-2013 as well.
   */
  readonly slack: number;
}

/**
 * FER-2013's framing, a little tighter, as people's pictures want it. By
 * `deno run -A bench/recognizer_framing.ts --faces 90` faces of PublicTest at known places in pictures
 * have sides of 1.15 to 1.17 boxes (median, half of them within 0.15) and middles 0.105 boxes above
 * that of eyes and mouth (half within 0.03); sides from 0.9 to 1.2 of that read about as well. Of 216
 * faces in the wild the packaged network is right about 100 to 107 with sides of 1.19 boxes, 102 to
 * 107 with 1.12 and 103 to 109 with 1.05 (middles 0.03 to 0.12 above). Both were measured without
 * test-time augmentation.
 */
export const FRAMING: Framing = { scale: 1.1, up: 0.075, slack: 10 };

/** The middle between eyes and mouth: it varies less, beside FER-2013's squares, than the box's. */
export function middleOf({ landmarks: [right, left, , mouth] }: DetectedFace): Point {
  return {
    x: (right.x + left.x) / 4 + mouth.x / 2,
    y: (right.y + left.y) / 4 + mouth.y / 2,
  };
}

/**
 * The square to cut out.
 *
 * @param face The face.
 * @param framing How it lies to what the detector says.
 * @returns The square.
 */
export function cropOf(face: DetectedFace, framing: Framing = FRAMING): FaceCrop {
  const side = Math.sqrt(face.box.width * face.box.height);
  const roll = rollOf(face);
  const up = framing.up * side;
  const angle = roll * Math.PI / 180;
  const { x, y } = middleOf(face);
  return {
    x: x + up * Math.sin(angle),
    y: y - up * Math.cos(angle),
    size: framing.scale * side,
    rotation: Math.sign(roll) * Math.max(Math.abs(roll) - framing.slack, 0),
  };
}
