/**
 * Who is who from frame to frame, and probabilities that do not flicker.
 *
 * @module
 */
import type { ClassProbability } from "../predict.ts";
import type { Box, Point, RecognizedFace } from "./face.ts";

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

/** A face that was seen. */
interface Track {
  readonly id: number;
  /** When it was last seen. */
  seen: number;
  /** Where it was last seen, not smoothed. */
  box: Box;
  /** What is told of it. */
  told: TrackedFace;
  /** When its expression was last seen. */
  expressed: number;
}

const mix = (before: number, now: number, weight: number): number =>
  before + (now - before) * weight;

/** How much two boxes are the same, from 0 to 1. */
function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  const shared = Math.max(0, width) * Math.max(0, height);
  return shared / (a.width * a.height + b.width * b.height - shared);
}

/** How far the middles of two boxes are from each other, in sides of the smaller one. */
function distance(a: Box, b: Box): number {
  const x = a.x + a.width / 2 - b.x - b.width / 2;
  const y = a.y + a.height / 2 - b.y - b.height / 2;
  return Math.hypot(x, y) / Math.min(Math.hypot(a.width, a.height), Math.hypot(b.width, b.height));
}

/** How badly two boxes match: below 1 when they may be of the same face. */
function mismatch(a: Box, b: Box): number {
  const shared = overlap(a, b);
  // Boxes that overlap come before boxes that are merely near: a quick move, a low frame rate.
  if (shared > 0.1) return 0.5 * (1 - shared);
  const ratio = Math.sqrt(a.width * a.height / (b.width * b.height));
  const far = distance(a, b);
  return far < 1 && ratio > 0.5 && ratio < 2 ? 0.5 + 0.5 * far : Infinity;
}

const mixBox = (a: Box, b: Box, weight: number): Box => ({
  x: mix(a.x, b.x, weight),
  y: mix(a.y, b.y, weight),
  width: mix(a.width, b.width, weight),
  height: mix(a.height, b.height, weight),
});

const mixPoint = (a: Point, b: Point, weight: number): Point => ({
  x: mix(a.x, b.x, weight),
  y: mix(a.y, b.y, weight),
});

function mixProbabilities(
  before: readonly ClassProbability[],
  now: readonly ClassProbability[],
  weight: number,
): ClassProbability[] {
  const known = new Map(before.map(({ label, probability }) => [label, probability]));
  return now
    .map(({ label, probability }) => ({
      label,
      probability: mix(known.get(label) ?? probability, probability, weight),
    }))
    .sort((a, b) => b.probability - a.probability);
}

/**
 * Follows faces through a video: gives each a number that stays, and smooths boxes, landmarks and
 * probabilities.
 *
 * Everything is smoothed exponentially with a time constant in seconds. What is told does not depend
 * on the frame rate: a value that is seen for a while counts for as long as it is seen.
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
    this.#tracks = this.#tracks.filter(({ seen }) => seconds - seen <= this.#maxMissing);
    const partners = this.#match(faces);
    const told = faces.map((face, i) => {
      const track = partners.get(i);
      return track ? this.#follow(track, face, seconds) : this.#begin(face, seconds);
    });
    return told;
  }

  /** Which track each face belongs to: the pairs that match best are taken first. */
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

  #begin(face: RecognizedFace, seconds: number): TrackedFace {
    const id = this.#next++;
    const told = { ...face, id };
    this.#tracks.push({ id, seen: seconds, box: face.box, told, expressed: seconds });
    return told;
  }

  #weight(elapsed: number): number {
    return this.#timeConstant === 0 ? 1 : -Math.expm1(-elapsed / this.#timeConstant);
  }

  #follow(track: Track, face: RecognizedFace, seconds: number): TrackedFace {
    const before = track.told;
    const weight = this.#weight(seconds - track.seen);
    const probabilities = face.probabilities && before.probabilities
      ? mixProbabilities(
        before.probabilities,
        face.probabilities,
        this.#weight(seconds - track.expressed),
      )
      : face.probabilities;
    track.told = {
      ...face,
      id: track.id,
      box: mixBox(before.box, face.box, weight),
      landmarks: face.landmarks.map((point, i) => mixPoint(before.landmarks[i], point, weight)),
      probabilities,
    };
    track.seen = seconds;
    track.box = face.box;
    track.expressed = seconds;
    return track.told;
  }
}
