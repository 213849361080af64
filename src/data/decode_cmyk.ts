/**
 * JPEG of four inks to pixels.
 *
 * @module
 */
import type { Image } from "../transforms/transform.ts";
import { decodeJpeg } from "./decode_jpeg.ts";
import { dropComponent, readComponents } from "./drop_component.ts";

/** Adobe's mark for inks of which the first three are told as YCbCr: YCCK (its note 5116). */
const YCCK = 2;

/**
 * Decodes a JPEG file in CMYK or YCCK to the bytes that Pillow's `convert("RGB")` gives: as Adobe's
 * programs write them, with 255 for no ink, and without regard to colour profiles.
 *
 * libjpeg knows no way from four components to RGB. Each of two copies of the file has lost another
 * one, and is decoded as if its three were red, green and blue.
 *
 * @param bytes The file.
 * @returns Its pixels, `[height, width, 4]`, turned the right way up.
 * @throws {TypeError} With libjpeg's own words when the file is damaged or cut off.
 */
export async function decodeCmyk(bytes: Uint8Array): Promise<Image> {
  const { components, transform } = readComponents(bytes);
  const highest = (of: "across" | "down"): number => {
    const most = Math.max(...components.map((each) => each[of]));
    return components.findIndex((each) => each[of] === most);
  };
  // These hold the others' places; at least two others can go.
  const needed = [highest("across"), highest("down")];
  const [first, second] = [3, 2, 1, 0].filter((index) => !needed.includes(index));
  const without = [first, second].map((index) => ({ index, left: dropComponent(bytes, index) }));
  const images = await Promise.all(without.map(({ left }) => decodeJpeg(left)));
  const places = [0, 1, 2, 3].map((index) => {
    const from = index === first ? 1 : 0;
    return { data: images[from].data, at: index - (index > without[from].index ? 1 : 0) };
  });
  const [{ width, height }] = images;
  const data = new Uint8Array(4 * width * height);
  const inks = new Uint8Array(4);
  for (let i = 0; i < data.length; i += 4) {
    for (let ink = 0; ink < 4; ink++) inks[ink] = places[ink].data[i + places[ink].at];
    if (transform === YCCK) toInks(inks);
    const light = inks[3];
    for (let c = 0; c < 3; c++) data[i + c] = light - share(255 - inks[c], light);
    data[i + 3] = 255;
  }
  return { data, width, height };
}

/** YCbCr to what is left of light under three inks, in libjpeg's fixed point. */
function toInks(values: Uint8Array): void {
  const [y, blue, red] = [values[0], values[1] - 128, values[2] - 128];
  const clamped = (value: number): number => 255 - Math.min(Math.max(value, 0), 255);
  values[0] = clamped(y + ((91881 * red + 32768) >> 16));
  values[1] = clamped(y + ((-22554 * blue - 46802 * red + 32768) >> 16));
  values[2] = clamped(y + ((116130 * blue + 32768) >> 16));
}

/** a * b / 255, rounded as Pillow does it. */
function share(a: number, b: number): number {
  const product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}
