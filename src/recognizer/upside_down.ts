/**
 * Pictures that stand on their heads.
 *
 * @module
 */
import { channelsOf, type Image } from "../transforms/transform.ts";
import type { DetectedFace } from "./face.ts";

/**
 * Turns RGBA pixels by 180 degrees, in place: the last comes first.
 *
 * @param pixels The pixels.
 */
export function turn(pixels: Uint8Array): void {
  new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length / 4).reverse();
}

/**
 * A picture turned by 180 degrees.
 *
 * @param image The picture.
 * @returns Another, of the same size.
 */
export function turned(image: Image): Image {
  const channels = channelsOf(image);
  const { width, height, data } = image;
  const out = new Uint8Array(data.length);
  for (let from = 0, to = out.length - channels; to >= 0; from += channels, to -= channels) {
    for (let channel = 0; channel < channels; channel++) out[to + channel] = data[from + channel];
  }
  return { data: out, width, height };
}

/**
 * A face of a turned picture where it is in the picture itself.
 *
 * @param face The face.
 * @param size The picture's size.
 * @returns The face; its landmarks tell that it stands on its head.
 */
export function turnedBack(
  { box, score, landmarks }: DetectedFace,
  { width, height }: { readonly width: number; readonly height: number },
): DetectedFace {
  return {
    box: { ...box, x: width - box.x - box.width, y: height - box.y - box.height },
    score,
    landmarks: landmarks.map(({ x, y }) => ({ x: width - x, y: height - y })),
  };
}
