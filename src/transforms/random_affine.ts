/**
 * Rotate, shift, scale and shear an image at random.
 *
 * @module
 */
import type { Generator } from "../random.ts";
import { affine, type AffineOptions } from "./affine.ts";
import {
  checkFill,
  checkInterpolation,
  checkInterval,
  type Interpolation,
  type Interval,
  isPositional,
  roundHalfEven,
  show,
} from "./arguments.ts";
import { anglesOf } from "./random_rotation.ts";
import type { Image, Transform, TransformConfig } from "./transform.ts";

/** Options of {@linkcode RandomAffine}. */
export interface RandomAffineOptions {
  /** Degrees clockwise: `[low, high]`, or one number for `[-number, number]`. */
  readonly degrees: number | Interval;
  /** Largest shift to either side, as a fraction of the width and of the height; none if absent. */
  readonly translate?: readonly [x: number, y: number];
  /** Range of the factor of both edges, above 0; 1 if absent. */
  readonly scale?: Interval;
  /** Degrees of shear along x: `[low, high]`, or one number for `[-number, number]`. */
  readonly shear?: number | Interval;
  /**
   * How values between pixels are found.
   *
   * @default {"nearest"}
   */
  readonly interpolation?: Interpolation;
  /**
   * Level from 0 to 255 outside the image, one for all channels or one a channel.
   *
   * @default {0}
   */
  readonly fill?: number | readonly number[];
  /** The place `[x, y]` that stays, in pixels from the upper left corner; the middle by default. */
  readonly center?: readonly [x: number, y: number];
}

/**
 * Rotates, shifts, scales and shears an image by amounts drawn evenly from ranges, as
 * `torchvision.transforms.RandomAffine` on a PIL image. Shifts are whole pixels.
 *
 * @example
 * ```ts
 * import { Generator } from "@fer/core";
 * import { RandomAffine } from "@fer/core/transforms";
 *
 * const image = { data: new Uint8Array(48 * 48).fill(200), width: 48, height: 48 };
 * const transform = new RandomAffine(12, { translate: [0.08, 0.08], interpolation: "bilinear" });
 * console.assert(transform.apply(image, new Generator(42)).height === 48);
 * ```
 */
export class RandomAffine implements Transform {
  /** The range of angles, in degrees clockwise. */
  readonly degrees: Interval;
  /** Largest shift, as a fraction of the width and of the height. */
  readonly translate?: readonly [x: number, y: number];
  /** Range of the factor of both edges. */
  readonly scale?: Interval;
  /** Range of the shear along x, in degrees. */
  readonly shear?: Interval;
  /** How values between pixels are found. */
  readonly interpolation: Interpolation;
  /** Level outside the image. */
  readonly fill: number | readonly number[];
  /** The place that stays; the middle when undefined. */
  readonly center?: readonly [x: number, y: number];

  /**
   * Makes the transform and checks its options.
   *
   * @param degrees The angles, or all options by name.
   * @param options The options besides the angles.
   * @throws {RangeError} When an option is out of range.
   */
  constructor(
    degrees: number | Interval | RandomAffineOptions,
    options: Omit<RandomAffineOptions, "degrees"> = {},
  ) {
    const all = isPositional<number | Interval>(degrees) ? { ...options, degrees } : degrees;
    this.degrees = anglesOf("RandomAffine", all.degrees);
    const { translate } = all;
    if (
      translate && !(translate.length === 2 && translate.every((part) => part >= 0 && part <= 1))
    ) {
      throw new RangeError(
        `Cannot make RandomAffine of translate ${show(translate)}: expected two shares from 0 to 1`,
      );
    }
    this.translate = translate;
    this.scale = all.scale &&
      checkInterval("RandomAffine", "scale", all.scale, Number.MIN_VALUE);
    this.shear = all.shear === undefined ? undefined : anglesOf("RandomAffine", all.shear);
    this.interpolation = checkInterpolation("RandomAffine", all.interpolation ?? "nearest");
    this.fill = checkFill("RandomAffine", all.fill ?? 0);
    this.center = all.center;
  }

  /**
   * Draws a map.
   *
   * @param image The image, whose size shifts are relative to.
   * @param generator Draws angle, shifts, scale and shear, in that order.
   * @returns What {@linkcode affine} takes.
   */
  getParams(
    image: { readonly width: number; readonly height: number },
    generator: Generator,
  ): AffineOptions {
    const { translate, scale, shear } = this;
    const draw = ([low, high]: Interval) => generator.uniform(low, high);
    const shift = (most: number) => roundHalfEven(generator.uniform(-most, most));
    return {
      angle: draw(this.degrees),
      translate: translate &&
        [shift(translate[0] * image.width), shift(translate[1] * image.height)],
      scale: scale && draw(scale),
      shear: shear && [draw(shear), 0],
    };
  }

  /**
   * Maps the image.
   *
   * @param image The image; not changed.
   * @param generator Draws the map.
   * @throws {TypeError} When it is not an image of bytes, or `fill` has not one level a channel.
   */
  apply(image: Image, generator: Generator): Image {
    const { interpolation, fill, center } = this;
    return affine(image, { ...this.getParams(image, generator), interpolation, fill, center });
  }

  /** The transform as data. */
  toJSON(): TransformConfig {
    const { degrees, translate, scale, shear, interpolation, fill, center } = this;
    return {
      name: "RandomAffine",
      degrees,
      translate,
      scale,
      shear,
      interpolation,
      fill,
      center,
    };
  }
}
