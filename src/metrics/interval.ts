/**
 * How far a measured figure may be from the true one.
 *
 * @module
 */
import type { Generator } from "../random.ts";
import { normalQuantile } from "./normal_quantile.ts";

/** A lower and an upper bound. */
export type ConfidenceInterval = readonly [low: number, high: number];

/** How sure a {@linkcode wilsonInterval} is. */
export interface IntervalOptions {
  /**
   * The probability that such an interval holds the true value, above 0 and below 1.
   *
   * @default 0.95
   */
  readonly confidence?: number;
}

/** How a {@linkcode bootstrapInterval} draws. */
export interface BootstrapOptions extends IntervalOptions {
  /** Where the resamples are drawn from: the same seed gives the same interval. */
  readonly generator: Generator;
  /**
   * The number of resamples.
   *
   * @default 1000
   */
  readonly resamples?: number;
}

function checkedConfidence(options: IntervalOptions): number {
  const { confidence = 0.95 } = options;
  if (confidence > 0 && confidence < 1) return confidence;
  throw new RangeError(
    `Cannot give an interval of confidence ${confidence}: expected above 0 and below 1`,
  );
}

/**
 * The score interval of a proportion (Wilson, 1927), which stays inside [0, 1] and holds for small
 * samples and for proportions near 0 and 1.
 *
 * @param successes How many of the trials succeeded, from 0 to `trials`.
 * @param trials The number of trials, 1 or more.
 * @param options How sure the interval is.
 * @returns The bounds, fractions from 0 to 1.
 * @throws {RangeError} When a count or the confidence is out of range.
 *
 * @example
 * ```ts
 * import { wilsonInterval } from "@fer/core/metrics";
 *
 * const [low, high] = wilsonInterval(2400, 3589);
 * console.assert(low > 0.65 && high < 0.69);
 * ```
 */
export function wilsonInterval(
  successes: number,
  trials: number,
  options: IntervalOptions = {},
): ConfidenceInterval {
  if (!(trials > 0 && Number.isFinite(trials) && successes >= 0 && successes <= trials)) {
    throw new RangeError(`Cannot give an interval for ${successes} successes in ${trials} trials`);
  }
  const z = normalQuantile((1 + checkedConfidence(options)) / 2);
  const failures = trials - successes;
  const middle = successes + z * z / 2;
  const reach = z * Math.sqrt(successes * failures / trials + z * z / 4);
  // The bounds at the ends are exact, whatever was rounded on the way.
  return [
    successes === 0 ? 0 : (middle - reach) / (trials + z * z),
    failures === 0 ? 1 : (middle + reach) / (trials + z * z),
  ];
}

/**
 * The percentile interval of any statistic (Efron, 1979): samples are drawn again with replacement,
 * many times over, and the statistic of each resample is looked at.
 *
 * @param samples The number of samples, 1 or more.
 * @param statistic Computes the figure from one index a sample, some twice and some not at all. The
 * array is used again for the next resample.
 * @param options The generator, how many resamples, how sure.
 * @returns The bounds, interpolated as `numpy.percentile` does.
 * @throws {RangeError} When a count or the confidence is out of range.
 *
 * @example The interval of an accuracy
 * ```ts
 * import { bootstrapInterval, Generator } from "@fer/core/metrics";
 *
 * const right = [1, 1, 0, 1, 1, 1, 0, 1, 1, 1];
 * const [low, high] = bootstrapInterval(
 *   right.length,
 *   (indices) => indices.reduce((sum, i) => sum + right[i], 0) / right.length,
 *   { generator: new Generator(42) },
 * );
 * console.assert(low < 0.8 && high > 0.8);
 * ```
 */
export function bootstrapInterval(
  samples: number,
  statistic: (indices: Uint32Array) => number,
  options: BootstrapOptions,
): ConfidenceInterval {
  const { generator, resamples = 1000 } = options;
  const confidence = checkedConfidence(options);
  for (const [name, count] of [["samples", samples], ["resamples", resamples]] as const) {
    if (!Number.isInteger(count) || count < 1) {
      throw new RangeError(`Cannot bootstrap ${count} ${name}: expected an integer of 1 or more`);
    }
  }
  const indices = new Uint32Array(samples);
  // Multiplying favours no index by more than one in 2^32; it is several times as fast as
  // `generator.integer()`, and millions are drawn.
  const scale = samples / 2 ** 32;
  const figures = new Float64Array(resamples);
  for (let b = 0; b < resamples; b++) {
    for (let i = 0; i < samples; i++) indices[i] = generator.uint32() * scale;
    figures[b] = statistic(indices);
  }
  figures.sort();
  const at = (fraction: number): number => {
    const place = fraction * (resamples - 1);
    const below = Math.floor(place);
    const above = Math.min(below + 1, resamples - 1);
    return figures[below] + (figures[above] - figures[below]) * (place - below);
  };
  return [at((1 - confidence) / 2), at((1 + confidence) / 2)];
}
