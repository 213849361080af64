import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Candidate } from "../../src/recognizer/anchors.ts";
import { intersectionOverUnion, keepSurest, suppress } from "../../src/recognizer/suppress.ts";

const candidate = (score: number, ...edges: [number, number, number, number]): Candidate => ({
  score,
  edges,
  landmarks: [{ x: edges[0], y: edges[1] }],
});

Deno.test("intersectionOverUnion() is what two rectangles share of what they cover", () => {
  // 2 x 1 of 4 + 4 - 2.
  assertAlmostEquals(intersectionOverUnion([0, 0, 2, 2], [0, 1, 2, 3]), 2 / 6);
  assertEquals(intersectionOverUnion([0, 0, 1, 1], [1, 0, 2, 1]), 0);
  assertEquals(intersectionOverUnion([0, 0, 1, 1], [3, 3, 4, 4]), 0);
  assertEquals(intersectionOverUnion([0, 0, 2, 2], [0, 0, 2, 2]), 1);
  assertEquals(intersectionOverUnion([1, 1, 1, 1], [1, 1, 1, 1]), 0);
});

Deno.test("suppress() averages what overlaps by score and keeps the surest one's score", () => {
  const faces = suppress([candidate(0.3, 1, 0, 11, 10), candidate(0.9, 0, 0, 10, 10)], 0.3);
  assertEquals(faces.length, 1);
  assertEquals(faces[0].score, 0.9);
  // (0.9 * 0 + 0.3 * 1) / 1.2
  assertAlmostEquals(faces[0].edges[0], 0.25);
  assertAlmostEquals(faces[0].edges[2], 10.25);
  assertAlmostEquals(faces[0].landmarks[0].x, 0.25);
});

Deno.test("suppress() leaves apart what hardly overlaps, the surest first", () => {
  const faces = suppress([
    candidate(0.6, 0, 0, 10, 10),
    candidate(0.8, 8, 0, 18, 10),
    candidate(0.7, 40, 0, 50, 10),
  ], 0.3);
  assertEquals(faces.map(({ score }) => score), [0.8, 0.7, 0.6]);
  assertEquals(faces.map(({ edges }) => edges[0]), [8, 40, 0]);
});

Deno.test("suppress() compares with the surest alone: a chain of overlaps is no single face", () => {
  // The outer two overlap with the middle one by 5 / 15 and not with each other.
  const faces = suppress([
    candidate(0.9, 0, 0, 10, 10),
    candidate(0.8, 5, 0, 15, 10),
    candidate(0.7, 10, 0, 20, 10),
  ], 0.3);
  assertEquals(faces.map(({ score }) => score), [0.9, 0.7]);
});

Deno.test("suppress() keeps a sure face inside of an unsure larger box, and the larger goes", () => {
  const faces = suppress([candidate(0.6, 0, 0, 100, 100), candidate(0.97, 10, 10, 50, 50)], 0.3);
  assertEquals(faces.map(({ edges }) => edges[2]), [50]);
});

Deno.test("suppress() leaves out an unsure box inside of a surer larger one", () => {
  const faces = suppress([candidate(0.97, 0, 0, 100, 100), candidate(0.6, 10, 10, 50, 50)], 0.3);
  assertEquals(faces.map(({ edges }) => edges[2]), [100]);
});

Deno.test("keepSurest() keeps a box as it is, however many others see the same face", () => {
  const kept = keepSurest([
    { score: 0.5, edges: [1, 1, 11, 11] },
    { score: 0.8, edges: [0, 0, 10, 10] },
    { score: 0.6, edges: [30, 0, 40, 10] },
  ], 0.3);
  assertEquals(kept.map(({ score }) => score), [0.8, 0.6]);
  assertEquals(kept[0].edges, [0, 0, 10, 10]);
});

Deno.test("suppress() of nothing is nothing", () => assertEquals(suppress([], 0.3), []));
