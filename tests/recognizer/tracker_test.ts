import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { RecognizedFace } from "../../src/recognizer/face.ts";
import { FaceTracker } from "../../src/recognizer/tracker.ts";

/** A face 100 pixels wide that is happy to this degree, else sad. */
function face(x: number, happy: number | null = 0.5, y = 0, size = 100): RecognizedFace {
  return {
    box: { x, y, width: size, height: size },
    score: 1,
    landmarks: [{ x: x + 30, y: y + 40 }],
    crop: { x: x + size / 2, y: y + size / 2, size, rotation: 0 },
    quality: { size, sharpness: 0.6, brightness: 0.5, yaw: 0, roll: 0, issues: [] },
    probabilities: happy === null ? null : [
      { label: "happy", probability: happy },
      { label: "sad", probability: 1 - happy },
    ].sort((a, b) => b.probability - a.probability),
  };
}

const happiness = ({ probabilities }: RecognizedFace): number =>
  probabilities?.find(({ label }) => label === "happy")?.probability ?? NaN;
const ids = (faces: readonly { readonly id: number }[]): number[] => faces.map(({ id }) => id);

Deno.test("FaceTracker tells the first frame as it is", () => {
  const [first] = new FaceTracker().update([face(10, 0.9)], 5);
  assertEquals(first, { ...face(10, 0.9), id: 1 });
});

Deno.test("FaceTracker approaches a new value by 1 - 1/e within a time constant", () => {
  const tracker = new FaceTracker({ timeConstant: 2, maxMissing: 2 });
  tracker.update([face(0, 0)], 0);
  tracker.update([face(0, 0)], 1);
  // It changes at once, between two frames of the same moment.
  tracker.update([face(0, 1)], 1);
  const [told] = tracker.update([face(0, 1)], 3);
  assertAlmostEquals(happiness(told), 1 - 1 / Math.E, 1e-12);
  assertEquals(told.probabilities?.map(({ label }) => label), ["happy", "sad"]);
});

Deno.test("FaceTracker leaves a tenth of a mouth that opens and closes four times a second", () => {
  // A low-pass filter of first order: 1 / sqrt(1 + (2 pi 4 Hz 0.4 s)^2) = 0.099.
  const tracker = new FaceTracker();
  const [seen, told]: [number[], number[]] = [[], []];
  for (let frame = 0; frame < 120; frame++) {
    const value = 0.6 + 0.35 * Math.sin(2 * Math.PI * 4 * frame / 30);
    const [one] = tracker.update([face(0, value)], frame / 30);
    if (frame < 60) continue;
    seen.push(value);
    told.push(happiness(one));
  }
  assert(seen.filter((value) => value < 0.5).length > seen.length / 3);
  assertEquals(told.filter((value) => value < 0.5), []);
  assertAlmostEquals((Math.max(...told) - Math.min(...told)) / 2, 0.35 * 0.099, 0.006);
});

Deno.test("FaceTracker tells the same at 10 and at 60 frames a second", () => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true });
  const constant = fc.double({ min: 0.01, max: 5, noNaN: true });
  fc.assert(
    fc.property(fc.array(unit, { minLength: 2, maxLength: 12 }), constant, (tenths, t) => {
      // What is there to be seen changes evenly between tenths of a second.
      const at = (frame: number, rate: number): number => {
        const [tenth, rest] = [Math.floor(frame * 10 / rate), (frame * 10 / rate) % 1];
        return tenths[tenth] * (1 - rest) + (tenths[tenth + 1] ?? 0) * rest;
      };
      const follow = (rate: number): number[] => {
        const tracker = new FaceTracker({ timeConstant: t });
        const told: number[] = [];
        for (let frame = 0; frame <= (tenths.length - 1) * rate / 10; frame++) {
          const value = at(frame, rate);
          const [one] = tracker.update([face(100 * value, value)], frame / rate);
          if (frame % (rate / 10) === 0) told.push(happiness(one), one.box.x, one.landmarks[0].x);
        }
        return told;
      };
      const slow = follow(10);
      follow(60).forEach((value, i) => assertAlmostEquals(value, slow[i], 1e-9));
    }),
    { seed: 3, numRuns: 100 },
  );
});

Deno.test("FaceTracker's probabilities stay from 0 to 1 and sum to 1", () => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(unit, unit), { minLength: 1 }), (frames) => {
      const tracker = new FaceTracker({ maxMissing: 10 });
      let seconds = 0;
      for (const [happy, step] of frames) {
        const [told] = tracker.update([face(0, happy)], seconds += step);
        const sum = told.probabilities?.reduce((sum, each) => sum + each.probability, 0) ?? 0;
        assertAlmostEquals(sum, 1, 1e-9);
        assert(happiness(told) >= -1e-12 && happiness(told) <= 1 + 1e-12);
      }
    }),
    { seed: 4, numRuns: 100 },
  );
});

Deno.test("FaceTracker without a time constant tells each frame as it is", () => {
  const tracker = new FaceTracker({ timeConstant: 0 });
  tracker.update([face(0, 0.2)], 0);
  assertEquals(tracker.update([face(10, 0.8)], 0.1), [{ ...face(10, 0.8), id: 1 }]);
  assertEquals(tracker.update([face(20, 0.1)], 0.1), [{ ...face(20, 0.1), id: 1 }]);
});

Deno.test("FaceTracker keeps who is who, in whatever order faces come", () => {
  const tracker = new FaceTracker();
  assertEquals(ids(tracker.update([face(0), face(300)], 0)), [1, 2]);
  assertEquals(ids(tracker.update([face(310), face(5)], 0.1)), [2, 1]);
  assertEquals(ids(tracker.update([face(600), face(10), face(320)], 0.2)), [3, 1, 2]);
});

Deno.test("FaceTracker follows a quick face to where it no longer overlaps, not across the room", () => {
  const tracker = new FaceTracker();
  tracker.update([face(0)], 0);
  assertEquals(ids(tracker.update([face(120)], 0.1)), [1]);
  assertEquals(ids(tracker.update([face(400)], 0.2)), [2]);
});

Deno.test("FaceTracker does not take a much smaller face nearby for the same", () => {
  const tracker = new FaceTracker();
  tracker.update([face(0, 0.5, 0, 200)], 0);
  assertEquals(ids(tracker.update([face(205, 0.5, 0, 60)], 0.1)), [2]);
});

Deno.test("FaceTracker gives an overlapping face before one that is merely near", () => {
  const tracker = new FaceTracker();
  tracker.update([face(0)], 0);
  assertEquals(ids(tracker.update([face(-105), face(60)], 0.1)), [2, 1]);
});

Deno.test("FaceTracker forgets a face that was out of sight for too long, and its number for good", () => {
  const tracker = new FaceTracker({ maxMissing: 0.5 });
  tracker.update([face(0)], 0);
  tracker.update([], 0.25);
  assertEquals(ids(tracker.update([face(0)], 0.5)), [1]);
  tracker.update([], 0.75);
  assertEquals(ids(tracker.update([face(0)], 1.25)), [2]);
});

Deno.test("FaceTracker tells no expression of a face that is too poor, and goes on from before", () => {
  const tracker = new FaceTracker({ timeConstant: 1 });
  tracker.update([face(0, 0)], 0);
  const [poor] = tracker.update([face(0, null)], 0.2);
  assertEquals([poor.id, poor.probabilities], [1, null]);
  const [told] = tracker.update([face(0, 0)], 0.4);
  assertEquals(happiness(told), 0);
  const later = tracker.update([face(0, 1)], 0.4);
  assertEquals(happiness(later[0]), 0);
});

Deno.test("FaceTracker refuses times that go back and options out of range", () => {
  const tracker = new FaceTracker();
  tracker.update([], 2);
  assertThrows(
    () => tracker.update([], 1),
    RangeError,
    "Cannot track a frame at 1 s: expected a time from 2 s on",
  );
  assertThrows(() => tracker.update([], NaN), RangeError, "Cannot track a frame at NaN s");
  assertThrows(
    () => new FaceTracker({ timeConstant: -1 }),
    RangeError,
    "Cannot make a FaceTracker of timeConstant -1: expected seconds from 0",
  );
  assertThrows(() => new FaceTracker({ maxMissing: NaN }), RangeError, "maxMissing NaN");
});
