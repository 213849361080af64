/**
 * A map of what counted, laid over the face.
 *
 * @module
 */
import { type ImageInput, readImages } from "../predict/image_input.ts";
import { Grayscale } from "../transforms/grayscale.ts";
import type { Image } from "../transforms/transform.ts";
import { COLOUR_MAPS, type ColourMap, colourMap } from "./colour_map.ts";
import { resizeMap } from "./scalar_map.ts";

/** How {@linkcode overlayExplanation} mixes face and map. */
export interface OverlayOptions {
  /**
   * How much of the colour covers the face, from 0 to 1.
   *
   * @default 0.5
   */
  readonly alpha?: number;
  /**
   * Colours from what did not count to what counted most.
   *
   * @default "viridis"
   */
  readonly colourMap?: ColourMap;
}

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
 */
export function overlayImage(
  { map, size }: SquareMap,
  image: Image,
  { alpha = 0.5, colourMap: name = "viridis" }: OverlayOptions = {},
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
    colourOf(value).forEach((channel, c) => {
      data[4 * place + c] = grey[place] * (1 - alpha) + channel * alpha;
    });
  });
  return { data, width, height };
}

/**
 * Lays an explanation's map over the face that it is of: grey below, colours above.
 *
 * @param explanation What {@linkcode explain} gave for the image.
 * @param image The same image, in any form that `explain()` takes.
 * @param options Colours and how much of them.
 * @returns RGBA, fully opaque, of the image's size; `encodePng()` makes a file of it.
 * @throws {TypeError} When the image is none.
 * @throws {RangeError} When an option is out of range.
 *
 * @example
 * ```ts
 * import { buildFerCnn, encodePng, explain, overlayExplanation } from "@fer/core";
 *
 * const model = buildFerCnn({ filters: [4, 4, 4], hidden: 8 });
 * const face = { data: new Uint8Array(96 * 96).fill(128), width: 96, height: 96 };
 * const overlay = await overlayExplanation(await explain(model, face), face, { alpha: 0.4 });
 * console.assert(overlay.width === 96 && overlay.data.length === 4 * 96 * 96);
 * const png = await encodePng(overlay);
 * console.assert(png[1] === "P".charCodeAt(0));
 * ```
 */
export async function overlayExplanation(
  explanation: SquareMap,
  image: ImageInput,
  options: OverlayOptions = {},
): Promise<Image> {
  const [[read]] = await readImages(image);
  return overlayImage(explanation, read, options);
}
