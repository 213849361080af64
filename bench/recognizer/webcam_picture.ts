/**
 * A picture as a webcam takes it, with one face.
 *
 * @module
 */
import { decodeImage } from "../../src/data.ts";
import { type Image, resize } from "../../src/transforms.ts";

/** As webcams give pictures. */
export const [WIDTH, HEIGHT] = [640, 480];

/**
 * The tests' photograph in a picture of a size, RGBA as a canvas gives it.
 *
 * @param width Its width.
 * @param height Its height.
 * @param shift How far the face is from its middle, in pixels to the right.
 * @returns The picture; the face is 150 pixels wide.
 */
export async function webcamPicture(width: number, height: number, shift = 0): Promise<Image> {
  const file = new URL("../../tests/recognizer/astronaut.jpg", import.meta.url);
  const photograph = await decodeImage(await Deno.readFile(file));
  const side = Math.round(3.2 * photograph.width);
  const large = resize(photograph, side, side);
  const data = new Uint8ClampedArray(width * height * 4);
  // The face's middle is at 44 % and 25 % of the photograph.
  const left = Math.round(0.44 * side - width / 2) - shift;
  const top = Math.round(0.25 * side - height / 2);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [Math.max(x + left, 0), Math.max(y + top, 0)];
      if (u >= side || v >= side) continue;
      for (let c = 0; c < 4; c++) {
        data[4 * (y * width + x) + c] = large.data[4 * (v * side + u) + c];
      }
    }
  }
  return { data, width, height };
}
