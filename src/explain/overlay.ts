/**
 * A map of what counted, laid over the face.
 *
 * @module
 */
import { Grayscale } from "../transforms/grayscale.ts";
import type { Image } from "../transforms/transform.ts";
import { COLOUR_MAPS, type ColourMap, colourMap } from "./colour_map.ts";
import { resizeMap } from "./scalar_map.ts";

/** How `overlayExplanation()` mixes face and map. */
export interface OverlayOptions {
  /**
   * How much of the face the colour covers where the map is 1, from 0 to 1; where it is 0, the face
   * is left as it is.
   *
   * @default 0.6
   */
  readonly alpha?: number;
  /**
   * Colours from what speaks for the class a little to what speaks for it most.
   *
   * @default "viridis"
   */
  readonly colourMap?: ColourMap;
}

/** How much of the face the colour covers by default where the map is 1. */
export const OVERLAY_ALPHA = 0.6;

/** A square map of numbers from 0 to 1. */
export interface SquareMap {
  /** `[size, size]`. */
  readonly map: ArrayLike<number>;
  /** Height and width. */
  readonly size: number;
}

/**
 * Lays a map over an image in memory.
 *
 * @param explanation The map.
 * @param image The face.
 * @param options Colours and how much of them.
 * @returns RGBA, fully opaque, of the image's size.
 * @throws {TypeError} When it is not an image of bytes.
 * @throws {RangeError} When an option is out of range.
 */
export function overlayImage(
  { map, size }: SquareMap,
  image: Image,
  { alpha = OVERLAY_ALPHA, colourMap: name = "viridis" }: OverlayOptions = {},
): Image {
  if (!(alpha >= 0 && alpha <= 1)) {
    throw new RangeError(`Cannot overlay with alpha ${alpha}: expected 0 to 1`);
  }
  if (!COLOUR_MAPS.includes(name)) {
    throw new RangeError(
      `Cannot overlay with colour map ${name}: expected ${COLOUR_MAPS.join(" or ")}`,
    );
  }
  const { data: grey, width, height } = new Grayscale().apply(image);
  const values = resizeMap(map, size, size, height, width);
  const colourOf = colourMap(name);
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  values.forEach((value, place) => {
    const cover = alpha * value;
    colourOf(value).forEach((channel, c) => {
      data[4 * place + c] = grey[place] * (1 - cover) + channel * cover;
    });
  });
  return { data, width, height };
}
