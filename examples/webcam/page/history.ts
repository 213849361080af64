/**
 * What a face showed over the last seconds.
 *
 * @module
 */
import type { ClassProbability } from "../../../mod.ts";

/** Seconds that are kept. */
export const SPAN = 30;
/** Seconds that share one value. */
export const STEP = 0.25;

/** One step's mean, in the classes' order. */
export interface Moment {
  /** Which step, since the clock began. */
  readonly step: number;
  readonly shares: readonly number[];
}

interface Bucket {
  readonly step: number;
  readonly sums: Float64Array;
  count: number;
}

const stepAt = (seconds: number): number => Math.floor(seconds / STEP);

/** Means over short steps of time, however many frames fall into each. */
export class History {
  readonly #classes: readonly string[];
  readonly #faces = new Map<number, Bucket[]>();

  /** @param classes The expressions. */
  constructor(classes: readonly string[]) {
    this.#classes = classes;
  }

  /**
   * Takes what a face shows.
   *
   * @param id Which face.
   * @param seconds When.
   * @param probabilities What.
   */
  add(id: number, seconds: number, probabilities: readonly ClassProbability[]): void {
    const buckets = this.#faces.get(id) ?? [];
    this.#faces.set(id, buckets);
    const step = stepAt(seconds);
    let last = buckets.at(-1);
    if (last?.step !== step) {
      last = { step, sums: new Float64Array(this.#classes.length), count: 0 };
      buckets.push(last);
    }
    for (const { label, probability } of probabilities) {
      last.sums[this.#classes.indexOf(label)] += probability;
    }
    last.count++;
    this.#forget(step);
  }

  /** Drops what is past, so that a long evening takes no more memory than a minute. */
  #forget(now: number): void {
    const first = now - SPAN / STEP;
    for (const [id, buckets] of this.#faces) {
      while (buckets.length > 0 && buckets[0].step < first) buckets.shift();
      if (buckets.length === 0) this.#faces.delete(id);
    }
  }

  /**
   * What a face showed.
   *
   * @param id Which face.
   * @returns Its moments, the oldest first.
   */
  of(id: number): Moment[] {
    return (this.#faces.get(id) ?? []).map(({ step, sums, count }) => ({
      step,
      shares: Array.from(sums, (sum) => sum / count),
    }));
  }
}

/**
 * Divides moments where the face was out of sight.
 *
 * @param moments Moments, the oldest first.
 * @param gap Steps without any after which a new part begins.
 * @returns Parts without such gaps.
 */
export function partsOf(moments: readonly Moment[], gap = 4): Moment[][] {
  const parts: Moment[][] = [];
  for (const moment of moments) {
    const part = parts.at(-1);
    const before = part?.at(-1);
    if (part && before && moment.step - before.step <= gap) part.push(moment);
    else parts.push([moment]);
  }
  return parts;
}

/**
 * The mean over moments.
 *
 * @param moments Moments.
 * @returns One share a class; empty when there are none.
 */
export function meanOf(moments: readonly Moment[]): number[] {
  const [first] = moments;
  if (!first) return [];
  return first.shares.map((_, c) =>
    moments.reduce((sum, { shares }) => sum + shares[c], 0) / moments.length
  );
}
