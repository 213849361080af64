/**
 * Mirror, rotate, scale, stretch, shift and crop an image at random, all at once.
 *
 * @module
 */
import type { Generator } from "../random.ts";
import {
  checkInterval,
  checkProbability,
  checkSize,
  type Interval,
  isPositional,
  show,
  type Size,
} from "./arguments.ts";
import { premultiply, unpremultiply } from "./premultiply.ts";
import { anglesOf } from "./random_rotation.ts";
import { resize } from "./resize.ts";
import { channelsOf, type Image, type Transform, type TransformConfig } from "./transform.ts";

/** Options of {@linkcode RandomWarp}. */
export interface RandomWarpOptions {
  /** Pixels that come out: `[height, width]`, or one number for a square. */
  readonly size: Size;
  /**
   * Probability that the image is mirrored left to right, 0 to 1.
   *
   * @default {0.5}
   */
  readonly flip?: number;
  /**
   * Degrees: `[low, high]`, or one number for `[-number, number]`.
   *
   * @default {12}
   */
  readonly degrees?: number | Interval;
  /**
   * Range of the area that a pixel that comes out covers, in pixels of the image: below 1 enlarges.
   *
   * @default {[0.8, 1.1]}
   */
  readonly scale?: Interval;
  /**
   * Range of the width of what comes out over its height, as it lies on the image; 1 keeps
   * proportions. Drawn evenly on a logarithmic scale.
   *
   * @default {[(3 / 4) ** 0.25, (4 / 3) ** 0.25]}
   */
  readonly ratio?: Interval;
  /**
   * How far what comes out may reach over the image's edges, as a share of half its width and
   * height: it lies anywhere within them, and so much further.
   *
   * @default {0.08}
   */
  readonly shift?: number;
  /**
   * Degrees by which columns lean: `[low, high]`, or one number for `[-number, number]`.
   *
   * @default {0}
   */
  readonly shear?: number | Interval;
  /**
   * How much brighter or darker an image becomes: its levels are multiplied by a factor from
   * `1 - brightness` to `1 + brightness`, as `torchvision.transforms.ColorJitter` does; 0 to 1.
   *
   * @default {0}
   */
  readonly brightness?: number;
  /**
   * How much contrast changes, after brightness: differences to the image's mean are multiplied by a
   * factor from `1 - contrast` to `1 + contrast`; 0 to 1.
   *
   * @default {0}
   */
  readonly contrast?: number;
  /**
   * Probability that what comes out is made smaller, to between half and all of its edges, and
   * larger again: a small face that was enlarged. 0 to 1.
   *
   * @default {0}
   */
  readonly downscale?: number;
}

/** What {@linkcode RandomWarp} draws for an image. */
export interface WarpParams {
  /** Whether the image is mirrored left to right. */
  readonly mirrored: boolean;
  /** The angle in degrees. */
  readonly angle: number;
  /** Pixels of the image that a pixel that comes out covers, along x and y. */
  readonly scale: readonly [x: number, y: number];
  /** Where the middle of what comes out lies on the image: 0 its middle, -1 and 1 its edges. */
  readonly shift: readonly [x: number, y: number];
  /** How far columns lean, in degrees. */
  readonly shear: number;
  /** What levels are multiplied by. */
  readonly brightness: number;
  /** What differences to the mean are then multiplied by. */
  readonly contrast: number;
  /** The size that the result is made smaller to, as a share of its edges; 1 for none. */
  readonly downscale: number;
}

/**
 * Mirrors, rotates, shears, scales, stretches, shifts and crops an image in one bilinear map, so that
 * its pixels are blended once, and changes brightness and contrast in the same pass. What lies outside
 * the image is its nearest pixel.
 *
 * The map is what `torch.nn.functional.affine_grid` and `grid_sample(padding_mode="border")` give, rounded
 * to bytes.
 *
 * @example
 * ```ts
 * import { Generator } from "@fer/core";
 * import { RandomWarp } from "@fer/core/transforms";
 *
 * const image = { data: new Uint8Array(48 * 48).fill(200), width: 48, height: 48 };
 * const warped = new RandomWarp(40).apply(image, new Generator(42));
 * console.assert(warped.width === 40 && warped.data.every((level) => level === 200));
 * ```
 */
export class RandomWarp implements Transform {
  /** Pixels that come out, `[height, width]`. */
  readonly size: readonly [height: number, width: number];
  /** Probability of a mirror image. */
  readonly flip: number;
  /** The range of angles, in degrees. */
  readonly degrees: Interval;
  /** Range of the area that a pixel covers. */
  readonly scale: Interval;
  /** Range of width over height. */
  readonly ratio: Interval;
  /** How far it may reach over the edges. */
  readonly shift: number;
  /** The range of shears, in degrees. */
  readonly shear: Interval;
  /** How much brightness changes. */
  readonly brightness: number;
  /** How much contrast changes. */
  readonly contrast: number;
  /** Probability that detail is lost. */
  readonly downscale: number;

  /**
   * Makes the transform and checks its options.
   *
   * @param size The size, or all options by name.
   * @param options The options besides the size.
   * @throws {RangeError} When an option is out of range.
   */
  constructor(size: Size | RandomWarpOptions, options: Omit<RandomWarpOptions, "size"> = {}) {
    const all = isPositional<Size>(size) ? { ...options, size } : size;
    const name = "RandomWarp";
    const { flip = 0.5, degrees = 12, scale = [0.8, 1.1], shift = 0.08 } = all;
    this.size = checkSize(name, all.size);
    this.flip = checkProbability(name, flip);
    this.degrees = anglesOf(name, degrees);
    this.scale = checkInterval(name, "scale", scale, Number.MIN_VALUE);
    const ratio = all.ratio ?? [(3 / 4) ** 0.25, (4 / 3) ** 0.25];
    this.ratio = checkInterval(name, "ratio", ratio, Number.MIN_VALUE);
    if (!(shift >= 0 && shift < Infinity)) {
      throw new RangeError(
        `Cannot make ${name} of shift ${show(shift)}: expected a share of at least 0`,
      );
    }
    this.shift = shift;
    const { shear = 0, brightness = 0, contrast = 0, downscale = 0 } = all;
    this.shear = anglesOf(name, shear, "shear");
    if (this.shear.some((angle) => Math.abs(angle) >= 90)) {
      throw new RangeError(
        `Cannot make ${name} of shear ${show(shear)}: expected degrees between -90 and 90`,
      );
    }
    for (const [option, value] of Object.entries({ brightness, contrast })) {
      if (value >= 0 && value <= 1) continue;
      throw new RangeError(
        `Cannot make ${name} of ${option} ${show(value)}: expected a number from 0 to 1`,
      );
    }
    this.brightness = brightness;
    this.contrast = contrast;
    this.downscale = checkProbability(name, downscale);
  }

  /**
   * Draws a map.
   *
   * @param image The image, whose edges limit the shift.
   * @param generator Draws mirror image, angle, area, ratio and shifts along x and y, in that order;
   * then shear, brightness, contrast and loss of detail, those of them that are asked for.
   */
  getParams(
    image: { readonly width: number; readonly height: number },
    generator: Generator,
  ): WarpParams {
    const [height, width] = this.size;
    const mirrored = generator.random() < this.flip;
    const angle = generator.uniform(...this.degrees);
    const side = Math.sqrt(generator.uniform(...this.scale));
    const [low, high] = this.ratio;
    const stretch = Math.sqrt(Math.exp(generator.uniform(Math.log(low), Math.log(high))));
    const scale = [side * stretch, side / stretch] as const;
    const within = (covered: number, edge: number) => {
      const most = Math.max(0, 1 - covered / edge) + this.shift;
      return generator.uniform(-most, most);
    };
    const x = within(scale[0] * width, image.width);
    const y = within(scale[1] * height, image.height);
    const around = (most: number) => most > 0 ? generator.uniform(1 - most, 1 + most) : 1;
    const shear = this.shear.some((angle) => angle !== 0) ? generator.uniform(...this.shear) : 0;
    const brightness = around(this.brightness);
    const contrast = around(this.contrast);
    const isSmall = this.downscale > 0 && generator.random() < this.downscale;
    const downscale = isSmall ? generator.uniform(0.5, 1) : 1;
    return { mirrored, angle, scale, shift: [x, y], shear, brightness, contrast, downscale };
  }

  /**
   * Maps the image.
   *
   * @param image The image; not changed.
   * @param generator Draws the map.
   * @throws {TypeError} When it is not an image of bytes.
   */
  apply(image: Image, generator: Generator): Image {
    const channels = channelsOf(image);
    const params = this.getParams(image, generator);
    const { mirrored, angle, scale, shift, brightness, contrast, downscale } = params;
    const [height, width] = this.size;
    const radians = angle * Math.PI / 180;
    const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
    const alongX = mirrored ? -scale[0] : scale[0];
    // From places to places, both measured from the middle of the pixel in the upper left corner.
    const [a, d] = [alongX * cos, alongX * sin];
    const lean = Math.tan(params.shear * Math.PI / 180);
    const [b, e] = [lean * a - scale[1] * sin, lean * d + scale[1] * cos];
    const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
    const c = (image.width * (1 + shift[0]) - 1) / 2 - a * middleX - b * middleY;
    const f = (image.height * (1 + shift[1]) - 1) / 2 - d * middleX - e * middleY;
    const data = new Uint8Array(width * height * channels);
    const source = channels === 4 ? { ...image, data: premultiply(image.data) } : image;
    sample(source, channels, [a, b, c, d, e, f], data, width);
    if (channels === 4) unpremultiply(data);
    const mapped = { data, width, height };
    const sharp = downscale < 1 ? lessDetailed(mapped, downscale) : mapped;
    return changeLight(sharp, brightness, contrast);
  }

  /** The transform as data. */
  toJSON(): TransformConfig {
    const { size, flip, degrees, scale, ratio, shift, shear, brightness, contrast, downscale } =
      this;
    const map = { size, flip, degrees, scale, ratio, shift, shear };
    return { name: "RandomWarp", ...map, brightness, contrast, downscale };
  }
}

/** An image made smaller, to a share of its edges, and larger again. */
function lessDetailed(image: Image, share: number): Image {
  const { width, height } = image;
  const less = (edge: number) => Math.max(1, Math.round(edge * share));
  return resize(resize(image, less(height), less(width)), height, width);
}

/** An image with its levels multiplied, then their differences to the mean; alpha stays. */
function changeLight(image: Image, brightness: number, contrast: number): Image {
  if (brightness === 1 && contrast === 1) return image;
  const { data } = image;
  const channels = channelsOf(image);
  const isColour = (i: number) => channels !== 4 || i % 4 !== 3;
  let [sum, samples] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    if (!isColour(i)) continue;
    sum += data[i];
    samples++;
  }
  const slope = brightness * contrast;
  const shift = samples > 0 ? brightness * (1 - contrast) * sum / samples : 0;
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const level = isColour(i) ? data[i] * slope + shift : data[i];
    out[i] = level <= 0 ? 0 : level >= 255 ? 255 : level + 0.5;
  }
  return { ...image, data: out };
}

/** Fills `out` with what lies at `(a x + b y + c, d x + e y + f)`. */
function sample(
  image: Image,
  channels: number,
  [a, b, c, d, e, f]: readonly [number, number, number, number, number, number],
  out: Uint8Array,
  outWidth: number,
): void {
  const { data, width, height } = image;
  const stride = width * channels;
  const [mostX, mostY] = [width - 1, height - 1];
  for (let o = 0, y = 0; o < out.length; y++) {
    const [rowX, rowY] = [b * y + c, e * y + f];
    for (let x = 0; x < outWidth; x++) {
      let placeX = a * x + rowX;
      let placeY = d * x + rowY;
      placeX = placeX > 0 ? (placeX < mostX ? placeX : mostX) : 0;
      placeY = placeY > 0 ? (placeY < mostY ? placeY : mostY) : 0;
      const left = placeX | 0;
      const upper = placeY | 0;
      const partX = placeX - left;
      const partY = placeY - upper;
      const right = left < mostX ? channels : 0;
      const lower = upper < mostY ? stride : 0;
      let at = upper * stride + left * channels;
      for (let channel = 0; channel < channels; channel++, at++) {
        const above = data[at] + (data[at + right] - data[at]) * partX;
        const start = data[at + lower];
        const below = start + (data[at + lower + right] - start) * partX;
        out[o++] = above + (below - above) * partY + 0.5;
      }
    }
  }
}
