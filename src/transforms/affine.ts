/**
 * Rotation, shift, scale and shear at once, as `torchvision.transforms.functional.affine` on a PIL
 * image.
 *
 * @module
 */
import { type AffineMatrix, mapAffine } from "./affine_map.ts";
import { type Interpolation, perChannel } from "./arguments.ts";
import { channelsOf, type Image } from "./transform.ts";

/** Options of {@linkcode affine}. */
export interface AffineOptions {
  /**
   * Degrees clockwise.
   *
   * @default {0}
   */
  readonly angle?: number;
  /**
   * Pixels to the right and down.
   *
   * @default {[0, 0]}
   */
  readonly translate?: readonly [x: number, y: number];
  /**
   * Factor of both edges, above 0.
   *
   * @default {1}
   */
  readonly scale?: number;
  /**
   * Degrees of shear along x and along y.
   *
   * @default {[0, 0]}
   */
  readonly shear?: readonly [x: number, y: number];
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
 * Rotates, shifts, scales and shears an image in one step.
 *
 * @param image The image; not changed.
 * @param options See {@linkcode AffineOptions}.
 * @returns A new image of the same size.
 * @throws {RangeError} When a number is not finite or the scale is not above 0.
 * @throws {TypeError} When it is not an image of bytes, or `fill` has not one level a channel.
 *
 * @example
 * ```ts
 * import { affine } from "@fer/core/transforms";
 *
 * const shifted = affine({ data: Uint8Array.of(1, 2, 3), width: 3, height: 1 }, {
 *   translate: [1, 0],
 * });
 * console.assert(shifted.data.join() === "0,1,2");
 * ```
 */
export function affine(image: Image, options: AffineOptions = {}): Image {
  const { angle = 0, translate = [0, 0], scale = 1, shear = [0, 0], fill = 0 } = options;
  const { width, height } = image;
  const channels = channelsOf(image);
  const numbers = [angle, scale, ...translate, ...shear];
  if (!numbers.every((value) => Number.isFinite(value)) || scale <= 0) {
    throw new RangeError(
      `Cannot map an image by angle ${angle}, translate [${translate}], scale ${scale}, ` +
        `shear [${shear}]: expected finite numbers and a scale above 0`,
    );
  }
  const [x, y] = options.center ?? [width * 0.5, height * 0.5];
  const matrix = inverseMatrix(x, y, angle, translate, scale, shear);
  const levels = perChannel("affine", fill, channels);
  const interpolation = options.interpolation ?? "nearest";
  return mapAffine(image, channels, matrix, height, width, interpolation, levels);
}

/** torchvision's `_get_inverse_affine_matrix`, operation by operation. */
function inverseMatrix(
  cx: number,
  cy: number,
  angle: number,
  translate: readonly [number, number],
  scale: number,
  shear: readonly [number, number],
): AffineMatrix {
  const rotation = angle * (Math.PI / 180);
  const sx = shear[0] * (Math.PI / 180);
  const sy = shear[1] * (Math.PI / 180);
  const [tx, ty] = translate;
  const a = Math.cos(rotation - sy) / Math.cos(sy);
  const b = -Math.cos(rotation - sy) * Math.tan(sx) / Math.cos(sy) - Math.sin(rotation);
  const c = Math.sin(rotation - sy) / Math.cos(sy);
  const d = -Math.sin(rotation - sy) * Math.tan(sx) / Math.cos(sy) + Math.cos(rotation);
  const [xx, xy, yx, yy] = [d / scale, -b / scale, -c / scale, a / scale];
  return [
    xx,
    xy,
    xx * (-cx - tx) + xy * (-cy - ty) + cx,
    yx,
    yy,
    yx * (-cx - tx) + yy * (-cy - ty) + cy,
  ];
}
