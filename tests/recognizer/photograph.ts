/**
 * The one photograph that comes with the tests, and what MediaPipe finds in it.
 *
 * @module
 */
import { decodeImage } from "../../src/data/decode.ts";
import type { Image } from "../../src/transforms/transform.ts";

/** The file's bytes. */
export const PHOTOGRAPH: Uint8Array = await Deno.readFile(
  new URL("astronaut.jpg", import.meta.url),
);

/** Its pixels, RGBA, 256x256. */
export const photograph: Image = await decodeImage(PHOTOGRAPH);

/**
 * What `@mediapipe/face_detection` 0.4.1646425229 answers in Chromium 150 for this file, with its
 * model `short`, the same bytes as in 0.4.1657300184: in parts of the picture.
 */
export const MEDIAPIPE = {
  score: 0.9230391979217529,
  middle: { x: 0.43964576721191406, y: 0.2491711527109146 },
  side: 0.1825401484966278,
  landmarks: [
    { x: 0.39872655272483826, y: 0.1963023990392685 },
    { x: 0.4847523868083954, y: 0.2108919471502304 },
    { x: 0.4346824586391449, y: 0.24215199053287506 },
    { x: 0.4286476969718933, y: 0.2828373908996582 },
    { x: 0.34725895524024963, y: 0.21339328587055206 },
    { x: 0.5291498303413391, y: 0.24290207028388977 },
  ],
} as const;

/** The photograph in a larger black picture, its upper left corner at `left`, `top`. */
export function placed(width: number, height: number, left: number, top: number): Image {
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < photograph.height; y++) {
    const row = photograph.data.subarray(4 * photograph.width * y, 4 * photograph.width * (y + 1));
    data.set(row, 4 * ((top + y) * width + left));
  }
  return { data, width, height };
}
