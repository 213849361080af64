import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { buildFerNet, type FerModel } from "../../src/model.ts";
import { calibrate } from "../../src/model/description.ts";
import { readAnswers, readingOf } from "../../src/model/reading.ts";

tf.env().set("PROD", true);
await tf.setBackend("cpu");

/** A network of two outputs whose training data was half happy, and four fifths neutral to voters. */
function twoHeaded(): FerModel {
  const model = buildFerNet({ filters: [2], ferPlus: true });
  calibrate(
    model,
    { classShares: [0.1, 0.05, 0.1, 0.5, 0.1, 0.05, 0.1] },
    { classShares: [0.04, 0.02, 0.02, 0.04, 0.04, 0.02, 0.8, 0.02] },
  );
  return model;
}

const FIRST = Float32Array.of(0, 0, 0, 0.5, 0.2, 0.1, 0.2);
const SECOND = Float32Array.of(0.05, 0, 0, 0.05, 0.1, 0, 0.6, 0.2);

const near = (actual: ArrayLike<number>, expected: readonly number[]) => {
  assertEquals(actual.length, expected.length);
  expected.forEach((value, k) => assertAlmostEquals(actual[k], value, 1e-6));
};

Deno.test("readingOf() reads the first output as it is unless told otherwise", () => {
  const model = twoHeaded();
  const reading = readingOf(model, {});
  assertEquals(reading.classes.length, 7);
  assertEquals(readAnswers([FIRST, SECOND], reading), FIRST);
  model.dispose();
});

Deno.test("readingOf() divides training's shares out for uniform priors", () => {
  const model = twoHeaded();
  // 0.5 / 0.5, 0.2 / 0.1, 0.1 / 0.05, 0.2 / 0.1: 1, 2, 2, 2.
  near(readAnswers([FIRST, SECOND], readingOf(model, { priors: "uniform" })), [
    ...[0, 0, 0, 1 / 7, 2 / 7, 2 / 7, 2 / 7],
  ]);
  model.dispose();
});

Deno.test("readingOf() multiplies by priors that are given", () => {
  const model = twoHeaded();
  const priors = [1, 1, 1, 3, 1, 1, 1];
  near(readAnswers([FIRST, SECOND], readingOf(model, { priors })), [
    ...[0, 0, 0, 3 / 9, 2 / 9, 2 / 9, 2 / 9],
  ]);
  model.dispose();
});

Deno.test("readingOf() reads the eight classes of FER+", () => {
  const model = twoHeaded();
  const reading = readingOf(model, { labels: "ferplus" });
  assertEquals(reading.classes[7], "contempt");
  assertEquals(readAnswers([FIRST, SECOND], reading), SECOND);
  // 0.05 / 0.04, 0.05 / 0.04, 0.1 / 0.04, 0.6 / 0.8, 0.2 / 0.02: 1.25, 1.25, 2.5, 0.75, 10.
  near(
    readAnswers([FIRST, SECOND], readingOf(model, { labels: "ferplus", priors: "uniform" })),
    [1.25, 0, 0, 1.25, 2.5, 0, 0.75, 10].map((each) => each / 15.75),
  );
  model.dispose();
});

Deno.test("readingOf() takes the geometric mean of both outputs, without contempt", () => {
  const model = twoHeaded();
  const products = [0, 0, 0, 0.5 * 0.05, 0.2 * 0.1, 0, 0.2 * 0.6].map(Math.sqrt);
  const sum = products.reduce((a, b) => a + b);
  const both = readingOf(model, { labels: "both" });
  assertEquals(both.classes.includes("contempt"), false);
  near(readAnswers([FIRST, SECOND], both), products.map((each) => each / sum));
  model.dispose();
});

Deno.test("readingOf() reads every row of a batch", () => {
  const model = twoHeaded();
  const two = (row: Float32Array, other: Float32Array) => Float32Array.of(...row, ...other);
  const even = new Float32Array(7).fill(1 / 7);
  const read = readAnswers(
    [two(even, FIRST), two(SECOND, SECOND)],
    readingOf(model, {
      priors: "uniform",
    }),
  );
  near(read.subarray(7), [0, 0, 0, 1 / 7, 2 / 7, 2 / 7, 2 / 7]);
  model.dispose();
});

Deno.test("readingOf() refuses labels and priors that the model does not have", () => {
  const one = buildFerNet({ filters: [2] });
  assertThrows(
    () => readingOf(one, { labels: "both" }),
    TypeError,
    "Cannot predict with labels both: model ferNet has one output",
  );
  assertThrows(
    () => readingOf(one, { priors: "uniform" }),
    TypeError,
    "model ferNet does not say how frequent each class was",
  );
  const two = twoHeaded();
  assertThrows(
    () => readingOf(two, { priors: [1, 2] }),
    RangeError,
    "Cannot predict with priors [1,2]: expected 7 numbers above 0, one for each of angry",
  );
  assertThrows(() => readingOf(two, { priors: [1, 1, 1, 1, 1, 1, 0] }), RangeError, "above 0");
  assertThrows(
    () => readingOf(two, { labels: "afew" as "both" }),
    RangeError,
    "Cannot predict with labels afew: expected fer2013, ferplus or both",
  );
  one.dispose();
  two.dispose();
});
