/**
 * Finds faces in pictures.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { inOneSubmit } from "../kernels/one_submit.ts";
import type { Image } from "../transforms/transform.ts";
import { type Candidate, decodeAnchors, INPUT_SIZE, OUTPUTS } from "./anchors.ts";
import type { BlazeFace } from "./blaze_face.ts";
import type { Box, DetectedFace } from "./face.ts";
import { type Letterbox, letterbox } from "./letterbox.ts";
import { suppress } from "./suppress.ts";

/** How {@linkcode detectFaces} looks. */
export interface DetectorOptions {
  /** The smallest score. */
  readonly minScore: number;
  /** The most faces a picture, the largest first. */
  readonly maxFaces: number;
  /** The smallest face to look for, in pixels; a single look at the whole picture when left out. */
  readonly minSize?: number;
}

/** From which overlap on two boxes are of the same face; MediaPipe's. */
const OVERLAP = 0.3;

/** Squares that go through the network at once. */
const BATCH = 16;

/** A square of a picture that is looked at. */
interface Look {
  readonly picture: number;
  readonly part: Box;
}

/** A candidate in parts of a square as one in pixels of the picture. */
function inPicture({ score, edges, landmarks }: Candidate, square: Letterbox): Candidate {
  const x = (value: number): number => square.left + value * square.side;
  const y = (value: number): number => square.top + value * square.side;
  return {
    score,
    edges: [x(edges[0]), y(edges[1]), x(edges[2]), y(edges[3])],
    landmarks: landmarks.map((point) => ({ x: x(point.x), y: y(point.y) })),
  };
}

function faceOf({ score, edges: [left, top, right, bottom], landmarks }: Candidate): DetectedFace {
  return { box: { x: left, y: top, width: right - left, height: bottom - top }, score, landmarks };
}

const area = ({ box }: DetectedFace): number => box.width * box.height;

/** Whether the network gave numbers: a lost device gives zeros or none. */
function checkNumbers(values: Float32Array): void {
  const wrong = values.find((value) => !Number.isFinite(value));
  if (wrong !== undefined) {
    throw new RangeError(`Cannot detect faces: the detector gives ${wrong}`);
  }
}

/**
 * Finds the faces of pictures, all of them in as few passes of the network as possible.
 *
 * @param network BlazeFace.
 * @param images The pictures.
 * @param options What to look for.
 * @returns The faces of each picture, the largest first.
 */
export async function detectFaces(
  network: BlazeFace,
  images: readonly Image[],
  { minScore, maxFaces }: DetectorOptions,
): Promise<DetectedFace[][]> {
  const looks: Look[] = images.map(({ width, height }, picture) => ({
    picture,
    part: { x: 0, y: 0, width, height },
  }));
  const found: Candidate[][] = images.map(() => []);
  for (let from = 0; from < looks.length; from += BATCH) {
    const some = looks.slice(from, from + BATCH);
    const length = 4 * INPUT_SIZE * INPUT_SIZE;
    const pixels = new Uint8Array(some.length * length);
    const squares = some.map(({ picture, part }, i) =>
      letterbox(images[picture], part, INPUT_SIZE, pixels.subarray(i * length, (i + 1) * length))
    );
    const output = tf.tidy(() => inOneSubmit(() => network.apply(pixels, some.length)));
    let values: Float32Array;
    try {
      values = await output.data<"float32">();
    } finally {
      output.dispose();
    }
    checkNumbers(values);
    some.forEach(({ picture }, i) => {
      const own = values.subarray(i * OUTPUTS, (i + 1) * OUTPUTS);
      for (const candidate of decodeAnchors(own, minScore)) {
        found[picture].push(inPicture(candidate, squares[i]));
      }
    });
  }
  return found.map((candidates) =>
    suppress(candidates, OVERLAP).map(faceOf).sort((a, b) => area(b) - area(a)).slice(0, maxFaces)
  );
}
