/**
 * Crops, as `crop` and `center_crop` of `torchvision.transforms.functional`.
 *
 * @module
 */
import { roundHalfEven } from "./arguments.ts";
import { channelsOf, type Image } from "./transform.ts";

/**
 * Cuts a rectangle out of an image; what lies outside the image is black.
 *
 * @param image The image; not changed.
 * @param top Row of the rectangle's upper edge.
 * @param left Pixel of its left edge.
 * @param height Its rows.
 * @param width Its pixels a row.
 * @returns A new image.
 * @throws {RangeError} When the place is not whole or the rectangle is empty.
 * @throws {TypeError} When it is not an image of bytes.
 *
 * @example
 * ```ts
 * import { crop } from "@fer/core/transforms";
 *
 * const part = crop({ data: Uint8Array.of(1, 2, 3, 4), width: 2, height: 2 }, 1, 0, 1, 2);
 * console.assert(part.data.join() === "3,4");
 * ```
 */
export function crop(
  image: Image,
  top: number,
  left: number,
  height: number,
  width: number,
): Image {
  const channels = channelsOf(image);
  if (
    !Number.isInteger(top) || !Number.isInteger(left) ||
    !Number.isInteger(height) || !Number.isInteger(width) || height < 1 || width < 1
  ) {
    throw new RangeError(
      `Cannot crop ${width}x${height} at row ${top}, pixel ${left}: ` +
        "expected whole numbers and at least one pixel",
    );
  }
  const data = new Uint8Array(height * width * channels);
  const from = Math.max(left, 0);
  const to = Math.min(left + width, image.width);
  if (from < to) {
    for (let y = Math.max(0, -top); y < height && top + y < image.height; y++) {
      const row = (top + y) * image.width;
      data.set(
        image.data.subarray((row + from) * channels, (row + to) * channels),
        (y * width + from - left) * channels,
      );
    }
  }
  return { data, width, height };
}

/**
 * Cuts the middle out of an image; an image that is smaller is padded with black.
 *
 * @param image The image; not changed.
 * @param height Rows that come out.
 * @param width Pixels a row that come out.
 * @returns A new image.
 * @throws {RangeError} When the rectangle is empty.
 * @throws {TypeError} When it is not an image of bytes.
 */
export function centerCrop(image: Image, height: number, width: number): Image {
  return crop(image, middle(image.height, height), middle(image.width, width), height, width);
}

/** Where a crop of `wanted` begins in an edge of `given`: torchvision's padding and rounding. */
function middle(given: number, wanted: number): number {
  return wanted > given ? -Math.floor((wanted - given) / 2) : roundHalfEven((given - wanted) / 2);
}
