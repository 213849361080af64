/**
 * Drawn faces: the seven expressions without a single photograph.
 *
 * @module
 */
import { EMOTIONS, IMAGE_SIZE } from "../emotions.ts";
import { Generator } from "../random.ts";
import { Canvas } from "./canvas.ts";
import { FerDataset } from "./dataset.ts";
import { VOTE_COLUMNS } from "./votes.ts";
import { drawFace } from "./drawn_face.ts";

/** Votes that each drawing has for what it was drawn to show, as many as FER+ asked people. */
const VOTES = 10;

/** How {@linkcode drawnFaces} draws. */
export interface DrawnFacesOptions {
  /**
   * Height and width of the images, in pixels.
   * @default {48}
   */
  readonly size?: number;
  /**
   * The share of the images that are `PublicTest`, from 0 to 1.
   * @default {0.1}
   */
  readonly validation?: number;
  /**
   * The share of the images that are `PrivateTest`, from 0 to 1.
   * @default {0.1}
   */
  readonly test?: number;
}

/**
 * Draws faces that show the seven expressions, so that whatever needs faces runs without a
 * download. They differ in brows, eyes, mouth and how strong the expression is, and in what should
 * not matter: head, hair, glasses, beard, pose, light, blur, noise.
 *
 * Each class has the same number of images, give or take one. Image `i` depends on the seed, `i`
 * and the size alone. The first are `Training`, then come `PublicTest` and `PrivateTest`, as in
 * FER-2013. Ten votes say of each what it was drawn to show.
 *
 * @param n The number of images, 0 or more.
 * @param seed An integer from 0 to 2^53 - 1.
 * @param options Size and splits.
 * @returns The images with the seven {@linkcode EMOTIONS} as classes.
 * @throws {RangeError} When an argument is out of range.
 *
 * @example
 * ```ts
 * import { drawnFaces } from "@fer/core";
 *
 * const faces = drawnFaces(70, 42);
 * console.assert(faces.length === 70 && faces.split("Training").length === 56);
 * ```
 */
export function drawnFaces(
  n: number,
  seed: number,
  options: DrawnFacesOptions = {},
): FerDataset {
  const { size = IMAGE_SIZE, validation = 0.1, test = 0.1 } = options;
  if (!Number.isInteger(n) || n < 0) {
    throw new RangeError(`Cannot draw ${n} faces: expected a whole number from 0`);
  }
  if (!Number.isInteger(size) || size < 8) {
    throw new RangeError(`Cannot draw faces of size ${size}: expected a whole number from 8`);
  }
  if (!(validation >= 0 && test >= 0 && validation + test <= 1)) {
    throw new RangeError(
      `Cannot split drawn faces with validation ${validation} and test ${test}: ` +
        "expected shares from 0 that add up to 1 at most",
    );
  }
  const area = size * size;
  const tested = Math.round(n * test);
  const validated = Math.min(n - tested, Math.round(n * validation));
  const pixels = new Uint8Array(n * area);
  const labels = new Int8Array(n);
  const usages = new Uint8Array(n);
  const votes = new Uint16Array(n * VOTE_COLUMNS.length);
  const canvas = new Canvas(size);
  for (let i = 0; i < n; i++) {
    labels[i] = i % EMOTIONS.length;
    votes[i * VOTE_COLUMNS.length + labels[i]] = VOTES;
    usages[i] = i < n - tested - validated ? 0 : i < n - tested ? 1 : 2;
    const generator = new Generator(seed, i);
    drawFace(canvas, labels[i], generator);
    canvas.develop(pixels.subarray(i * area, (i + 1) * area), generator);
  }
  return new FerDataset({
    pixels,
    labels,
    usages,
    votes,
    classes: EMOTIONS,
    size,
    source: `drawnFaces(${n}, ${seed})`,
  });
}
