/**
 * Mirror an image at random.
 *
 * @module
 */
import type { Generator } from "../random.ts";
import { checkProbability, isPositional } from "./arguments.ts";
import { hflip } from "./flip.ts";
import type { Image, Transform, TransformConfig } from "./transform.ts";

/** Options of {@linkcode RandomHorizontalFlip}. */
export interface RandomHorizontalFlipOptions {
  /**
   * Probability of a flip, 0 to 1.
   *
   * @default {0.5}
   */
  readonly p?: number;
}

/**
 * Mirrors an image left to right with a given probability, as
 * `torchvision.transforms.RandomHorizontalFlip`.
 *
 * @example
 * ```ts
 * import { Generator } from "@fer/core";
 * import { RandomHorizontalFlip } from "@fer/core/transforms";
 *
 * const image = { data: Uint8Array.of(1, 2, 3), width: 3, height: 1 };
 * const always = new RandomHorizontalFlip(1).apply(image, new Generator(42));
 * console.assert(always.data.join() === "3,2,1");
 * ```
 */
export class RandomHorizontalFlip implements Transform {
  /** Probability of a flip. */
  readonly p: number;

  /**
   * Makes the transform and checks its options.
   *
   * @param options The probability, or options by name.
   * @throws {RangeError} When the probability is not from 0 to 1.
   */
  constructor(options: number | RandomHorizontalFlipOptions = {}) {
    const { p = 0.5 } = isPositional<number>(options) ? { p: options } : options;
    this.p = checkProbability("RandomHorizontalFlip", p);
  }

  /**
   * Mirrors the image, or gives it back as it is.
   *
   * @param image The image; not changed.
   * @param generator Draws one number.
   * @throws {TypeError} When it is not an image of bytes.
   */
  apply(image: Image, generator: Generator): Image {
    return generator.random() < this.p ? hflip(image) : image;
  }

  /** The transform as data. */
  toJSON(): TransformConfig {
    return { name: "RandomHorizontalFlip", p: this.p };
  }
}
