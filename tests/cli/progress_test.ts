import { assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { clock, count, percent } from "../../cli/numbers.ts";
import { ProgressDisplay } from "../../cli/progress.ts";
import { drawnFaces } from "../../src/data/drawn.ts";
import { DEFAULT_TRAINING_CONFIG } from "../../src/train/settings.ts";

/** A display on a made-up terminal or pipe, whose clock stands until it is moved. */
function display({ isTerminal = false, columns = 100, config = {} }) {
  const output = {
    text: "",
    time: 0,
    isTerminal,
    columns: () => columns,
    now: () => output.time,
    write(text: string) {
      output.text += text;
    },
  };
  const shown = new ProgressDisplay(output);
  shown.onTrainBegin({
    config: { ...DEFAULT_TRAINING_CONFIG, epochs: 10, ...config },
    trainingImages: 640,
    validationImages: 64,
    validation: drawnFaces(64, 1),
    batches: 10,
    epoch: 1,
    step: 0,
  });
  return { output, shown };
}

const PROGRESS = {
  epoch: 1,
  epochs: 10,
  batch: 5,
  batches: 10,
  step: 5,
  loss: 1.23456,
  accuracy: 0.5,
  lr: 1e-3,
  imagesPerSecond: 1234.5,
  seconds: 5,
};

const EPOCH = {
  type: "epoch",
  epoch: 2,
  step: 20,
  trainLoss: 1.5,
  trainAccuracy: 0.4,
  valLoss: 1.25,
  valAccuracy: 0.5,
  valMacroF1: 0.45,
  lr: 1e-3,
  imagesPerSecond: 999.6,
  seconds: 3723,
  best: true,
  partial: false,
} as const;

Deno.test("ProgressDisplay draws epoch, loss, images/s and ETA over one line of a terminal", () => {
  const { output, shown } = display({ isTerminal: true });
  output.time = 5000;
  shown.onProgress(PROGRESS);
  // 95 of 100 steps are left, a second each.
  assertEquals(
    output.text,
    "\r\x1b[2Kepoch 1/10 [===============               ] 5/10  " +
      "loss 1.2346  1,235 images/s  ETA 1:35",
  );
});

Deno.test("ProgressDisplay keeps its bar within a narrow terminal", () => {
  for (const columns of [1, 20, 40, 60, 80]) {
    const { output, shown } = display({ isTerminal: true, columns });
    shown.onProgress(PROGRESS);
    shown.onValidation(1, 2);
    for (const line of output.text.split("\r\x1b[2K")) {
      assertLess(line.length, Math.max(20, columns));
    }
  }
});

Deno.test("ProgressDisplay counts down to the first limit", () => {
  const steps = display({ config: { maxSteps: 8 } });
  steps.output.time = 15_000;
  steps.shown.onProgress(PROGRESS);
  assertStringIncludes(steps.output.text, "ETA 0:09");
  const minutes = display({ config: { maxMinutes: 1 } });
  minutes.output.time = 15_000;
  minutes.shown.onProgress(PROGRESS);
  assertStringIncludes(minutes.output.text, "ETA 0:45");
});

Deno.test("ProgressDisplay leaves the first step, which compiles, out of the ETA", () => {
  const { output, shown } = display({ isTerminal: true });
  output.time = 50_000;
  shown.onProgress({ ...PROGRESS, batch: 1, step: 1 });
  assertEquals(output.text.includes("ETA"), false);
  output.time = 54_000;
  shown.onProgress(PROGRESS);
  // 95 steps are left; four took four seconds.
  assertStringIncludes(output.text, "ETA 1:35");
});

Deno.test("ProgressDisplay writes plain lines to a pipe, not more than a few a minute", () => {
  const { output, shown } = display({});
  for (; output.time < 60_000; output.time += 100) shown.onProgress(PROGRESS);
  shown.onValidation(1, 2);
  const lines = output.text.trimEnd().split("\n");
  assertEquals(lines.length, 3);
  assertEquals(output.text.includes("\x1b"), false);
});

Deno.test("ProgressDisplay writes a line an epoch", () => {
  const { output, shown } = display({});
  shown.onEpochEnd(EPOCH);
  assertEquals(
    output.text,
    "epoch 2/10  loss 1.5000  accuracy 40.0 %  |  validation loss 1.2500  accuracy 50.0 %  " +
      "macro-F1 45.0 %  |  lr 0.001  1,000 images/s  1:02:03  best\n",
  );
});

Deno.test("clock(), percent() and count() round for people", () => {
  assertEquals([0, 999.6, 28709].map(count), ["0", "1,000", "28,709"]);
  assertEquals([0, 59.4, 59.6, 3599.6, -1].map(clock), ["0:00", "0:59", "1:00", "1:00:00", "0:00"]);
  assertEquals([0, 0.6789, 1].map(percent), ["0.0 %", "67.9 %", "100.0 %"]);
});
