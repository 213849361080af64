/**
 * From a face in a picture to the square that FER-2013 would have cut out of it.
 *
 * @module
 */
import type { DetectedFace, FaceCrop } from "./face.ts";

/** Degrees clockwise of the line from the person's right eye to the left one. */
export function rollOf({ landmarks: [right, left] }: DetectedFace): number {
  return Math.atan2(left.y - right.y, left.x - right.x) * 180 / Math.PI;
}

/** How a crop lies to the detector's box. */
export interface Framing {
  /** The crop's side, in sides of the box. */
  readonly scale: number;
  /** How far its middle lies to the right of the box's, in sides of the box. */
  readonly right: number;
  /** How far its middle lies below the box's, in sides of the box. */
  readonly down: number;
  /** Which part of the head's lean the crop follows, from 0 to 1. */
  readonly rotation: number;
}

/** FER-2013's framing. */
export const FRAMING: Framing = { scale: 1.2, right: 0, down: -0.05, rotation: 1 };

/**
 * The square to cut out.
 *
 * @param face The face.
 * @param framing How it lies to the detector's box.
 * @returns The square.
 */
export function cropOf(face: DetectedFace, framing: Framing = FRAMING): FaceCrop {
  const { x, y, width, height } = face.box;
  const side = Math.sqrt(width * height);
  const rotation = framing.rotation * rollOf(face);
  const angle = rotation * Math.PI / 180;
  const [right, down] = [framing.right * side, framing.down * side];
  return {
    x: x + width / 2 + right * Math.cos(angle) - down * Math.sin(angle),
    y: y + height / 2 + right * Math.sin(angle) + down * Math.cos(angle),
    size: framing.scale * side,
    rotation,
  };
}
