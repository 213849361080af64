import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { FaceDetector, frameFace } from "../src/recognizer.ts";
import { MEDIAPIPE, PHOTOGRAPH, photograph, placed } from "./recognizer/photograph.ts";

tf.env().set("PROD", true);
await tf.setBackend("cpu");

Deno.test("FaceDetector finds the face that MediaPipe finds, and leaves no tensor behind", async () => {
  const before = tf.memory().numTensors;
  {
    using detector = await FaceDetector.load();
    const pictures = [PHOTOGRAPH, placed(300, 300, 20, 30)];
    const found = await detector.detectMany(pictures);
    assertEquals(found.map((faces) => faces.length), [1, 1]);
    found.forEach(([{ box }], i) => {
      const { middle, side } = MEDIAPIPE;
      const x = middle.x * photograph.width + [0, 20][i];
      const y = middle.y * photograph.height + [0, 30][i];
      assertAlmostEquals(box.x + box.width / 2, x, 6);
      assertAlmostEquals(box.y + box.height / 2, y, 6);
      assertAlmostEquals(box.width, side * photograph.width, 6);
    });
    const { outcome, image, found: count } = await frameFace(detector, photograph);
    assertEquals([outcome, image.width, count], ["framed", 48, 1]);
  }
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("FaceDetector refuses what it cannot use, and finds nothing once it is disposed of", async () => {
  await assertRejects(
    () => FaceDetector.load({ maxFaces: 0 }),
    RangeError,
    "Cannot load a detector with maxFaces 0: expected an integer from 1 on",
  );
  const detector = await FaceDetector.load();
  detector.dispose();
  detector.dispose();
  await assertRejects(
    () => detector.detect(photograph),
    TypeError,
    "Cannot detect: this detector was disposed of",
  );
});
