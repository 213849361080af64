import { assertAlmostEquals, assertEquals } from "@std/assert";
import { cropOf, FRAMING, middleOf, rollOf } from "../../src/recognizer/alignment.ts";
import type { DetectedFace, Point } from "../../src/recognizer/face.ts";

/** A face 100 wide at (200, 100) whose head leans by so many degrees about the box's middle. */
function face(lean: number): DetectedFace {
  const [cos, sin] = [Math.cos(lean * Math.PI / 180), Math.sin(lean * Math.PI / 180)];
  const turned = (x: number, y: number): Point => ({
    x: 250 + x * cos - y * sin,
    y: 150 + x * sin + y * cos,
  });
  return {
    box: { x: 200, y: 100, width: 100, height: 100 },
    score: 1,
    landmarks: [
      turned(-20, -20),
      turned(20, -20),
      turned(0, 0),
      turned(0, 20),
      turned(-45, -10),
      turned(45, -10),
    ],
  };
}

Deno.test("rollOf() is the clockwise angle of the eyes", () => {
  for (const lean of [0, 30, -45, 120]) assertAlmostEquals(rollOf(face(lean)), lean, 1e-9);
});

Deno.test("middleOf() lies between eyes and mouth, however the head leans", () => {
  for (const lean of [0, 30, -45]) {
    const { x, y } = middleOf(face(lean));
    assertAlmostEquals(x, 250, 1e-9);
    assertAlmostEquals(y, 150, 1e-9);
  }
});

Deno.test("cropOf() of an upright face is FER-2013's square", () => {
  const crop = cropOf(face(0));
  assertAlmostEquals(crop.size, 100 * FRAMING.scale);
  assertAlmostEquals(crop.x, 250);
  assertAlmostEquals(crop.y, 150 - 100 * FRAMING.up);
  assertEquals(crop.rotation, 0);
});

Deno.test("cropOf() leans with the head, less the slack that FER-2013's heads have too", () => {
  assertEquals(cropOf(face(9.9)).rotation, 0);
  assertAlmostEquals(cropOf(face(30)).rotation, 20);
  assertAlmostEquals(cropOf(face(-30)).rotation, -20);
  // A head that lies on its side: above the eyes is to the right.
  const { x, y } = cropOf(face(90));
  assertAlmostEquals(x, 250 + 100 * FRAMING.up);
  assertAlmostEquals(y, 150);
});
