import { assertEquals, assertThrows } from "@std/assert";
import { type TrainingConfig, trainingConfig } from "../../src/train/settings.ts";

Deno.test("trainingConfig() is the recipe when nothing is said", () => {
  const { epochs, batchSize, lr, weightDecay, scheduler, patience, seed, monitor } =
    trainingConfig();
  assertEquals(
    { epochs, batchSize, lr, weightDecay, scheduler, patience, seed, monitor },
    {
      epochs: 60,
      batchSize: 64,
      lr: 1e-3,
      weightDecay: 1e-4,
      scheduler: "plateau",
      patience: 7,
      seed: 42,
      monitor: "f1",
    },
  );
});

Deno.test("trainingConfig() takes the rates that Muon needs, unless told others", () => {
  const { lr, weightDecay } = trainingConfig({ optimizer: "muon" });
  assertEquals([lr, weightDecay], [0.02, 0.05]);
  assertEquals(trainingConfig({ optimizer: "muon", lr: 0.1 }).lr, 0.1);
});

const wrong: ReadonlyArray<readonly [Record<string, unknown>, typeof RangeError, string]> = [
  [{ batchSize: 0 }, RangeError, "batchSize 0: expected a whole number from 1"],
  [{ batchSize: 1.5 }, RangeError, "batchSize 1.5"],
  [{ lr: NaN }, RangeError, "lr NaN: expected a number above 0"],
  [{ lr: 0 }, RangeError, "lr 0"],
  [{ lr: "fast" }, TypeError, "lr fast"],
  [{ labelSmoothing: 1 }, RangeError, "labelSmoothing 1"],
  [{ logitAdjustment: -1 }, RangeError, "logitAdjustment -1"],
  [{ ema: 1 }, RangeError, "ema 1"],
  [{ scheduler: "step" }, RangeError, "expected one of plateau, cosine, wsd, constant"],
  [{ optimizer: "sgd" }, RangeError, "optimizer sgd: expected one of adamw, muon"],
  [{ fastDevRun: 1 }, TypeError, "fastDevRun 1"],
  [{ learningRate: 1 }, TypeError, "learningRate: there is no such setting"],
];
for (const [config, kind, message] of wrong) {
  Deno.test(`trainingConfig() rejects ${JSON.stringify(config)}`, () => {
    assertThrows(() => trainingConfig(config as Partial<TrainingConfig>), kind, message);
  });
}
