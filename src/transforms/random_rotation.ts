/**
 * Rotate an image by a random angle.
 *
 * @module
 */
import type { Generator } from "../random.ts";
import {
  checkFill,
  checkInterpolation,
  checkInterval,
  type Interpolation,
  type Interval,
  isPositional,
  show,
} from "./arguments.ts";
import { rotate } from "./rotate.ts";
import type { Image, Transform, TransformConfig } from "./transform.ts";

/** Options of {@linkcode RandomRotation}. */
export interface RandomRotationOptions {
  /** Degrees counter-clockwise: `[low, high]`, or one number for `[-number, number]`. */
  readonly degrees: number | Interval;
  /**
   * How values between pixels are found.
   *
   * @default {"nearest"}
   */
  readonly interpolation?: Interpolation;
  /**
   * Whether the result grows to hold the whole rotated image.
   *
   * @default {false}
   */
  readonly expand?: boolean;
  /** The place `[x, y]` that stays, in pixels from the upper left corner; the middle by default. */
  readonly center?: readonly [x: number, y: number];
  /**
   * Level from 0 to 255 outside the image, one for all channels or one a channel.
   *
   * @default {0}
   */
  readonly fill?: number | readonly number[];
}

/**
 * Rotates an image by an angle drawn evenly from a range, as
 * `torchvision.transforms.RandomRotation` on a PIL image.
 *
 * @example
 * ```ts
 * import { Generator } from "@fer/core";
 * import { RandomRotation } from "@fer/core/transforms";
 *
 * const image = { data: new Uint8Array(48 * 48).fill(200), width: 48, height: 48 };
 * const rotated = new RandomRotation(10).apply(image, new Generator(42));
 * console.assert(rotated.width === 48);
 * ```
 */
export class RandomRotation implements Transform {
  /** The range of angles, in degrees counter-clockwise. */
  readonly degrees: Interval;
  /** How values between pixels are found. */
  readonly interpolation: Interpolation;
  /** Whether the result grows to hold the whole rotated image. */
  readonly expand: boolean;
  /** The place that stays; the middle when undefined. */
  readonly center?: readonly [x: number, y: number];
  /** Level outside the image. */
  readonly fill: number | readonly number[];

  /**
   * Makes the transform and checks its options.
   *
   * @param degrees The angles, or all options by name.
   * @param options The options besides the angles.
   * @throws {RangeError} When an option is out of range.
   */
  constructor(
    degrees: number | Interval | RandomRotationOptions,
    options: Omit<RandomRotationOptions, "degrees"> = {},
  ) {
    const all = isPositional<number | Interval>(degrees) ? { ...options, degrees } : degrees;
    this.degrees = anglesOf("RandomRotation", all.degrees);
    this.interpolation = checkInterpolation(
      "RandomRotation",
      all.interpolation ?? "nearest",
    );
    this.expand = all.expand ?? false;
    this.center = all.center;
    this.fill = checkFill("RandomRotation", all.fill ?? 0);
  }

  /**
   * Rotates the image.
   *
   * @param image The image; not changed.
   * @param generator Draws the angle.
   * @throws {TypeError} When it is not an image of bytes, or `fill` has not one level a channel.
   */
  apply(image: Image, generator: Generator): Image {
    return rotate(image, generator.uniform(this.degrees[0], this.degrees[1]), this);
  }

  /** The transform as data. */
  toJSON(): TransformConfig {
    const { degrees, interpolation, expand, center, fill } = this;
    return { name: "RandomRotation", degrees, interpolation, expand, center, fill };
  }
}

/** The range of angles that an option means. */
export function anglesOf(
  name: string,
  degrees: number | Interval,
  option = "degrees",
): Interval {
  if (typeof degrees !== "number") return checkInterval(name, option, degrees);
  if (!(degrees >= 0 && degrees < Infinity)) {
    throw new RangeError(
      `Cannot make ${name} of ${option} ${show(degrees)}: expected a number of at least 0 or ` +
        "[low, high]",
    );
  }
  return [-degrees, degrees];
}
