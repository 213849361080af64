/**
 * Cuts a turned square out of a picture.
 *
 * @module
 */
import { channelsOf, type Image } from "../transforms/transform.ts";
import type { FaceCrop } from "./face.ts";

/** Pillow's luma, as `Grayscale` takes it. */
const [RED, GREEN, BLUE] = [19595 / 65536, 38470 / 65536, 7471 / 65536];

/**
 * Cuts a square out and makes it grey. Beyond the picture's edge its outermost pixels go on.
 *
 * Where the square shrinks, each pixel is the mean of as many places as it covers pixels of the
 * picture; each place lies between four of these.
 *
 * @param image The picture.
 * @param crop The square.
 * @param size Height and width of what comes out, in pixels.
 * @returns Grey samples, `[size, size]`.
 */
export function cutOut(image: Image, crop: FaceCrop, size: number): Image {
  const channels = channelsOf(image);
  const { data, width, height } = image;
  const out = new Uint8Array(size * size);
  const places = Math.max(1, Math.ceil(crop.size / size - 0.25));
  const step = crop.size / (size * places);
  const angle = crop.rotation * Math.PI / 180;
  const [right, down] = [step * Math.cos(angle), step * Math.sin(angle)];
  const half = size * places / 2 - 0.5;
  // The first place, measured at pixels' centres.
  const startX = crop.x - half * right + half * down - 0.5;
  const startY = crop.y - half * down - half * right - 0.5;
  const sums = new Float64Array(size);
  for (let y = 0; y < size; y++) {
    sums.fill(0);
    for (let row = y * places; row < (y + 1) * places; row++) {
      for (let column = 0; column < size * places; column++) {
        const placeX = Math.min(Math.max(startX + column * right - row * down, 0), width - 1);
        const placeY = Math.min(Math.max(startY + column * down + row * right, 0), height - 1);
        const [x, y] = [placeX | 0, placeY | 0];
        const [partX, partY] = [placeX - x, placeY - y];
        const above = (y * width + x) * channels;
        const next = x + 1 < width ? channels : 0;
        const below = y + 1 < height ? above + width * channels : above;
        const mix = (channel: number): number => {
          const upper = data[above + channel] +
            (data[above + next + channel] - data[above + channel]) * partX;
          const lower = data[below + channel] +
            (data[below + next + channel] - data[below + channel]) * partX;
          return upper + (lower - upper) * partY;
        };
        sums[column / places | 0] += channels === 1
          ? mix(0)
          : RED * mix(0) + GREEN * mix(1) + BLUE * mix(2);
      }
    }
    for (let x = 0; x < size; x++) out[y * size + x] = sums[x] / (places * places) + 0.5;
  }
  return { data: out, width: size, height: size };
}
