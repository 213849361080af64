/// <reference lib="dom" />
/**
 * A Grad-CAM map as a see-through picture.
 *
 * @module
 */
import type { SquareMap } from "../../../mod.ts";

/** From dark violet by red to yellow; the style sheet's `.ramp` shows the same. */
const STOPS = [[48, 18, 90], [140, 30, 110], [220, 60, 70], [252, 150, 30], [252, 250, 140]];

/** How much of the face the brightest colour covers. */
const COVER = 0.78;

function colour(value: number): readonly number[] {
  const at = Math.min(Math.max(value, 0), 1) * (STOPS.length - 1);
  const lower = Math.min(Math.floor(at), STOPS.length - 2);
  return STOPS[lower].map((from, c) => from + (STOPS[lower + 1][c] - from) * (at - lower));
}

/**
 * Draws a map, a pixel for each of its places.
 *
 * @param canvas Where to; takes the map's size.
 * @param map The map.
 */
export function drawHeat(canvas: HTMLCanvasElement, { map, size }: SquareMap): void {
  if (canvas.width !== size) canvas.width = canvas.height = size;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(size, size);
  for (let place = 0; place < size * size; place++) {
    const value = map[place];
    image.data.set([...colour(value), 255 * COVER * Math.sqrt(value)], 4 * place);
  }
  context.putImageData(image, 0, 0);
}
