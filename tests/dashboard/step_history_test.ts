import { assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import { StepRecorder, thinned } from "../../src/dashboard/step_history.ts";
import { progressAt } from "./made_up.ts";

Deno.test("thinned() leaves what fits as it is", () => {
  const points = [{ step: 3, loss: 1, lr: 0.1, imagesPerSecond: 10 }];
  assertEquals(thinned(points), points);
});

Deno.test("thinned() keeps the last step and the mean loss of a long run", () => {
  const points = Array.from({ length: 9600 }, (_, i) => ({
    step: i + 1,
    loss: Math.sin(i),
    lr: 1 / (i + 1),
    imagesPerSecond: 100,
  }));
  const few = thinned(points);
  assertEquals(few.length, 1200);
  assertEquals(few.at(-1), { ...points[9599], loss: few[1199].loss });
  const mean = (list: typeof few) => list.reduce((sum, { loss }) => sum + loss, 0) / list.length;
  assertAlmostEquals(mean(few), mean(points), 1e-12);
});

Deno.test("thinned() keeps an odd point at the end", () => {
  const points = Array.from({ length: 1201 }, (_, i) => ({
    step: i,
    loss: i,
    lr: 1,
    imagesPerSecond: 1,
  }));
  const few = thinned(points);
  assertLessOrEqual(few.length, 1200);
  assertEquals([few[0].loss, few.at(-1)?.loss], [0.5, 1200]);
});

Deno.test("StepRecorder tells the loss of the steps from the mean of the epoch", () => {
  const recorder = new StepRecorder(8, 76);
  recorder.add(progressAt(2, { loss: 3 })); // 16 images: 48
  assertEquals(recorder.take(progressAt(2))?.loss, 3);
  recorder.add(progressAt(4, { loss: 2 })); // 32 images: 64
  assertEquals(recorder.take(progressAt(4))?.loss, 1);
});

Deno.test("StepRecorder sums over an epoch's end, whose last batch is small", () => {
  const recorder = new StepRecorder(8, 76);
  recorder.add(progressAt(9, { loss: 1, imagesPerSecond: 72 }));
  recorder.take(progressAt(9));
  recorder.add(progressAt(10, { loss: 1, imagesPerSecond: 4 })); // 4 images in a second
  recorder.add(progressAt(11, { loss: 4, imagesPerSecond: 8 })); // 8 images in a second
  assertEquals(recorder.take(progressAt(11)), {
    step: 11,
    loss: (4 * 1 + 8 * 4) / 12,
    lr: 1e-3,
    imagesPerSecond: 6,
  });
});

Deno.test("StepRecorder has no point without a report", () => {
  assertEquals(new StepRecorder(8, 76).take(progressAt(1)), null);
});
