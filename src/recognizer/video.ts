/**
 * Faces from frame to frame of a video, found where they were.
 *
 * @module
 */
import type { Image } from "../transforms/transform.ts";
import { type DetectorOptions, type Detectors, seeFaces } from "./detector.ts";
import type { DetectedFace, RecognizedFace } from "./face.ts";
import { followFaces, glance, isNew } from "./follow.ts";
import type { FrameInput } from "./frame.ts";
import type { RecognizeOptions } from "./recognize_options.ts";
import { type Edges, faceOf, type Sight } from "./sight.ts";

/** How a {@linkcode VideoRecognizer} looks. */
export interface VideoOptions {
  /**
   * Seconds after which a frame is glanced at for faces that came in. Those of a sixteenth of its
   * longer edge or more are found then, smaller ones with the whole look that comes every fourth time.
   *
   * @default {0.5}
   */
  readonly lookEvery?: number;
}

/** How many glances later a whole frame is looked at again. */
const LOOK = 4;

/** What was seen in a frame. */
interface Frame {
  readonly sights: readonly Sight[];
  readonly width: number;
  readonly height: number;
}

/** Finds faces in frame after frame. */
export class VideoDetector {
  readonly #detectors: Detectors;
  readonly #options: DetectorOptions;
  readonly #lookEvery: number;
  #last: Frame | null = null;
  /** When a whole frame was last looked at, and when one was last glanced at. */
  #looked = -Infinity;
  #glanced = -Infinity;
  #wholeFrames = 0;
  #mistaken: readonly Edges[] = [];

  constructor(detectors: Detectors, options: DetectorOptions, { lookEvery = 0.5 }: VideoOptions) {
    if (!(lookEvery >= 0)) {
      throw new RangeError(
        `Cannot recognize a video with lookEvery ${lookEvery}: expected seconds from 0`,
      );
    }
    this.#detectors = detectors;
    this.#options = options;
    this.#lookEvery = lookEvery;
  }

  /** How many frames were looked at as a whole so far. */
  get wholeFrames(): number {
    return this.#wholeFrames;
  }

  /**
   * Finds the faces of a frame.
   *
   * @param image The frame.
   * @param seconds When it was taken.
   * @returns Its faces, those that are surest and largest first.
   */
  async detect(image: Image, seconds: number): Promise<readonly DetectedFace[]> {
    const { width, height } = image;
    const last = this.#last;
    const { near } = this.#detectors;
    const isRecent = seconds >= this.#looked && seconds - this.#looked < LOOK * this.#lookEvery;
    const mayFollow = isRecent && last && last.sights.length > 0 && last.width === width &&
      last.height === height;
    // What one took for a face at a glance, and not when it looked.
    const taken = isRecent ? this.#mistaken : [];
    const followed = mayFollow ? await followFaces(near, image, last.sights, this.#options) : null;
    const others = followed
      ? await this.#othersThan([...followed.map(({ edges }) => edges), ...taken], image, seconds)
      : [];
    if (followed && others.length === 0) {
      this.#last = { sights: followed, width, height };
      return followed.map(faceOf);
    }
    const [{ faces, sights }] = await seeFaces(this.#detectors, [image], this.#options);
    this.#last = sights ? { sights, width, height } : null;
    const known = sights?.map(({ edges }) => edges) ?? [];
    this.#mistaken = [...taken, ...others.filter((edges) => isNew(edges, known))];
    this.#looked = seconds;
    this.#glanced = seconds;
    this.#wholeFrames++;
    return faces;
  }

  /** What may be faces besides those that are known, as far as one looks. */
  async #othersThan(known: readonly Edges[], image: Image, seconds: number): Promise<Edges[]> {
    if (seconds - this.#glanced < this.#lookEvery) return [];
    this.#glanced = seconds;
    return await glance(this.#detectors.far, image, known, this.#options);
  }
}

/** Recognizes the expressions of a frame's faces. */
type Recognize = (
  frame: FrameInput,
  seconds: number,
  options: RecognizeOptions,
) => Promise<RecognizedFace[]>;

/**
 * Recognizes expressions in frame after frame of one video; `FerRecognizer.forVideo()` makes it.
 *
 * It looks where faces were in the frame before, and glances at the frame every so often for faces that
 * came in. It looks at the whole frame when a glance sees one, when a face is lost or two cannot be told
 * apart, and every fourth time in place of a glance. Where nobody is seen it looks at every frame.
 */
export class VideoRecognizer {
  readonly #detector: VideoDetector;
  readonly #recognize: Recognize;

  /**
   * Use `FerRecognizer.forVideo()`.
   *
   * @param detector What finds faces.
   * @param recognize What recognizes with it.
   */
  constructor(detector: VideoDetector, recognize: Recognize) {
    this.#detector = detector;
    this.#recognize = recognize;
  }

  /** How many frames were looked at as a whole so far; the others only where faces were. */
  get wholeFrames(): number {
    return this.#detector.wholeFrames;
  }

  /**
   * Recognizes the expressions of a frame's faces. One frame at a time, in their order.
   *
   * @param frame The frame.
   * @param seconds When it was taken, by any clock.
   * @param options What to tell.
   * @returns Its faces, those that are surest and largest first.
   * @throws {TypeError} When it is no picture, or the recognizer was disposed of.
   * @throws {RangeError} When it has no pixels, the time is no number, or the model gives no numbers.
   */
  async recognize(
    frame: FrameInput,
    seconds: number,
    options: RecognizeOptions = {},
  ): Promise<RecognizedFace[]> {
    if (!Number.isFinite(seconds)) {
      throw new RangeError(`Cannot recognize a frame at ${seconds} s: expected a number`);
    }
    return await this.#recognize(frame, seconds, options);
  }
}
