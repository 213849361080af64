/**
 * Rotation, as `torchvision.transforms.functional.rotate` on a PIL image.
 *
 * @module
 */
import { type AffineMatrix, mapAffine } from "./affine_map.ts";
import { type Interpolation, perChannel } from "./arguments.ts";
import { channelsOf, type Image } from "./transform.ts";

/** Options of {@linkcode rotate}. */
export interface RotateOptions {
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
 * Rotates an image counter-clockwise.
 *
 * Byte for byte what Pillow gives, nearest and bilinear.
 *
 * @param image The image; not changed.
 * @param angle Degrees counter-clockwise.
 * @param options See {@linkcode RotateOptions}.
 * @returns A new image, of the same size unless it expands.
 * @throws {RangeError} When the angle is not finite.
 * @throws {TypeError} When it is not an image of bytes, or `fill` has not one level a channel.
 *
 * @example
 * ```ts
 * import { rotate } from "@fer/core/transforms";
 *
 * const turned = rotate({ data: Uint8Array.of(1, 2, 3, 4), width: 2, height: 2 }, 90);
 * console.assert(turned.data.join() === "2,4,1,3");
 * ```
 */
export function rotate(image: Image, angle: number, options: RotateOptions = {}): Image {
  const { interpolation = "nearest", expand = false, center, fill = 0 } = options;
  const channels = channelsOf(image);
  if (!Number.isFinite(angle)) {
    throw new RangeError(`Cannot rotate an image by ${angle} degrees: expected a finite number`);
  }
  let { width, height } = image;
  let turn = angle % 360;
  if (turn < 0) turn += 360;
  if (center === undefined) {
    if (turn === 0) return { data: new Uint8Array(image.data), width, height };
    if (turn === 180) return quarterTurns(image, channels, 2);
    if ((turn === 90 || turn === 270) && (expand || width === height)) {
      return quarterTurns(image, channels, turn / 90);
    }
  }
  const radians = -(turn * (Math.PI / 180));
  const cos = round15(Math.cos(radians));
  const sin = round15(Math.sin(radians));
  const [x, y] = center ?? [width / 2, height / 2];
  let matrix: AffineMatrix = [
    cos,
    sin,
    cos * -x + sin * -y + x,
    -sin,
    cos,
    -sin * -x + cos * -y + y,
  ];
  if (expand) {
    const [a, b, c, d, e, f] = matrix;
    const corners = [[0, 0], [width, 0], [width, height], [0, height]];
    const across = corners.map(([x, y]) => a * x + b * y + c);
    const down = corners.map(([x, y]) => d * x + e * y + f);
    const newWidth = Math.ceil(Math.max(...across)) - Math.floor(Math.min(...across));
    const newHeight = Math.ceil(Math.max(...down)) - Math.floor(Math.min(...down));
    const x = -(newWidth - width) / 2;
    const y = -(newHeight - height) / 2;
    matrix = [a, b, a * x + b * y + c, d, e, d * x + e * y + f];
    width = newWidth;
    height = newHeight;
  }
  const levels = perChannel("rotate", fill, channels);
  return mapAffine(image, channels, matrix, height, width, interpolation, levels);
}

/** Rounds to 15 decimals, correctly, as Python's `round(x, 15)`: Pillow's matrix is so rounded. */
function round15(value: number): number {
  return Number(value.toFixed(15));
}

/** Turns an image by quarters, counter-clockwise, moving pixels only. */
function quarterTurns(image: Image, channels: number, quarters: number): Image {
  const { data: source, width, height } = image;
  const data = new Uint8Array(source.length);
  const [outWidth, outHeight] = quarters === 2 ? [width, height] : [height, width];
  for (let y = 0, o = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      const inX = quarters === 1 ? width - 1 - y : quarters === 2 ? width - 1 - x : y;
      const inY = quarters === 1 ? x : quarters === 2 ? height - 1 - y : height - 1 - x;
      const i = (inY * width + inX) * channels;
      for (let c = 0; c < channels; c++) data[o++] = source[i + c];
    }
  }
  return { data, width: outWidth, height: outHeight };
}
