import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  cosineAnnealing,
  EarlyStopping,
  linearDecay,
  linearWarmup,
  ReduceLROnPlateau,
  scheduleFactor,
} from "../../src/train/schedule.ts";

const folder = Deno.env.get("FER_PARITY_DIR") ?? new URL("../parity", import.meta.url).pathname;
const fixtures = JSON.parse(await Deno.readTextFile(`${folder}/schedulers.json`));
const values: number[] = fixtures.values;

for (const name of ["reduce_lr_on_plateau", "reduce_lr_on_plateau_max"]) {
  Deno.test(`ReduceLROnPlateau gives PyTorch's rates: ${name}`, () => {
    const { rates, mode, factor, patience } = fixtures[name];
    const schedule = new ReduceLROnPlateau(1e-3, { mode, factor, patience });
    values.forEach((value, epoch) => {
      assertAlmostEquals(schedule.lr, rates[epoch], 1e-12);
      schedule.step(value);
    });
  });
}

Deno.test("ReduceLROnPlateau goes on from a saved state as if it had never stopped", () => {
  const { rates, patience } = fixtures.reduce_lr_on_plateau;
  let schedule = new ReduceLROnPlateau(1e-3, { patience });
  values.forEach((value, epoch) => {
    const next = new ReduceLROnPlateau(1, { patience });
    next.setState(JSON.parse(JSON.stringify(schedule.getState())));
    schedule = next;
    assertAlmostEquals(schedule.lr, rates[epoch], 1e-12);
    schedule.step(value);
  });
});

Deno.test("ReduceLROnPlateau waits out its cooldown and stops at its smallest rate", () => {
  const schedule = new ReduceLROnPlateau(1, { patience: 0, cooldown: 2, minLr: 0.05 });
  // torch.optim.lr_scheduler.ReduceLROnPlateau(patience=0, cooldown=2, min_lr=0.05)
  const rates = [1, 1, 1, 1, 1, 1, 1].map((value) => schedule.step(value));
  assertEquals(rates, [1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05]);
});

Deno.test("ReduceLROnPlateau rejects a factor of 1", () => {
  assertThrows(() => new ReduceLROnPlateau(1, { factor: 1 }), RangeError, "by 1");
});

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

Deno.test("scheduleFactor() warms up, stays and decays", () => {
  const config = { scheduler: "wsd", epochs: 5, warmupEpochs: 1, decayEpochs: 2 } as const;
  assertEquals(
    Array.from({ length: 10 }, (_, step) => scheduleFactor(config, step, 2)),
    [0.5, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25],
  );
});

Deno.test("EarlyStopping stops after as many epochs without improvement as its patience", () => {
  const stopping = new EarlyStopping(2);
  assertEquals([3, 2, 2.5, 1, 1, 1].map((loss) => stopping.step(loss)), [
    false,
    false,
    false,
    false,
    false,
    true,
  ]);
});

Deno.test("EarlyStopping never stops with an infinite patience", () => {
  const stopping = new EarlyStopping(Infinity);
  assertEquals([1, 1, 1, 1].some((loss) => stopping.step(loss)), false);
});
