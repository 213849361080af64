import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { DetectedFace, Point, QualityIssue } from "../../src/recognizer/face.ts";
import {
  brightnessOf,
  LIMITS,
  outside,
  qualityOf,
  sharpnessOf,
  yawOf,
} from "../../src/recognizer/quality.ts";

const SIZE = 48;

/** A face that looks ahead, as large as told; `nose` lies so far from its left edge to the right. */
function face(side = 100, nose = 0.5): DetectedFace {
  const at = (x: number, y: number): Point => ({ x: 100 + x * side, y: 100 + y * side });
  return {
    box: { x: 100, y: 100, width: side, height: side },
    score: 1,
    landmarks: [at(0.3, 0.3), at(0.7, 0.3), at(nose, 0.5), at(0.5, 0.7), at(0, 0.4), at(1, 0.4)],
  };
}

/** Noise about a level, drawn coarser than pixels where `grain` is above 1. */
function noise(level = 128, grain = 1): { data: Uint8Array; width: number; height: number } {
  const data = Uint8Array.from({ length: SIZE * SIZE }, (_, i) => {
    const [x, y] = [Math.floor(i % SIZE / grain), Math.floor(i / SIZE / grain)];
    return level + (x * 7919 + y * 104729 + x * y * 31) % 17 - 8;
  });
  return { data, width: SIZE, height: SIZE };
}

const crop = { x: 150, y: 150, size: 120, rotation: 0 };
const PICTURE = { width: 640, height: 480 };
const issuesOf = (
  { of = face(), at = crop, grey = noise(), picture = PICTURE } = {},
): readonly QualityIssue[] => qualityOf(of, at, grey, picture).issues;

/** A head with eyes 2 apart and a nose 0.88 before their plane and the mouth's, turned and seen. */
function turned(degrees: number, tilt = 0): DetectedFace {
  const [sin, cos] = [Math.sin(degrees * Math.PI / 180), Math.cos(degrees * Math.PI / 180)];
  const nod = tilt * Math.PI / 180;
  const seen = ([x, y, z]: readonly number[]): Point => ({
    x: 300 + 50 * (x * cos + z * sin),
    // What is nearer goes down as the head nods.
    y: 200 + 50 * (y * Math.cos(nod) + (z * cos - x * sin) * Math.sin(nod)),
  });
  const places = [[-1, 0, 0], [1, 0, 0], [0, 1.1, 0.88], [0, 2.1, 0], [-1.5, 0.4, -2], [
    1.5,
    0.4,
    -2,
  ]];
  return { box: face().box, score: 1, landmarks: places.map(seen) };
}

Deno.test("yawOf() is the angle by which a head of three dimensions was turned", () => {
  for (const degrees of [-80, -45, -10, 0, 5, 30, 45, 60, 85]) {
    assertAlmostEquals(yawOf(turned(degrees)), degrees, 1e-9);
  }
  assertEquals(yawOf({ ...face(), landmarks: Array(6).fill({ x: 1, y: 1 }) }), 0);
});

Deno.test("yawOf() hardly changes as a head nods, and not at all with its ears", () => {
  for (const tilt of [-15, 15]) {
    for (const degrees of [0, 30, 45]) {
      assertAlmostEquals(yawOf(turned(degrees, tilt)), degrees, 4);
    }
  }
  const { landmarks, ...rest } = turned(45);
  const deaf = { ...rest, landmarks: [...landmarks.slice(0, 4), ...Array(2).fill({ x: 0, y: 0 })] };
  assertAlmostEquals(yawOf(deaf), 45, 1e-9);
});

Deno.test("qualityOf() answers three-quarter views and refuses profiles", () => {
  for (const degrees of [-45, 45]) assertEquals(issuesOf({ of: turned(degrees) }), []);
  for (const degrees of [-60, 60, 90]) assertEquals(issuesOf({ of: turned(degrees) }), ["turned"]);
});

Deno.test("yawOf() does not change as the head leans", () => {
  const upright = face(100, 0.6);
  const leaning = {
    ...upright,
    landmarks: upright.landmarks.map(({ x, y }) => ({ x: -y, y: x })),
  };
  assertAlmostEquals(yawOf(leaning), yawOf(upright), 1e-9);
});

Deno.test("sharpnessOf() of a checkerboard is the most, of coarse noise less, of one level 0", () => {
  const board = {
    data: Uint8Array.from(
      { length: SIZE * SIZE },
      (_, i) => 255 * ((i + Math.floor(i / SIZE)) % 2),
    ),
    width: SIZE,
    height: SIZE,
  };
  assert(sharpnessOf(board) > 0.95);
  assert(sharpnessOf(noise()) > sharpnessOf(noise(128, 4)) + 0.2);
  assertEquals(sharpnessOf({ ...board, data: new Uint8Array(SIZE * SIZE).fill(7) }), 0);
});

Deno.test("sharpnessOf() of a ramp is small: each pixel is the mean of its neighbours", () => {
  const data = Uint8Array.from({ length: SIZE * SIZE }, (_, i) => 2 * (i % SIZE));
  const sharpness = sharpnessOf({ data, width: SIZE, height: SIZE });
  // Only at the two ends do neighbours then differ by half: 2 of 47 differences of 4, now 1.
  assertAlmostEquals(sharpness, 1 - (45 + 2 / 4) / 47, 1e-9);
});

Deno.test("brightnessOf() is the mean level", () => {
  assertEquals(brightnessOf({ data: Uint8Array.of(0, 255, 51, 51), width: 2, height: 2 }), 0.35);
});

Deno.test("outside() tells what lies below the picture and what beyond its other edges", () => {
  const square = { x: 50, y: 50, size: 40, rotation: 0 };
  assertEquals(outside(square, { width: 100, height: 100 }), { below: 0, beyond: 0 });
  assertEquals(outside(square, { width: 100, height: 60 }), { below: 0.25, beyond: 0 });
  assertEquals(outside(square, { width: 40, height: 100 }), { below: 0, beyond: 0.75 });
  const turned = outside({ ...square, rotation: 90 }, { width: 100, height: 60 });
  assertEquals(turned, { below: 0.25, beyond: 0 });
});

Deno.test("qualityOf() measures a good face and finds nothing wrong with it", () => {
  const quality = qualityOf(face(), crop, noise(), PICTURE);
  assertEquals(quality.issues, []);
  assertEquals(quality.size, 100);
  assertEquals(quality.roll, 0);
  assertAlmostEquals(quality.yaw, 0);
  assertAlmostEquals(quality.brightness, 0.5, 0.01);
});

Deno.test("qualityOf() names what is wrong with a face, all of it", () => {
  assertEquals(issuesOf({ of: face(LIMITS.size - 1) }), ["small"]);
  const ramp = { ...noise(), data: noise().data.map((_, i) => 80 + 2 * (i % SIZE)) };
  assertEquals(issuesOf({ grey: ramp }), ["blurred"]);
  assertEquals(issuesOf({ grey: noise(20) }), ["dark"]);
  assertEquals(issuesOf({ grey: noise(230) }), ["bright"]);
  assertEquals(issuesOf({ of: face(100, 0.95) }), ["turned"]);
  assertEquals(issuesOf({ at: { ...crop, y: 455 } }), ["cut"]);
  assertEquals(issuesOf({ at: { ...crop, x: -5 } }), ["cut"]);
  assertEquals(issuesOf({ of: face(10, 0.05), grey: noise(10) }), ["small", "dark", "turned"]);
});
