import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { ReduceLROnPlateau } from "../../src/train/reduce_lr_on_plateau.ts";

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
