import { assertAlmostEquals, assertEquals } from "@std/assert";
import { History, meanOf, partsOf, SPAN, STEP } from "../../examples/webcam/page/history.ts";

const seen = (a: number) => [{ label: "a", probability: a }, { label: "b", probability: 1 - a }];

Deno.test("History tells the mean of the frames that fall into a step", () => {
  const history = new History(["b", "a"]);
  history.add(1, 10, seen(0.2));
  history.add(1, 10 + STEP / 2, seen(0.6));
  history.add(1, 10 + STEP, seen(1));
  const [first, second] = history.of(1);
  assertEquals(second.step - first.step, 1);
  assertAlmostEquals(first.shares[0], 0.6, 1e-12);
  assertAlmostEquals(first.shares[1], 0.4, 1e-12);
  assertEquals(second.shares, [0, 1]);
});

Deno.test("History forgets what is past, also of faces that are gone", () => {
  const history = new History(["a", "b"]);
  history.add(1, 0, seen(1));
  history.add(2, 5, seen(1));
  for (let second = 0; second <= 10 * SPAN; second++) history.add(3, second + 5, seen(1));
  assertEquals(history.of(1), []);
  assertEquals(history.of(2), []);
  assertEquals(history.of(3).length, SPAN + 1);
});

Deno.test("partsOf() divides where a face was out of sight", () => {
  const at = (step: number) => ({ step, shares: [1] });
  const parts = partsOf([at(1), at(2), at(6), at(11), at(12)]);
  assertEquals(parts.map((part) => part.map(({ step }) => step)), [[1, 2, 6], [11, 12]]);
  assertEquals(partsOf([]), []);
});

Deno.test("meanOf() is the mean of each class", () => {
  assertEquals(meanOf([{ step: 0, shares: [1, 0] }, { step: 9, shares: [0.5, 0.5] }]), [
    0.75,
    0.25,
  ]);
  assertEquals(meanOf([]), []);
});
