import { assertEquals } from "@std/assert";
import { Numbering } from "../../examples/webcam/page/numbering.ts";
import { Speed } from "../../examples/webcam/page/speed.ts";
import type { TrackedFace } from "../../src/recognizer.ts";

const face = (id: number): TrackedFace => ({
  ...{ id, score: 1, landmarks: [], probabilities: null },
  box: { x: 0, y: 0, width: 1, height: 1 },
  crop: { x: 0, y: 0, size: 1, rotation: 0 },
  quality: { size: 1, sharpness: 1, brightness: 1, yaw: 0, roll: 0, issues: [] },
});

Deno.test("Numbering gives who comes the smallest number that is free", () => {
  const numbering = new Numbering();
  const numbers = (...ids: number[]) => numbering.apply(ids.map(face)).map(({ id }) => id);
  assertEquals(numbers(7, 9), [1, 2]);
  assertEquals(numbers(9, 7), [2, 1]);
  assertEquals(numbers(9), [2]);
  assertEquals(numbers(12, 9, 13), [1, 2, 3]);
  assertEquals(numbers(), []);
  assertEquals(numbers(20), [1]);
});

Deno.test("Speed tells answers a second and the median latency of the last thirty", () => {
  const speed = new Speed();
  assertEquals([speed.rate, speed.latency], [null, null]);
  speed.add(0, 900);
  assertEquals([speed.rate, speed.latency], [null, 900]);
  for (let i = 1; i <= 30; i++) speed.add(50 * i, i <= 20 ? 40 : 60);
  assertEquals([speed.rate, speed.latency], [20, 40]);
  speed.clear();
  assertEquals(speed.rate, null);
});
