import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { buildFerCnn } from "../../src/model.ts";
import { predict } from "../../src/predict.ts";
import {
  type DetectedFace,
  FerRecognizer,
  type FindsFaces,
  frameFace,
} from "../../src/recognizer.ts";
import type { Image } from "../../src/transforms/transform.ts";
import { photograph } from "./photograph.ts";

tf.env().set("PROD", true);
await tf.setBackend("cpu");

/** A picture whose grey level is its column. */
function columns(width: number, height: number): Image {
  return { data: Uint8Array.from({ length: width * height }, (_, i) => i % width), width, height };
}

/** An upright face in a square box; its eyes and mouth are evenly about the box's middle. */
function face(x: number, y: number, side: number): DetectedFace {
  const at = (u: number, v: number) => ({ x: x + u * side, y: y + v * side });
  const landmarks = [[0.3, 0.3], [0.7, 0.3], [0.5, 0.5], [0.5, 0.7], [0.05, 0.4], [0.95, 0.4]];
  return {
    box: { x, y, width: side, height: side },
    score: 0.9,
    landmarks: landmarks.map(([u, v]) => at(u, v)),
  };
}

/** A detector that gives what it is told, look by look, and keeps what it was shown. */
function detectorOf(...looks: DetectedFace[][]): FindsFaces & { readonly shown: Image[] } {
  const shown: Image[] = [];
  return { shown, detect: (image) => Promise.resolve(looks[shown.push(image) - 1] ?? []) };
}

Deno.test("frameFace() takes a picture of at most 64 pixels whole, without looking at it", async () => {
  for (const [width, height] of [[48, 48], [64, 64], [64, 20]]) {
    const detector = detectorOf();
    const picture = columns(width, height);
    const framed = await frameFace(detector, picture);
    assertEquals(framed.image, picture);
    assertEquals([framed.outcome, framed.crop, framed.found], ["crop", null, 0]);
    assertEquals(detector.shown, []);
  }
});

Deno.test("frameFace() takes a picture whole whose face has two thirds of the longer edge", async () => {
  const picture = columns(120, 90);
  const whole = await frameFace(detectorOf([face(20, 5, 80)]), picture);
  assertEquals([whole.outcome, whole.image === picture, whole.found], ["crop", true, 1]);
  const framed = await frameFace(detectorOf([face(20, 5, 79)]), picture);
  assertEquals([framed.outcome, framed.image.width, framed.image.height], ["framed", 48, 48]);
});

Deno.test("frameFace() cuts the first face out where the recognizer would", async () => {
  const detector = detectorOf([face(100, 40, 40), face(10, 10, 60)]);
  const { image, crop, quality, found } = await frameFace(detector, columns(200, 100), {
    size: 16,
  });
  // A side of 1.1 boxes, its middle 0.075 boxes above the one between eyes and mouth.
  assertAlmostEquals(crop?.x ?? NaN, 120, 1e-9);
  assertAlmostEquals(crop?.y ?? NaN, 60 - 0.075 * 40, 1e-9);
  assertAlmostEquals(crop?.size ?? NaN, 44, 1e-9);
  assertEquals([image.width, image.height, found, quality?.size], [16, 16, 2, 40]);
  // Columns of 44 / 16 pixels, from 120 - 22 on; a pixel's middle lies half a pixel in.
  const levels = Array.from({ length: 16 }, (_, i) => 98 + 2.75 * (i + 0.5) - 0.5);
  levels.forEach((level, i) => assertAlmostEquals(image.data[i], level, 0.51));
});

Deno.test("frameFace() looks once more with a margin before it finds no face", async () => {
  const detector = detectorOf([], []);
  const picture = columns(100, 100);
  const none = await frameFace(detector, picture);
  assertEquals([none.outcome, none.image === picture, none.found], ["none", true, 0]);
  assertEquals(detector.shown.map(({ width, height }) => [width, height]), [[100, 100], [
    384,
    384,
  ]]);
  // The margin is what the picture ends with: here column 0 on the left, and 99 on the right.
  const [, { data }] = detector.shown;
  assertEquals([data[4 * 384 * 200], data[4 * (384 * 200 + 383)]], [0, 99]);
});

Deno.test("frameFace() places what it finds in the margin's look in the picture", async () => {
  // Of 384 pixels the inner 256 are the picture's 512: two each.
  const picture = columns(512, 512);
  const framed = await frameFace(detectorOf([], [face(164, 114, 50)]), picture);
  assertEquals(framed.outcome, "framed");
  assertAlmostEquals(framed.crop?.x ?? NaN, 2 * (164 + 25 - 64), 1e-6);
  assertAlmostEquals(framed.crop?.size ?? NaN, 1.1 * 100, 1e-6);
  const crop = await frameFace(detectorOf([], [face(100, 100, 180)]), picture);
  assertEquals([crop.outcome, crop.image === picture], ["crop", true]);
});

Deno.test("frameFace() frames all pictures, or none, where it is told to", async () => {
  const small = columns(48, 48);
  const found = await frameFace(detectorOf([face(4, 4, 40)]), small, { faces: "find" });
  assertEquals([found.outcome, found.image.width], ["framed", 48]);
  const detector = detectorOf([face(10, 10, 50)]);
  const taken = await frameFace(detector, photograph, { faces: "crop" });
  assertEquals([taken.outcome, taken.image === photograph], ["crop", true]);
  assertEquals(detector.shown, []);
});

Deno.test("frameFace() makes of a photograph what the recognizer answers for", async () => {
  const model = buildFerCnn({ filters: [2, 3, 4], hidden: 4, seed: 5 });
  {
    using recognizer = await FerRecognizer.load({ model });
    const [expected] = await recognizer.recognize(photograph, { anyQuality: true });
    const { image, outcome, crop } = await frameFace(recognizer, photograph);
    assertEquals([outcome, crop], ["framed", expected.crop]);
    assertEquals(await predict(model, image), expected.probabilities);
    // Squashed whole, it is another picture.
    const whole = await predict(model, photograph);
    assert(
      whole.some(({ probability }, i) => probability !== expected.probabilities?.[i].probability),
    );
  }
  model.dispose();
});

Deno.test("frameFace() refuses what is no picture", async () => {
  const picture = { data: new Uint8Array(5), width: 2, height: 2 };
  await assertRejects(() => frameFace(detectorOf(), picture), TypeError);
});
