/**
 * Closer looks with the network that knows eyes, nose, mouth and ears.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { inOneSubmit } from "../kernels/one_submit.ts";
import type { Image } from "../transforms/transform.ts";
import { type Candidate, decodeAnchors, INPUT_SIZE, OUTPUTS } from "./anchors.ts";
import type { BlazeFace } from "./blaze_face.ts";
import { checkNumbers } from "./check_numbers.ts";
import type { Box } from "./face.ts";
import { type Letterbox, letterbox } from "./letterbox.ts";
import { turn } from "./upside_down.ts";

/** A part of a picture to look at. */
export interface NearLook {
  /** The picture. */
  readonly image: Image;
  /** The part of it, inside of it. */
  readonly part: Box;
  /** Pixels of another picture's width a pixel of this one, to tell places of that one. */
  readonly scale: number;
  /** Whether to look at it upside down. */
  readonly isTurned?: boolean;
}

/** Squares that go through the network at once. */
const BATCH = 16;

/** A candidate in parts of a square as one in pixels of the picture. */
function inPicture(
  { score, edges, landmarks }: Candidate,
  square: Letterbox,
  { scale, isTurned = false }: NearLook,
): Candidate {
  const along = (value: number): number => (isTurned ? 1 - value : value) * square.side;
  const x = (value: number): number => scale * (square.left + along(value));
  const y = (value: number): number => scale * (square.top + along(value));
  const [left, top, right, bottom] = isTurned ? [2, 3, 0, 1] : [0, 1, 2, 3];
  return {
    score,
    edges: [x(edges[left]), y(edges[top]), x(edges[right]), y(edges[bottom])],
    landmarks: landmarks.map((point) => ({ x: x(point.x), y: y(point.y) })),
  };
}

/**
 * Looks at parts of pictures, as many at once as fit.
 *
 * @param network BlazeFace.
 * @param looks The parts.
 * @param minScore The smallest score.
 * @returns For each what is seen there, in pixels of the picture.
 */
export async function lookNear(
  network: BlazeFace,
  looks: readonly NearLook[],
  minScore: number,
): Promise<Candidate[][]> {
  const seen: Candidate[][] = [];
  const length = 4 * INPUT_SIZE * INPUT_SIZE;
  for (let from = 0; from < looks.length; from += BATCH) {
    const some = looks.slice(from, from + BATCH);
    const pixels = new Uint8Array(some.length * length);
    const squares = some.map(({ image, part, isTurned }, i) => {
      const own = pixels.subarray(i * length, (i + 1) * length);
      const square = letterbox(image, part, INPUT_SIZE, own);
      if (isTurned) turn(own);
      return square;
    });
    const output = tf.tidy(() => inOneSubmit(() => network.apply(pixels, some.length)));
    let values: Float32Array;
    try {
      values = await output.data<"float32">();
    } finally {
      output.dispose();
    }
    checkNumbers(values);
    squares.forEach((square, i) => {
      const own = values.subarray(i * OUTPUTS, (i + 1) * OUTPUTS);
      const candidates = decodeAnchors(own, minScore);
      seen.push(candidates.map((each) => inPicture(each, square, some[i])));
    });
  }
  return seen;
}
