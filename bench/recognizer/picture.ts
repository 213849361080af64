/**
 * The picture that recognizing is timed on.
 *
 * @module
 */
import { decodeImage } from "../../src/data.ts";
import { type Image, resize } from "../../src/transforms.ts";

/** As webcams give them. */
export const [WIDTH, HEIGHT] = [640, 480];

/**
 * The tests' photograph, enlarged so that its one face is as large as before a webcam.
 *
 * @param width How wide the picture is.
 * @param height How high.
 * @returns RGBA as a canvas gives it, the face in its middle.
 */
export async function webcamPicture(width: number, height: number): Promise<Image> {
  const file = new URL("../../tests/recognizer/astronaut.jpg", import.meta.url);
  const photograph = await decodeImage(await Deno.readFile(file));
  const side = Math.round(3.2 * photograph.width);
  const large = resize(photograph, side, side);
  const data = new Uint8ClampedArray(width * height * 4);
  // The face's middle is at 44 % and 25 % of the photograph.
  const [left, top] = [Math.round(0.44 * side - width / 2), Math.round(0.25 * side - height / 2)];
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
