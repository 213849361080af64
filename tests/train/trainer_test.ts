import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { useWebGpu, type WebGpu } from "../../src/backend.ts";
import { drawnFaces } from "../../src/data.ts";
import {
  buildFerCnn,
  buildFerNet,
  type FerModel,
  loadModel,
  namedWeights,
  readSafetensors,
  toStateDict,
  writeSafetensors,
} from "../../src/model.ts";
import { fitTemperature, logLoss } from "../../src/metrics.ts";
import { predictDataset } from "../../src/predict.ts";
import {
  type EpochLine,
  type Optimizer,
  readMetrics,
  RunDirectory,
  RunDirectoryError,
  type ScheduleFactory,
  Trainer,
  type TrainerOptions,
  type TrainingConfig,
  trainingConfig,
  TrainingDivergedError,
  type TrainingProgress,
  type TrainingResult,
} from "../../src/train.ts";
import { RandomHorizontalFlip } from "../../src/transforms.ts";

const faces = drawnFaces(96, 7);
const training = faces.split("Training");
const validation = faces.split("PublicTest");

/** A recipe in small, with everything on that draws random numbers. */
const SMALL: Partial<TrainingConfig> = {
  epochs: 3,
  batchSize: 16,
  workers: 0,
  augment: "strong",
  mixup: 0.2,
  ema: 0.9,
  scheduler: "cosine",
  warmupEpochs: 0.5,
  labelSmoothing: 0.1,
  classWeights: "balanced",
  clipNorm: 1,
};

const network = (): FerModel => buildFerCnn({ filters: [4, 4, 8], hidden: 16, seed: 3 });

let gpu: WebGpu;
Deno.test.beforeAll(async () => {
  gpu = await useWebGpu();
});
Deno.test.afterAll(() => gpu.dispose());

interface Trained {
  readonly result: TrainingResult;
  readonly weights: Record<string, number[]>;
}

async function fit(
  config: Partial<TrainingConfig>,
  options: TrainerOptions = {},
  model: FerModel = network(),
): Promise<Trained> {
  const result = await new Trainer(model, config, { gpu, ...options }).fit(training, validation);
  const state = await toStateDict(model);
  model.dispose();
  const weights = [...state].map(([name, { data }]) => [name, Array.from(data as Float32Array)]);
  return { result, weights: Object.fromEntries(weights) };
}

async function inRun(test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(`${folder}/run`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Trains in a folder, on from what it holds. */
async function fitIn(
  path: string,
  config: Partial<TrainingConfig>,
  options: TrainerOptions = {},
  model: FerModel = network(),
): Promise<Trained> {
  const resume = await Deno.stat(`${path}/config.json`).then(() => true, () => false);
  const runDirectory = await RunDirectory.open(path, { resume });
  try {
    return await fit(config, { ...options, runDirectory }, model);
  } finally {
    runDirectory.close();
  }
}

/** The tensors of a safetensors file, by name. */
async function tensorsOf(path: string): Promise<Record<string, number[]>> {
  const { tensors } = readSafetensors(await Deno.readFile(path), path);
  return Object.fromEntries(
    [...tensors].map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  );
}

/** Aborts after a number of steps. */
function abortAfter(steps: number): TrainerOptions {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    callbacks: [{ onProgress: ({ step }) => void (step >= steps && controller.abort()) }],
  };
}

Deno.test("Trainer gives the same bits for the same seed", async () => {
  const [first, second] = [await fit(SMALL), await fit(SMALL)];
  assertEquals(second.weights, first.weights);
  assertEquals(
    second.result.history.map((line) => [line.trainLoss, line.valLoss]),
    first.result.history.map((line) => [line.trainLoss, line.valLoss]),
  );
});

Deno.test("Trainer with logit adjustment trains as without it from a bias that has it", async () => {
  const config = { epochs: 1, batchSize: 32, workers: 0, weightDecay: 0, logitAdjustment: 0.5 };
  const classes = training.classes.length;
  const counts = new Array<number>(classes).fill(0);
  for (const label of training.labels) counts[label]++;
  const offsets = counts.map((count) => 0.5 * Math.log(count / training.length));
  const moved = network();
  tf.tidy(() => {
    const bias = namedWeights(moved).get("fc2.bias");
    bias?.assign(tf.add(bias, offsets));
  });
  const plain = await fit({ ...config, logitAdjustment: 0 }, {}, moved);
  const adjusted = await fit(config);
  const [line, same] = [adjusted, plain].map(({ result }) => result.history[0]);
  assertAlmostEquals(line.trainLoss, same.trainLoss, 1e-5);
  assertNotEquals(line.valLoss, same.valLoss);
  plain.weights["fc2.bias"].forEach((value, i) =>
    assertAlmostEquals(adjusted.weights["fc2.bias"][i] + offsets[i], value, 1e-5)
  );
});

Deno.test("Trainer gives other weights for another seed", async () => {
  const [first, second] = [await fit(SMALL), await fit({ ...SMALL, seed: 43 })];
  assertNotEquals(second.weights, first.weights);
});

Deno.test("Trainer gives the same bits with two workers as with none", async () => {
  const [first, second] = [await fit(SMALL), await fit({ ...SMALL, workers: 2 })];
  assertEquals(second.weights, first.weights);
});

for (
  const config of [
    SMALL,
    { ...SMALL, accumulateGradBatches: 2, ema: 0, scheduler: "plateau" },
    { ...SMALL, optimizer: "muon", lr: 0.02 },
  ] as const
) {
  const { scheduler, accumulateGradBatches, optimizer } = trainingConfig(config);
  Deno.test(
    `Trainer that is aborted and goes on ends with the bits of one that was not: ${optimizer}, ` +
      `${scheduler}, accumulating ${accumulateGradBatches}`,
    () =>
      inRun(async (path) => {
        const whole = await fitIn(`${path}-whole`, config);
        for (const steps of [1, 5, 9]) {
          const options = abortAfter(steps);
          await fitIn(path, config, options);
        }
        const parts = await fitIn(path, config);
        assertEquals(parts.weights, whole.weights);
        assertEquals(
          await tensorsOf(`${path}/last.safetensors`),
          await tensorsOf(`${path}-whole/last.safetensors`),
        );
        const epochs = async (folder: string) =>
          (await readMetrics(folder))
            .filter((line): line is EpochLine => line.type === "epoch")
            .map(({ seconds: _, imagesPerSecond: __, ...line }) => line);
        assertEquals(await epochs(path), await epochs(`${path}-whole`));
      }),
  );
}

Deno.test("Trainer that is aborted while it validates goes on with the validation", () =>
  inRun(async (path) => {
    const whole = await fitIn(`${path}-whole`, SMALL);
    const controller = new AbortController();
    const callbacks = [{ onValidation: () => controller.abort() }];
    const cut = await fitIn(path, SMALL, { signal: controller.signal, callbacks });
    assertEquals(cut.result.stopped, "aborted");
    assertEquals(cut.result.best, null);
    const rest = await fitIn(path, SMALL);
    assertEquals(rest.weights, whole.weights);
    assertEquals(rest.result.history.length, whole.result.history.length);
  }));

Deno.test("Trainer leaves config, metrics, checkpoints and evaluation in its folder", () =>
  inRun(async (path) => {
    await fitIn(path, { ...SMALL, epochs: 1 }, { notes: { command: ["test"] } });
    const names = [...Deno.readDirSync(path)].map(({ name }) => name).toSorted();
    assertEquals(names, [
      ".lock",
      "best.safetensors",
      "config.json",
      "evaluation.json",
      "last.safetensors",
      "metrics.jsonl",
    ]);
    const config = JSON.parse(await Deno.readTextFile(`${path}/config.json`));
    assertEquals(config.config.epochs, 1);
    assertEquals(config.command, ["test"]);
    assertEquals(config.machine.adapter, gpu.description);
    const evaluation = JSON.parse(await Deno.readTextFile(`${path}/evaluation.json`));
    assertEquals(evaluation.n, validation.length);
  }));

Deno.test("Trainer calibrates the network that it keeps on the validation split", () =>
  inRun(async (path) => {
    const { result } = await fitIn(path, {
      epochs: 25,
      batchSize: 32,
      overfitBatches: 1, // so that it learns something of what it is validated on
      workers: 0,
      lr: 0.02,
      patience: 0,
      scheduler: "constant",
      monitor: "loss",
    });
    const { model, metadata } = await loadModel(`${path}/best.safetensors`);
    const seen = training.subset(Array.from({ length: 32 }, (_, i) => i));
    const { labels, classes } = seen;
    const probabilities = await predictDataset(model, seen);
    assertAlmostEquals(
      fitTemperature(labels, probabilities, { classes: classes.length }),
      1,
      1e-3,
    );
    assert(metadata.temperature > 0.1 && metadata.temperature < 10, `${metadata.temperature}`);
    assertNotEquals(metadata.temperature, 1);
    const kept = result.probabilities ?? [];
    probabilities.forEach((value, i) => assertAlmostEquals(kept[i], value, 1e-5));
    const evaluation = JSON.parse(await Deno.readTextFile(`${path}/evaluation.json`));
    assertAlmostEquals(evaluation.loss, logLoss(labels, probabilities, { classes: 7 }), 1e-4);
    assertLess(evaluation.loss, result.best?.valLoss ?? 0);
    model.dispose();
  }));

Deno.test("Trainer.fit() leaves the network with the weights of the best validation", () =>
  inRun(async (path) => {
    const { result, weights } = await fitIn(path, { ...SMALL, ema: 0, lr: 0.01 });
    assertEquals(weights, await tensorsOf(`${path}/best.safetensors`));
    const best = Math.max(...result.history.map(({ valMacroF1 }) => valMacroF1));
    assertEquals(result.best?.valMacroF1, best);
  }));

Deno.test("Trainer with monitor loss keeps the checkpoint of the least validation loss", async () => {
  const { result } = await fit({ ...SMALL, monitor: "loss", lr: 0.02 });
  assertEquals(result.best?.valLoss, Math.min(...result.history.map(({ valLoss }) => valLoss)));
});

Deno.test("Trainer stops at maxSteps after one validation, and goes on from there", () =>
  inRun(async (path) => {
    const first = await fitIn(path, { ...SMALL, maxSteps: 2 });
    assertEquals(first.result.stopped, "maxSteps");
    assertEquals(first.result.steps, 2);
    assertEquals(first.result.history.map(({ step, partial }) => [step, partial]), [[2, true]]);
    const again = await fitIn(path, { ...SMALL, maxSteps: 2 });
    assertEquals(again.result.steps, 2);
    const rest = await fitIn(path, SMALL);
    assertEquals(rest.result.stopped, "epochs");
    const whole = await fitIn(`${path}-whole`, SMALL);
    assertEquals(
      await tensorsOf(`${path}/last.safetensors`),
      await tensorsOf(`${path}-whole/last.safetensors`),
    );
    assertEquals(rest.result.steps, whole.result.steps);
  }));

/** Whether two runs came to the same weights, optimizer and averages. */
async function assertSameEnd(path: string, whole: string): Promise<void> {
  for (const name of ["best", "last"]) {
    assertEquals(
      await tensorsOf(`${path}/${name}.safetensors`),
      await tensorsOf(`${whole}/${name}.safetensors`),
      name,
    );
  }
}

Deno.test("Trainer makes a run longer as if it had been so long from the start", () =>
  inRun(async (path) => {
    const constant: Partial<TrainingConfig> = { ...SMALL, scheduler: "constant", epochs: 2 };
    const short = await fitIn(path, constant);
    assertEquals([short.result.stopped, short.result.history.length], ["epochs", 2]);
    const long = await fitIn(path, { ...constant, epochs: 3 });
    assertEquals([long.result.stopped, long.result.history.length], ["epochs", 3]);
    await fitIn(`${path}-whole`, { ...constant, epochs: 3 });
    await assertSameEnd(path, `${path}-whole`);
    assertEquals(JSON.parse(await Deno.readTextFile(`${path}/config.json`)).config.epochs, 3);
  }));

Deno.test("Trainer moves a decay that has not begun, and none that has", () =>
  inRun(async (path) => {
    const wsd: Partial<TrainingConfig> = {
      ...SMALL,
      scheduler: "wsd",
      warmupEpochs: 0,
      epochs: 5,
      decayEpochs: 1,
    };
    await fitIn(path, { ...wsd, maxSteps: 3 });
    const short = await fitIn(path, { ...wsd, epochs: 2 });
    assertEquals([short.result.stopped, short.result.history.at(-1)?.epoch], ["epochs", 2]);
    const rates = [...new Set(short.result.history.map(({ lr }) => lr))];
    assert(rates.length === 2 && rates[0] > rates[1], `${rates}`);
    await assertRejects(
      () => fitIn(path, { ...wsd, epochs: 4 }),
      RangeError,
      "Cannot go on with 4 epochs, 1 of decay, instead of 2, 1 of decay: with the wsd schedule, step",
    );
    await assertRejects(() => fitIn(path, { ...wsd, epochs: 1 }), RangeError, "2 have begun");
  }));

Deno.test("Trainer does not change the length of a cosine schedule that has begun", () =>
  inRun(async (path) => {
    await fitIn(path, { ...SMALL, warmupEpochs: 0, maxSteps: 2 });
    await assertRejects(
      () => fitIn(path, { ...SMALL, warmupEpochs: 0, epochs: 4 }),
      RangeError,
      "with the cosine schedule, step 2 of 2",
    );
  }));

Deno.test("Trainer stops at maxMinutes after one validation", async () => {
  const { result } = await fit({ ...SMALL, epochs: 1000, maxMinutes: 0.005 });
  assertEquals(result.stopped, "maxMinutes");
  assertGreater(result.history.length, 0);
});

Deno.test("Trainer stops early after as many epochs without a better loss as its patience", async () => {
  const { result } = await fit({
    epochs: 30,
    batchSize: 16,
    workers: 0,
    lr: 0.3, // so high that the loss soon rises
    patience: 2,
    scheduler: "constant",
  });
  assertEquals(result.stopped, "earlyStopping");
  const losses = result.history.map(({ valLoss }) => valLoss);
  assertEquals(losses.length - 1 - losses.indexOf(Math.min(...losses)), 2);
});

Deno.test("Trainer with overfitBatches learns its batches by heart", async () => {
  const { result } = await fit(
    {
      epochs: 40,
      batchSize: 8,
      overfitBatches: 1,
      lr: 0.01,
      workers: 0,
      patience: 0,
      scheduler: "constant",
    },
    {},
    buildFerCnn({ filters: [4, 4, 8], hidden: 16, dropout: 0, dropout2d: 0 }),
  );
  assertEquals(result.best?.valAccuracy, 1);
});

Deno.test("Trainer with fastDevRun trains and validates on one batch", async () => {
  const { result } = await fit({ ...SMALL, fastDevRun: true });
  assertEquals(result.steps, 1);
  assertEquals(result.history.length, 1);
});

Deno.test("Trainer stops a diverging run and leaves the last good checkpoint", () =>
  inRun(async (path) => {
    await fitIn(path, { ...SMALL, maxSteps: 2, clipNorm: 0 });
    const before = await Deno.readFile(`${path}/last.safetensors`);
    const error = await assertRejects(
      () => fitIn(path, { ...SMALL, lr: 1e30, clipNorm: 0 }),
      TrainingDivergedError,
      "Training diverged at epoch 1, step ",
    );
    assert(error.message.includes("learning rate of"), error.message);
    assertEquals(await Deno.readFile(`${path}/last.safetensors`), before);
  }));

Deno.test("Trainer keeps the number of tensors level", async () => {
  const model = network();
  const before = tf.memory().numTensors;
  const steps: number[] = [];
  const epochs: number[] = [];
  const callbacks = [{
    onProgress: ({ step }: TrainingProgress) =>
      void (step > 1 && steps.push(tf.memory().numTensors)),
    onEpochEnd: () => void epochs.push(tf.memory().numTensors),
  }];
  await new Trainer(model, { ...SMALL, epochs: 3 }, { gpu, callbacks }).fit(training, validation);
  assertGreater(steps.length, 2);
  // One more while results are on their way.
  assert(Math.max(...steps) - Math.min(...steps) <= 1, `${steps}`);
  assertEquals(epochs, epochs.map(() => Math.min(...steps)));
  assertEquals(epochs.length, 3);
  assertEquals(tf.memory().numTensors, before);
  model.dispose();
});

Deno.test("Trainer names the largest batch when one does not fit the adapter", async () => {
  const model = network();
  await assertRejects(
    () => new Trainer(model, { batchSize: 100_000 }, { gpu }).fit(training, validation),
    RangeError,
    "Cannot train with a batch size of 100,000: the largest that fits",
  );
  model.dispose();
});

Deno.test("Trainer trains a network of any size on crops with Muon, and the loss falls", async () => {
  const model = buildFerNet({ filters: [4, 8], dropout: 0, seed: 3 });
  const { result } = await fit(
    {
      epochs: 10,
      batchSize: 16,
      optimizer: "muon",
      augment: "warp",
      trainCropSize: 24,
      scheduler: "constant",
      maxSteps: 20,
      workers: 0,
    },
    {},
    model,
  );
  const [first, ...later] = result.history.map(({ trainLoss }) => trainLoss);
  assertEquals(result.steps, 20);
  assertLess(later[later.length - 1], first - 0.04);
});

Deno.test("Trainer of a network of any size goes on with the bits of one that was not aborted", () =>
  inRun(async (path) => {
    const config = {
      ...SMALL,
      epochs: 2,
      optimizer: "muon",
      lr: 0.02,
      augment: "warp",
      erasing: 0.5,
      trainCropSize: 24,
    } as const;
    const small = () => buildFerNet({ filters: [4, 8], seed: 3 });
    await fitIn(`${path}-whole`, config, {}, small());
    for (const steps of [1, 4]) await fitIn(path, config, abortAfter(steps), small());
    await fitIn(path, config, {}, small());
    assertEquals(
      await tensorsOf(`${path}/last.safetensors`),
      await tensorsOf(`${path}-whole/last.safetensors`),
    );
  }));

Deno.test("Trainer refuses crops that the network does not take", async () => {
  const cases = [
    [network(), 40, "Cannot train on crops of 40x40: the network takes 48x48"],
    [buildFerNet({ filters: [2, 2, 2] }), 3, "crops of 3x3: the network takes larger ones"],
    [buildFerNet({ filters: [2, 2] }), 50, "crops of 50x50: the images are of 48x48"],
  ] as const;
  for (const [model, trainCropSize, message] of cases) {
    const trainer = new Trainer(model, { ...SMALL, trainCropSize }, { gpu });
    await assertRejects(() => trainer.fit(training, validation), RangeError, message);
    model.dispose();
  }
});

Deno.test("Trainer refuses an empty set, unlabelled images and other classes", async () => {
  const model = network();
  const trainer = new Trainer(model, SMALL, { gpu });
  const empty = training.subset([]);
  await assertRejects(() => trainer.fit(empty, validation), RangeError, "no images");
  await assertRejects(() => trainer.fit(training, empty), RangeError, "no images");
  const { FerDataset } = await import("../../src/data.ts");
  const unlabelled = new FerDataset({ ...training, labels: training.labels.map(() => -1) });
  await assertRejects(() => trainer.fit(unlabelled, validation), RangeError, "has no label");
  const other = new FerDataset({ ...training, classes: [...training.classes, "contempt"] });
  await assertRejects(
    () => trainer.fit(other, validation),
    RangeError,
    "the network has 7 outputs",
  );
  model.dispose();
});

Deno.test("Trainer tells its callbacks what happens, in order", async () => {
  const heard: string[] = [];
  await fit({ ...SMALL, epochs: 1 }, {
    callbacks: [{
      onTrainBegin: () => void heard.push("begin"),
      onProgress: () => void (heard.at(-1) !== "progress" && heard.push("progress")),
      onEpochEnd: () => void heard.push("epoch"),
      onTrainEnd: () => void heard.push("end"),
    }],
  });
  assertEquals(heard, ["begin", "progress", "epoch", "end"]);
});

Deno.test("Trainer lets other tasks run while it trains", async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  await fit({ ...SMALL, epochs: 2 });
  clearInterval(timer);
  assertGreater(ticks, 10);
});

/** Plain gradient descent with momentum, as an app might bring it. */
class Momentum implements Optimizer {
  lr = 0.1;
  steps = 0;
  readonly #velocities: Map<string, tf.Variable>;
  readonly #variables: ReadonlyMap<string, tf.Variable>;

  constructor(variables: ReadonlyMap<string, tf.Variable>) {
    this.#variables = variables;
    this.#velocities = new Map(
      [...variables].map(([name, each]) => [name, tf.tidy(() => tf.variable(tf.zerosLike(each)))]),
    );
  }

  step(gradients: ReadonlyMap<string, tf.Tensor>): void {
    for (const [name, gradient] of gradients) {
      const [velocity, variable] = [this.#velocities.get(name), this.#variables.get(name)];
      if (!velocity || !variable) continue;
      tf.tidy(() => {
        velocity.assign(tf.add(tf.mul(velocity, 0.9), gradient));
        variable.assign(tf.sub(variable, tf.mul(velocity, this.lr)));
      });
    }
    this.steps++;
  }

  state(): Map<string, tf.Variable> {
    return this.#velocities;
  }

  setSteps(steps: number): void {
    this.steps = steps;
  }

  dispose(): void {
    for (const each of this.#velocities.values()) each.dispose();
  }
}

/** A rate that halves after each epoch whose validation loss is above a bound that it remembers. */
const halving: ScheduleFactory = () => {
  let factor = 1;
  return {
    lr: () => 0.1 * factor,
    endEpoch: () => void (factor /= 2),
    getState: () => ({ factor }),
    setState: (state) => void ({ factor } = state as { factor: number }),
  };
};

const OWN: TrainerOptions = {
  optimizer: (variables) => new Momentum(variables),
  schedule: halving,
  augmentation: () => new RandomHorizontalFlip(),
};

Deno.test("Trainer with schedule, optimizer and augmentation of one's own goes on with the same bits", () =>
  inRun(async (path) => {
    const whole = await fit(SMALL, OWN);
    const part = await fitIn(path, { ...SMALL, maxSteps: 7 }, OWN);
    assertEquals(part.result.stopped, "maxSteps");
    const rest = await fitIn(path, SMALL, OWN);
    assertEquals(rest.weights, whole.weights);
    assertEquals(rest.result.history.at(-1)?.lr, 0.025);
    const { own } = JSON.parse(await Deno.readTextFile(`${path}/config.json`));
    assertEquals(own, ["schedule", "optimizer", "augmentation"]);
  }));

Deno.test("Trainer does not go on without a part of one's own, nor with one that was not there", () =>
  inRun(async (path) => {
    await fitIn(path, { ...SMALL, maxSteps: 2 }, { schedule: () => (step) => 1 / (1 + step) });
    await assertRejects(() => fitIn(path, SMALL), RunDirectoryError, "own schedule; give it");
    await assertRejects(
      () => fitIn(path, SMALL, OWN),
      RunDirectoryError,
      "the optimizer that its settings name",
    );
  }));

Deno.test("Trainer goes on with a checkpoint of the version that knew of the plateau alone", () =>
  inRun(async (path) => {
    const plateau: Partial<TrainingConfig> = { ...SMALL, scheduler: "plateau" };
    const whole = await fit(plateau);
    await fitIn(path, { ...plateau, maxSteps: 7 });
    const file = `${path}/last.safetensors`;
    const { tensors, metadata } = readSafetensors(await Deno.readFile(file), file);
    const { schedule, ...state } = JSON.parse(metadata.trainingState);
    const older = { ...state, plateau: schedule };
    await Deno.writeFile(
      file,
      writeSafetensors(tensors, { ...metadata, trainingState: JSON.stringify(older) }),
    );
    assertEquals((await fitIn(path, plateau)).weights, whole.weights);
  }));
