import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  cosineAnnealing,
  linearDecay,
  linearWarmup,
  makeSchedule,
  type Schedule,
} from "../../src/train/schedule.ts";

const folder = Deno.env.get("FER_PARITY_DIR") ?? new URL("../parity", import.meta.url).pathname;
const fixtures = JSON.parse(await Deno.readTextFile(`${folder}/schedulers.json`));

Deno.test("cosineAnnealing() gives PyTorch's rates, past tMax too", () => {
  const { T_max: tMax, rates } = fixtures.cosine_annealing;
  rates.forEach((rate: number, epoch: number) =>
    assertAlmostEquals(cosineAnnealing(1e-3, epoch, { tMax }), rate, 1e-12)
  );
});

Deno.test("linearWarmup() rises to 1 and stays", () => {
  assertEquals([0, 1, 2, 3, 4].map((step) => linearWarmup(step, 4)), [0.25, 0.5, 0.75, 1, 1]);
  assertEquals(linearWarmup(0, 0), 1);
});

Deno.test("linearDecay() is 1, then falls to 0 in a straight line", () => {
  assertEquals([0, 5, 6, 7, 8, 9, 10, 11].map((step) => linearDecay(step, 10, 4)), [
    1,
    1,
    1,
    0.75,
    0.5,
    0.25,
    0,
    0,
  ]);
  assertEquals(linearDecay(9, 10, 0), 1);
});

const LENGTH = { stepsPerEpoch: 2, totalSteps: 10 } as const;
const SETTINGS = { lr: 1, warmupEpochs: 1, decayEpochs: 2 } as const;
const rates = (schedule: Schedule) => Array.from({ length: 10 }, (_, step) => schedule.lr(step));

Deno.test("makeSchedule() warms up, stays and decays with wsd", () => {
  assertEquals(
    rates(makeSchedule("wsd", SETTINGS, LENGTH)),
    [0.5, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25],
  );
});

Deno.test("makeSchedule() warms up and stays with constant", () => {
  assertEquals(
    rates(makeSchedule("constant", { ...SETTINGS, lr: 4 }, LENGTH)),
    [2, 4, 4, 4, 4, 4, 4, 4, 4, 4],
  );
});

Deno.test("makeSchedule() falls along half a cosine after the warm-up", () => {
  const found = rates(makeSchedule("cosine", SETTINGS, LENGTH));
  // 8 steps from 1 to 0: cos(pi/4) = sqrt(1/2), cos(pi/2) = 0.
  const expected = [0.5, 1, 1, 0, (1 + Math.SQRT1_2) / 2, 0, 0.5, 0, (1 - Math.SQRT1_2) / 2, 0];
  for (const step of [0, 1, 2, 4, 6, 8]) assertAlmostEquals(found[step], expected[step], 1e-12);
});

Deno.test("makeSchedule() with plateau remembers through JSON what it has seen", () => {
  const settings = { ...SETTINGS, lr: 1e-3, warmupEpochs: 0 };
  const schedule = makeSchedule("plateau", settings, LENGTH);
  for (const loss of [1, 1, 1, 1]) schedule.endEpoch?.(loss);
  const next = makeSchedule("plateau", settings, LENGTH);
  next.setState?.(JSON.parse(JSON.stringify(schedule.getState?.())));
  assertEquals(next.lr(0), 1e-3);
  next.endEpoch?.(1); // the fourth epoch without improvement: a patience of 3 is over
  assertAlmostEquals(next.lr(0), 1e-4, 1e-12);
});

Deno.test("makeSchedule() multiplies the rate with what a function of the step returns", () => {
  const seen: unknown[] = [];
  const schedule = makeSchedule(
    (length) => {
      seen.push(length);
      return (step) => 1 / (1 + step);
    },
    { ...SETTINGS, lr: 6 },
    LENGTH,
  );
  assertEquals([0, 1, 2].map((step) => schedule.lr(step)), [6, 3, 2]);
  assertEquals(seen, [LENGTH]);
});
