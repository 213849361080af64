/**
 * Who is who from frame to frame, and probabilities that do not flicker.
 *
 * @module
 */
import type { ClassProbability } from "../predict.ts";
import type { Box, Point, RecognizedFace } from "./face.ts";
import { intersectionOverUnion } from "./suppress.ts";

/** A face that is followed from frame to frame. */
export interface TrackedFace extends RecognizedFace {
  /** The same number from frame to frame; no other face of this tracker ever has it. */
  readonly id: number;
}

/** How a {@linkcode FaceTracker} follows. */
export interface FaceTrackerOptions {
  /**
   * Seconds after which what was seen has lost all but 1/e (37 %) of its weight in what is told; 0
   * tells each frame as it is.
   *
   * @default {0.4}
   */
  readonly timeConstant?: number;
  /**
   * Seconds for which a face may be out of sight and still be the same.
   *
   * @default {0.5}
   */
  readonly maxMissing?: number;
}

/** Numbers that are smoothed: what was last seen, and what is told of it. */
interface Smoothed {
  readonly seen: readonly number[];
  readonly told: readonly number[];
  /** When they were last seen. */
  readonly at: number;
}

/** A face that was seen. */
interface Track {
  readonly id: number;
  /** Where it was last seen, not smoothed. */
  box: Box;
  /** Box and landmarks. */
  place: Smoothed;
  /** Probabilities in the order of their labels; null before any was seen. */
  expression: Smoothed | null;
}

/** Boxes follow this much faster than expressions: a box that lags is next to the face. */
const BOX_SHARE = 0.25;

/**
 * Goes on with numbers: an exponential mean, as if between the last time and now they had changed
 * evenly. So it does not matter how often one looks.
 */
function follow(
  before: Smoothed | null,
  seen: readonly number[],
  at: number,
  timeConstant: number,
): Smoothed {
  if (before?.seen.length !== seen.length) return { seen, told: seen, at };
  const ratio = (at - before.at) / timeConstant;
  if (ratio === 0 || Number.isNaN(ratio)) {
    return { seen, told: ratio === 0 ? before.told : seen, at };
  }
  const kept = Math.exp(-ratio);
  // The mean of exp(-t) over the time that has passed; 0 when nothing is smoothed.
  const mean = -Math.expm1(-ratio) / ratio;
  const told = seen.map((value, i) =>
    kept * before.told[i] + (mean - kept) * before.seen[i] + (1 - mean) * value
  );
  return { seen, told, at };
}

const numbersOf = ({ box, landmarks }: RecognizedFace): number[] => [
  box.x,
  box.y,
  box.width,
  box.height,
  ...landmarks.flatMap(({ x, y }) => [x, y]),
];

function placeOf([x, y, width, height, ...points]: readonly number[]): {
  box: Box;
  landmarks: Point[];
} {
  const landmarks = Array.from(
    { length: points.length / 2 },
    (_, i) => ({ x: points[2 * i], y: points[2 * i + 1] }),
  );
  return { box: { x, y, width, height }, landmarks };
}

const byLabel = (probabilities: readonly ClassProbability[]): ClassProbability[] =>
  probabilities.toSorted((a, b) => a.label < b.label ? -1 : 1);

const edgesOf = ({ x, y, width, height }: Box) => [x, y, x + width, y + height] as const;

/** How far the middles of two boxes are from each other, in sides of the smaller one. */
function distance(a: Box, b: Box): number {
  const x = a.x + a.width / 2 - b.x - b.width / 2;
  const y = a.y + a.height / 2 - b.y - b.height / 2;
  return Math.hypot(x, y) / Math.min(Math.hypot(a.width, a.height), Math.hypot(b.width, b.height));
}

/** How badly two boxes match: below 1 when they may be of the same face. */
function mismatch(a: Box, b: Box): number {
  const shared = intersectionOverUnion(edgesOf(a), edgesOf(b));
  // Boxes that overlap come before boxes that are merely near: a quick move, a low frame rate.
  if (shared > 0.1) return 0.5 * (1 - shared);
  const ratio = Math.sqrt(a.width * a.height / (b.width * b.height));
  const far = distance(a, b);
  return far < 1 && ratio > 0.5 && ratio < 2 ? 0.5 + 0.5 * far : Infinity;
}

/**
 * Follows faces through a video: gives each a number that stays, and smooths boxes, landmarks and
 * probabilities.
 *
 * All are smoothed exponentially, probabilities with the time constant, boxes and landmarks with a
 * quarter of it. What is told does not depend on the frame rate: between two frames what is seen
 * counts as changing evenly from the one to the other. A face that is too poor to tell its
 * expression has none in that frame; the next that tells one goes on from before.
 *
 * @example
 * ```ts
 * import { FaceTracker } from "@fer/core/recognizer";
 *
 * const tracker = new FaceTracker({ timeConstant: 0.4 });
 * // Each frame: tracker.update(await recognizer.recognize(frame), performance.now() / 1000)
 * console.assert(tracker.update([], 0).length === 0);
 * ```
 */
export class FaceTracker {
  readonly #timeConstant: number;
  readonly #maxMissing: number;
  #tracks: Track[] = [];
  #next = 1;
  #now = -Infinity;

  /**
   * Makes a tracker.
   *
   * @param options Time constant, and how long a face may be out of sight.
   * @throws {RangeError} When one is below 0 or no number.
   */
  constructor(options: FaceTrackerOptions = {}) {
    const { timeConstant = 0.4, maxMissing = 0.5 } = options;
    for (const [name, value] of Object.entries({ timeConstant, maxMissing })) {
      if (!(value >= 0)) {
        throw new RangeError(
          `Cannot make a FaceTracker of ${name} ${value}: expected seconds from 0`,
        );
      }
    }
    this.#timeConstant = timeConstant;
    this.#maxMissing = maxMissing;
  }

  /**
   * Takes what was seen in a frame.
   *
   * @param faces The frame's faces.
   * @param seconds When it was taken, by any clock that does not go back.
   * @returns The same faces in the same order, each with its number and smoothed.
   * @throws {RangeError} When the time is no number or before that of the frame before.
   */
  update(faces: readonly RecognizedFace[], seconds: number): TrackedFace[] {
    if (!Number.isFinite(seconds) || seconds < this.#now) {
      throw new RangeError(
        `Cannot track a frame at ${seconds} s: expected a time from ${
          Number.isFinite(this.#now) ? this.#now : 0
        } s on`,
      );
    }
    this.#now = seconds;
    this.#tracks = this.#tracks.filter(({ place }) => seconds - place.at <= this.#maxMissing);
    const partners = this.#match(faces);
    return faces.map((face, i) =>
      this.#follow(partners.get(i) ?? this.#begin(face, seconds), face, seconds)
    );
  }

  /**
   * Which track each face belongs to: the pairs that match best are taken first. The best sum over
   * all pairs, by the Hungarian method, differs only where faces cross, and there it may rather give
   * two faces a worse partner each than one a perfect one.
   */
  #match(faces: readonly RecognizedFace[]): Map<number, Track> {
    const pairs = faces.flatMap((face, i) =>
      this.#tracks.map((track) => ({ i, track, cost: mismatch(track.box, face.box) }))
    ).filter(({ cost }) => cost < 1).sort((a, b) => a.cost - b.cost);
    const partners = new Map<number, Track>();
    const taken = new Set<Track>();
    for (const { i, track } of pairs) {
      if (partners.has(i) || taken.has(track)) continue;
      partners.set(i, track);
      taken.add(track);
    }
    return partners;
  }

  #begin(face: RecognizedFace, seconds: number): Track {
    const numbers = numbersOf(face);
    const place = { seen: numbers, told: numbers, at: seconds };
    const track = { id: this.#next++, box: face.box, place, expression: null };
    this.#tracks.push(track);
    return track;
  }

  #follow(track: Track, face: RecognizedFace, seconds: number): TrackedFace {
    track.box = face.box;
    track.place = follow(
      track.place,
      numbersOf(face),
      seconds,
      BOX_SHARE * this.#timeConstant,
    );
    const told = { ...face, id: track.id, ...placeOf(track.place.told) };
    if (!face.probabilities) return told;
    const sorted = byLabel(face.probabilities);
    const expression = follow(
      track.expression,
      sorted.map(({ probability }) => probability),
      seconds,
      this.#timeConstant,
    );
    track.expression = expression;
    const probabilities = sorted
      .map(({ label }, i) => ({ label, probability: expression.told[i] }))
      .sort((a, b) => b.probability - a.probability);
    return { ...told, probabilities };
  }
}
