import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { Generator } from "../src/random.ts";

const draws = (generator: Generator, n = 20_000, draw = () => generator.random()) =>
  Array.from({ length: n }, draw);
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values: number[]) => mean(values.map((value) => (value - mean(values)) ** 2));

Deno.test("Generator gives the same numbers for the same seed and keys", () => {
  assertEquals(draws(new Generator(42, 1, 2), 9), draws(new Generator(42, 1, 2), 9));
});

Deno.test("Generator gives other numbers for another seed, key, or order of keys", () => {
  const first = [
    new Generator(42),
    new Generator(43),
    new Generator(42, 0),
    new Generator(42, 0, 0),
    new Generator(42, 1, 2),
    new Generator(42, 2, 1),
    new Generator(42 + 2 ** 32),
  ].map((generator) => generator.uint32());
  assertEquals(new Set(first).size, first.length);
});

Deno.test("Generator's streams of neighbouring keys are not correlated", () => {
  const first = Array.from({ length: 20_000 }, (_, key) => new Generator(7, key).random());
  const pairs = first.slice(1).map((value, i) => (value - 0.5) * (first[i] - 0.5));
  // The correlation of independent draws has a deviation of 1 / sqrt(20,000) = 0.007.
  assertAlmostEquals(12 * mean(pairs), 0, 0.035);
  assertAlmostEquals(mean(first), 0.5, 0.01);
});

Deno.test("random() is uniform: mean 1/2, variance 1/12, all in [0, 1)", () => {
  const values = draws(new Generator(1));
  assertAlmostEquals(mean(values), 0.5, 0.01);
  assertAlmostEquals(variance(values), 1 / 12, 0.005);
  assert(values.every((value) => value >= 0 && value < 1));
});

Deno.test("normal() has mean 0 and variance 1", () => {
  const generator = new Generator(2);
  const values = draws(generator, 20_000, () => generator.normal());
  assertAlmostEquals(mean(values), 0, 0.03);
  assertAlmostEquals(variance(values), 1, 0.05);
});

for (const [a, b] of [[0.2, 0.2], [2, 5]]) {
  Deno.test(`beta(${a}, ${b}) has the mean and variance of its distribution`, () => {
    const generator = new Generator(3);
    const values = draws(generator, 20_000, () => generator.beta(a, b));
    assertAlmostEquals(mean(values), a / (a + b), 0.015);
    assertAlmostEquals(variance(values), a * b / ((a + b) ** 2 * (a + b + 1)), 0.01);
  });
}

Deno.test("integer() draws each value below its limit equally often", () => {
  const generator = new Generator(4);
  const counts = [0, 0, 0];
  for (let i = 0; i < 30_000; i++) counts[generator.integer(3)]++;
  for (const count of counts) assertAlmostEquals(count, 10_000, 400);
});

Deno.test("shuffle() keeps every item and changes their order", () => {
  const items = Array.from({ length: 100 }, (_, i) => i);
  const shuffled = new Generator(5).shuffle([...items]);
  assertNotEquals(shuffled, items);
  assertEquals(shuffled.toSorted((x, y) => x - y), items);
});

Deno.test("setState() goes back to where getState() was", () => {
  const generator = new Generator(6);
  generator.random();
  const state = JSON.parse(JSON.stringify(generator.getState()));
  const first = draws(generator, 5);
  generator.setState(state);
  assertEquals(draws(generator, 5), first);
});

Deno.test("Generator rejects a seed of -1, a fraction and a state of three words", () => {
  assertThrows(() => new Generator(-1), RangeError, "-1");
  assertThrows(() => new Generator(1, 0.5), RangeError, "0.5");
  assertThrows(() => new Generator(1).setState([1, 2, 3]), RangeError, "four");
  assertThrows(() => new Generator(1).integer(0), RangeError, "below 0");
});
