/**
 * What is found in a picture.
 *
 * @module
 */
import type { SquareMap } from "../explain/overlay.ts";
import type { ClassProbability } from "../predict.ts";

/** A place in a picture, in pixels from its upper left corner; it may lie outside. */
export interface Point {
  /** To the right. */
  readonly x: number;
  /** Down. */
  readonly y: number;
}

/** A rectangle in a picture, in pixels from its upper left corner; it may reach past the edges. */
export interface Box {
  /** Its left edge. */
  readonly x: number;
  /** Its upper edge. */
  readonly y: number;
  /** From left to right. */
  readonly width: number;
  /** From top to bottom. */
  readonly height: number;
}

/**
 * The square that the expression network saw of a picture. Its map (`RecognizedFace.map`) and its
 * pixels lie in this square.
 */
export interface FaceCrop {
  /** The square's middle, in pixels from the picture's left edge. */
  readonly x: number;
  /** The square's middle, in pixels from the picture's upper edge. */
  readonly y: number;
  /** Its side, in pixels of the picture. */
  readonly size: number;
  /** By how much it is turned, in degrees clockwise. */
  readonly rotation: number;
}

/**
 * Why an expression would be a guess: the face is too `small`, `blurred`, `dark` or `bright`,
 * `turned` away from the camera, or `cut` off by the picture's edge.
 */
export type QualityIssue = "small" | "blurred" | "dark" | "bright" | "turned" | "cut";

/** How well a face can be seen. */
export interface FaceQuality {
  /** The side of the detector's box, in pixels of the picture. */
  readonly size: number;
  /**
   * How much of the finest detail that the network can take in is there: about 1 for a sharp face,
   * 0 for a smear. The detail of the crop beside what is left of it after a blur.
   */
  readonly sharpness: number;
  /** The mean grey level of the face, from 0 (black) to 1 (white). */
  readonly brightness: number;
  /**
   * How far the head is turned, in degrees, estimated from eyes, nose and mouth: positive when it
   * looks to the picture's right.
   */
  readonly yaw: number;
  /** How far the head leans, in degrees clockwise: the angle of the line between the eyes. */
  readonly roll: number;
  /** What is too poor to tell the expression; empty when nothing is. */
  readonly issues: readonly QualityIssue[];
}

/** A face in a picture. */
export interface DetectedFace {
  /** From the brows to the chin, and from ear to ear. */
  readonly box: Box;
  /** How sure the detector is that it is a face, from 0 to 1. */
  readonly score: number;
  /**
   * Right eye, left eye (the person's own), nose tip, middle of the mouth, right ear, left ear.
   */
  readonly landmarks: readonly Point[];
}

/** A face in a picture, and what it expresses. */
export interface RecognizedFace extends DetectedFace {
  /** What the expression network saw of the picture. */
  readonly crop: FaceCrop;
  /** How well the face can be seen. */
  readonly quality: FaceQuality;
  /**
   * The classes with their probabilities, the likeliest first; null where the face is too poor
   * (`quality.issues`), unless `anyQuality` is set.
   */
  readonly probabilities: readonly ClassProbability[] | null;
  /**
   * What in the crop speaks for the likeliest class (Grad-CAM), with the option `gradCam`; for
   * `overlayExplanation()`.
   */
  readonly map?: SquareMap;
}
