/**
 * A look at a whole picture with the network that finds faces of all sizes.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import type { Image } from "../transforms/transform.ts";
import { draw } from "./letterbox.ts";
import { decodePriors, MULTIPLE, priorNumbers, type SeenBox } from "./priors.ts";
import type { UltraLight } from "./ultra_light.ts";

/** The grey that fills up: zero, for the network. */
const GREY = 127;

/** A picture as the network takes it. */
export interface Shown {
  /** RGBA, `[height, width, 4]`. */
  readonly pixels: Uint8Array;
  /** A multiple of 32. */
  readonly width: number;
  /** Likewise. */
  readonly height: number;
  /** The part that the picture takes, from the left upper corner on. */
  readonly used: { readonly width: number; readonly height: number };
}

/**
 * Shows a picture in a size.
 *
 * @param image The picture.
 * @param edge How long its longer edge becomes.
 * @returns What the network takes.
 */
export function show(image: Image, edge: number): Shown {
  const scale = edge / Math.max(image.width, image.height);
  const used = {
    width: Math.max(1, Math.round(image.width * scale)),
    height: Math.max(1, Math.round(image.height * scale)),
  };
  const width = Math.ceil(used.width / MULTIPLE) * MULTIPLE;
  const height = Math.ceil(used.height / MULTIPLE) * MULTIPLE;
  const pixels = new Uint8Array(4 * width * height).fill(GREY);
  const part = { x: 0, y: 0, width: image.width, height: image.height };
  draw(image, part, { out: pixels, row: width, left: 0, top: 0, ...used });
  return { pixels, width, height, used };
}

/** The part of what was shown that the picture takes, as a picture. */
export function shownPart({ pixels, width: row, used: { width, height } }: Shown): Image {
  const data = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++) {
    data.set(pixels.subarray(4 * y * row, 4 * (y * row + width)), 4 * y * width);
  }
  return { data, width, height };
}

/** Looks at what is shown. Call it inside `tf.tidy()`. */
export function lookFar(network: UltraLight, shown: readonly Shown[]): tf.Tensor1D[] {
  return shown.map(({ pixels, width, height }) => network.apply(pixels, height, width));
}

/**
 * Reads what the network gave.
 *
 * @param values Its numbers for all that was shown, one after the other.
 * @param shown What was shown of one picture.
 * @param image The picture's size.
 * @param minScore The smallest score.
 * @returns For each that was shown what is seen there, in pixels of the picture.
 */
export function readFar(
  values: Float32Array,
  shown: readonly Shown[],
  image: { readonly width: number; readonly height: number },
  minScore: number,
): SeenBox[][] {
  let from = 0;
  return shown.map(({ width, height, used }) => {
    const length = priorNumbers(width, height);
    const own = values.subarray(from, from += length);
    const [x, y] = [image.width / used.width, image.height / used.height];
    return decodePriors(own, width, height, minScore).map(({ score, edges }) => ({
      score,
      edges: [edges[0] * x, edges[1] * y, edges[2] * x, edges[3] * y],
    }));
  });
}
