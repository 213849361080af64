import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { FaceDetector } from "../../src/recognizer.ts";
import { cropOf } from "../../src/recognizer/alignment.ts";
import { cutOut } from "../../src/recognizer/crop.ts";
import { qualityOf } from "../../src/recognizer/quality.ts";
import type { Image } from "../../src/transforms/transform.ts";
import { MEDIAPIPE, photograph } from "./photograph.ts";

tf.env().set("PROD", true);
await tf.setBackend("cpu");

/** The part of the photograph right of `left`, below `top`, and so on. */
function part(left: number, top: number, right: number, bottom: number): Image {
  const [width, height] = [right - left, bottom - top];
  const data = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++) {
    const from = 4 * ((top + y) * photograph.width + left);
    data.set(photograph.data.subarray(from, from + 4 * width), 4 * y * width);
  }
  return { data, width, height };
}

/** Where MediaPipe sees the face in the whole photograph. */
const side = MEDIAPIPE.side * photograph.width;
const [middleX, middleY] = [MEDIAPIPE.middle.x, MEDIAPIPE.middle.y].map((at) => at * 256);
const [left, top] = [middleX - side / 2, middleY - side / 2];

/** The edge that cuts the face, and what is left of the photograph: 0.7 of the box, or 0.8. */
const CUTS: readonly [string, [number, number, number, number]][] = [
  ["left", [Math.round(left + 0.3 * side), 0, 256, 256]],
  ["right", [0, 0, Math.round(left + 0.7 * side), 256]],
  ["upper", [0, Math.round(top + 0.3 * side), 256, 256]],
  ["lower", [0, 0, 256, Math.round(top + 0.8 * side)]],
];

Deno.test("a face that the picture's edge cuts is found where it is, beyond the edge too", async () => {
  using detector = await FaceDetector.load();
  for (const [edge, [x, y, right, bottom]] of CUTS) {
    const picture = part(x, y, right, bottom);
    const [face, ...others] = await detector.detect(picture);
    assertEquals([!!face, others.length], [true, 0], edge);
    const { box } = face;
    const where = `${edge}: ${JSON.stringify(box)}`;
    assertAlmostEquals(box.x + box.width / 2 + x, middleX, 0.2 * side, where);
    assertAlmostEquals(box.y + box.height / 2 + y, middleY, 0.2 * side, where);
    assertAlmostEquals(box.width, side, 0.25 * side, where);
    const crop = cropOf(face);
    // As large as that of the whole face, and not squeezed into what is left of it.
    assertAlmostEquals(crop.size, 1.1 * box.width, 1);
    const grey = cutOut(picture, crop, 48);
    const { issues } = qualityOf(face, crop, grey, picture);
    assert(!issues.includes("turned"), `${where} ${issues}`);
    // A quarter of the crop may lie below the picture, half of it beyond the other edges.
    assert(!issues.includes("cut"), `${where} ${issues}`);
  }
});
