/**
 * Training steps, summed up so that a run of days fits a chart.
 *
 * @module
 */
import type { TrainingProgress } from "../train/callbacks.ts";
import type { StepPoint } from "./state.ts";

/** Points at most; two neighbours become one when there are more. */
const MOST_POINTS = 1200;

function pairUp(points: readonly StepPoint[]): StepPoint[] {
  const out: StepPoint[] = [];
  for (let i = 0; i < points.length; i += 2) {
    const [first, second] = [points[i], points[i + 1] ?? points[i]];
    out.push({
      ...second,
      loss: (first.loss + second.loss) / 2,
      imagesPerSecond: (first.imagesPerSecond + second.imagesPerSecond) / 2,
    });
  }
  return out;
}

/**
 * Leaves no more points than a chart can show.
 *
 * @param points Any number of points.
 * @returns At most 1200 over the same steps.
 */
export function thinned(points: readonly StepPoint[]): readonly StepPoint[] {
  let out = points;
  while (out.length > MOST_POINTS) out = pairUp(out);
  return out;
}

/** Makes points of what a training reports, whose loss is the mean since the epoch's beginning. */
export class StepRecorder {
  readonly #batchSize: number;
  readonly #trainingImages: number;
  /** The epoch that the sums below are of, its images so far and the sum of their losses. */
  #epoch = { number: 0, images: 0, loss: 0 };
  /** What came since the last point. */
  #since = { images: 0, loss: 0, seconds: 0 };

  /**
   * Begins with nothing.
   *
   * @param batchSize Images a step.
   * @param trainingImages Images an epoch: the last step of one may have fewer than the others.
   */
  constructor(batchSize: number, trainingImages: number) {
    this.#batchSize = batchSize;
    this.#trainingImages = trainingImages;
  }

  /**
   * Takes a report up.
   *
   * @param progress Where training stands.
   */
  add({ epoch, batch, loss, imagesPerSecond }: TrainingProgress): void {
    if (epoch !== this.#epoch.number) this.#epoch = { number: epoch, images: 0, loss: 0 };
    const images = Math.min(batch * this.#batchSize, this.#trainingImages);
    const more = images - this.#epoch.images;
    this.#since.images += more;
    this.#since.loss += loss * images - this.#epoch.loss;
    this.#since.seconds += more / imagesPerSecond;
    this.#epoch = { number: epoch, images, loss: loss * images };
  }

  /**
   * The point since the last one.
   *
   * @param progress The last report.
   * @returns The point; null when there was no report since.
   */
  take({ step, lr }: TrainingProgress): StepPoint | null {
    const { images, loss, seconds } = this.#since;
    if (images <= 0) return null;
    this.#since = { images: 0, loss: 0, seconds: 0 };
    return { step, loss: loss / images, lr, imagesPerSecond: images / Math.max(seconds, 1e-6) };
  }
}
