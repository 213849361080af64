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
import { looksAt } from "./looks.ts";
import { suppress } from "./suppress.ts";

/** How {@linkcode detectFaces} looks. */
export interface DetectorOptions {
  /** The smallest score. */
  readonly minScore: number;
  /** The most faces a picture, the largest first. */
  readonly maxFaces: number;
  /** The smallest face to look for, in pixels. */
  readonly minSize: number;
}

/** From which overlap on two boxes are of the same face; MediaPipe's. */
const OVERLAP = 0.3;

/** Squares that go through the network at once. */
const BATCH = 16;

/** A part of a picture that is looked at. */
interface Look {
  readonly picture: number;
  readonly part: Box;
}

/** The score that is asked for in parts of a picture: many looks see much that is no face. */
const stricter = (minScore: number): number => minScore + 0.2 * (1 - minScore);

/** How near to a look's edge a face must be to be cut off by it, in sides of its box. */
const EDGE = 0.05;

/** Whether a look's edge, where the picture goes on, cuts a face off: another look sees it whole. */
function isCut({ edges }: Candidate, part: Box, { width, height }: Image): boolean {
  const near = EDGE * (edges[2] - edges[0]);
  return part.x > 0 && edges[0] < part.x + near ||
    part.y > 0 && edges[1] < part.y + near ||
    part.x + part.width < width - 1 && edges[2] > part.x + part.width - near ||
    part.y + part.height < height - 1 && edges[3] > part.y + part.height - near;
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
  { minScore, maxFaces, minSize }: DetectorOptions,
): Promise<DetectedFace[][]> {
  const looks: Look[] = images.flatMap(({ width, height }, picture) =>
    looksAt(width, height, minSize).map((part) => ({ picture, part }))
  );
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
    some.forEach(({ picture, part }, i) => {
      const own = values.subarray(i * OUTPUTS, (i + 1) * OUTPUTS);
      const isWhole = part.width === images[picture].width &&
        part.height === images[picture].height;
      for (const candidate of decodeAnchors(own, isWhole ? minScore : stricter(minScore))) {
        const placed = inPicture(candidate, squares[i]);
        if (!isCut(placed, part, images[picture])) found[picture].push(placed);
      }
    });
  }
  return found.map((candidates) =>
    suppress(candidates, OVERLAP).map(faceOf).sort((a, b) => area(b) - area(a)).slice(0, maxFaces)
  );
}
