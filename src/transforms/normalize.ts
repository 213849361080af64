/**
 * Subtract a mean and divide by a deviation.
 *
 * @module
 */
import type { Generator } from "../random.ts";
import { isPositional, perChannel, show } from "./arguments.ts";
import type { FloatImage } from "./to_tensor.ts";
import type { Transform, TransformConfig } from "./transform.ts";

/** Options of {@linkcode Normalize}. */
export interface NormalizeOptions {
  /** What is subtracted, one number for all channels or one a channel. */
  readonly mean: number | readonly number[];
  /** What the rest is divided by, one number for all channels or one a channel; not 0. */
  readonly std: number | readonly number[];
}

/**
 * Subtracts a mean and divides by a deviation, each channel its own, as
 * `torchvision.transforms.Normalize`, in single precision.
 *
 * @example
 * ```ts
 * import { Generator } from "@fer/core";
 * import { Normalize } from "@fer/core/transforms";
 *
 * const image = { data: Float32Array.of(0, 1), width: 2, height: 1, channels: 1 };
 * const out = new Normalize(0.5, 0.5).apply(image, new Generator(42));
 * console.assert(out.data.join() === "-1,1");
 * ```
 */
export class Normalize implements Transform<FloatImage, FloatImage> {
  /** What is subtracted. */
  readonly mean: number | readonly number[];
  /** What the rest is divided by. */
  readonly std: number | readonly number[];

  /**
   * Makes the transform and checks its options.
   *
   * @param mean The mean, or both by name.
   * @param std The deviation.
   * @throws {RangeError} When a number is not finite or a deviation is 0.
   */
  constructor(
    mean: number | readonly number[] | NormalizeOptions,
    std?: number | readonly number[],
  ) {
    const all = isPositional<number | readonly number[]>(mean) ? { mean, std } : mean;
    const good = (value: unknown, zero: boolean) =>
      (Array.isArray(value) && value.length > 0 ? value : [value]).every((each) =>
        Number.isFinite(each) && (zero || each !== 0)
      );
    if (!good(all.mean, true) || all.std === undefined || !good(all.std, false)) {
      throw new RangeError(
        `Cannot make Normalize of mean ${show(all.mean)} and std ${show(all.std)}: ` +
          "expected finite numbers, and no std of 0",
      );
    }
    this.mean = all.mean;
    this.std = all.std;
  }

  /**
   * Normalizes an image of floats.
   *
   * @param image The image; not changed.
   * @param _generator Not used.
   * @throws {TypeError} When it is not an image of floats (put `ToTensor` before), or has other
   *   channels than there are numbers for.
   */
  apply(image: FloatImage, _generator?: Generator): FloatImage {
    const { data: source, width, height, channels } = image;
    const area = width * height;
    if (!(source instanceof Float32Array) || source.length !== channels * area) {
      throw new TypeError(
        `Cannot apply Normalize to ${source?.length} values of ${width}x${height}: ` +
          "expected an image of floats, which ToTensor makes",
      );
    }
    const means = perChannel("Normalize", this.mean, channels);
    const stds = perChannel("Normalize", this.std, channels);
    const data = new Float32Array(source.length);
    for (let c = 0; c < channels; c++) {
      const mean = Math.fround(means[c]);
      const std = Math.fround(stds[c]);
      for (let i = c * area, end = i + area; i < end; i++) {
        data[i] = Math.fround(source[i] - mean) / std;
      }
    }
    return { data, width, height, channels };
  }

  /** The transform as data. */
  toJSON(): TransformConfig {
    return { name: "Normalize", mean: this.mean, std: this.std };
  }
}
