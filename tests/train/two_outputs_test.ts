import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { useWebGpu, type WebGpu } from "../../src/backend.ts";
import { type Batch, drawnFaces, FerDataset, Generator, VOTE_COLUMNS } from "../../src/data.ts";
import {
  buildFerNet,
  describeModel,
  type FerModel,
  loadModel,
  namedWeights,
  readSafetensors,
} from "../../src/model.ts";
import { predictDataset } from "../../src/predict.ts";
import { readMetrics, RunDirectory, Trainer, type TrainingConfig } from "../../src/train.ts";
import { trainingStep } from "../../src/train/training_step.ts";

let gpu: WebGpu;
Deno.test.beforeAll(async () => {
  gpu = await useWebGpu();
});
Deno.test.afterAll(() => gpu.dispose());

const faces = drawnFaces(96, 7);
const training = faces.split("Training");
const validation = faces.split("PublicTest");

const network = (): FerModel => buildFerNet({ filters: [4, 6], ferPlus: true, seed: 3 });

const CONFIG: Partial<TrainingConfig> = {
  epochs: 2,
  batchSize: 16,
  workers: 0,
  optimizer: "muon",
  augment: "strongWarp",
  trainCropSize: 40,
  fullSizeEpochs: 1,
  ferPlusWeight: 0.5,
  mixup: 0.2,
  ema: 0.9,
};

/** Log-probabilities of a row of logits. */
function logSoftmax(row: readonly number[]): number[] {
  const most = Math.max(...row);
  const sum = row.reduce((total, each) => total + Math.exp(each - most), 0);
  return row.map((each) => each - most - Math.log(sum));
}

/** Three images: one counts for voters, one they could not tell, one whose votes all stand alone. */
function batchOf(): Batch {
  const votes = new Uint16Array(3 * VOTE_COLUMNS.length);
  votes.set([1, 0, 0, 6, 0, 0, 3, 0, 0, 0], 0);
  votes.set([2, 0, 0, 0, 0, 0, 2, 0, 6, 0], 10);
  votes.set([1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 20);
  return {
    pixels: training.pixels.slice(0, 3 * 48 * 48),
    shape: [3, 48, 48, 1],
    labels: Int32Array.of(3, 6, 0),
    votes,
    indices: Uint32Array.of(0, 1, 2),
  };
}

/** What FER+'s votes of {@linkcode batchOf} come to: shares of the first image's classes alone. */
const SHARES = [[0, 0, 0, 6 / 9, 0, 0, 3 / 9, 0], [0.5, 0, 0, 0, 0, 0, 0.5, 0], Array(8).fill(0)];
const COUNTS = [true, false, false];

for (
  const [name, mixup, share, partners] of [
    ["adds the weighted cross-entropy to the votes that count", 0, 1, [0, 1, 2]],
    ["mixes votes as it mixes labels, and drops pairs of which one does not count", 0.4, 0, []],
  ] as const
) {
  Deno.test(`trainingStep() ${name}`, async () => {
    const model = buildFerNet({ filters: [4, 6], dropout: 0, ferPlus: true, seed: 3 });
    const weights = namedWeights(model);
    const trained = new Map([...weights].filter(([, variable]) => variable.trainable));
    const batch = batchOf();
    // The draw that the trainer documents for a step: a share from Beta, then the partners.
    const generator = new Generator(1, 0x6d697875, 0);
    const mix = mixup > 0
      ? { share: generator.beta(mixup, mixup), partners: [...generator.shuffle([0, 1, 2])] }
      : { share, partners: [...partners] };
    const other = (i: number) => mix.partners[i];
    const blend = (a: number, b: number) => mix.share * a + (1 - mix.share) * b;

    const pixels = Float32Array.from(batch.pixels, (level) => level / 127.5 - 1);
    const area = 48 * 48;
    const mixed = pixels.map((value, at) =>
      blend(value, pixels[other(Math.floor(at / area)) * area + at % area])
    );
    const output = tf.tidy(() =>
      model.apply(tf.tensor4d(mixed, [3, 48, 48, 1]), { training: true }) as tf.Tensor2D
    );
    const logits = await output.array();
    output.dispose();
    let loss = 0;
    const bias = new Array<number>(15).fill(0);
    logits.forEach((row, i) => {
      const add = (start: number, targets: readonly number[], weight: number) => {
        const logs = logSoftmax(row.slice(start, start + targets.length));
        const total = targets.reduce((a, b) => a + b);
        targets.forEach((target, k) => {
          loss -= weight * target * logs[k];
          bias[start + k] += weight * (total * Math.exp(logs[k]) - target);
        });
      };
      const label = (at: number, k: number) => Number(batch.labels[at] === k);
      add(0, Array.from({ length: 7 }, (_, k) => blend(label(i, k), label(other(i), k))), 1 / 3);
      if (!COUNTS[i] || !COUNTS[other(i)]) return;
      add(7, SHARES[i].map((value, k) => blend(value, SHARES[other(i)][k])), 0.5 / 3);
    });

    const options = { classes: 7, mixup, seed: 1, ferPlusWeight: 0.5 };
    // Votes come with soft labels beside them, which the first output is not to learn.
    const softLabels = Float32Array.from({ length: 21 }, () => 1 / 7);
    const step = trainingStep(model, trained, { ...batch, softLabels }, 0, options);
    assertAlmostEquals((await step.loss.data())[0], loss, 1e-4);
    const gradient = await step.gradients.get("fc.bias")?.data();
    assertEquals(gradient?.length, 15);
    gradient?.forEach((value, k) => assertAlmostEquals(value, bias[k], 1e-4));
    tf.dispose([step.loss, step.correct, ...step.gradients.values()]);
    model.dispose();
  });
}

async function train(
  config: Partial<TrainingConfig>,
  path?: string,
): Promise<{ tensors: Record<string, number[]>; lines: unknown[] }> {
  const model = network();
  const resume = path
    ? await Deno.stat(`${path}/config.json`).then(() => true, () => false)
    : false;
  const runDirectory = path ? await RunDirectory.open(path, { resume }) : undefined;
  const trainer = new Trainer(model, config, { gpu, runDirectory });
  const { history } = await trainer.fit(training, validation).finally(() => {
    runDirectory?.close();
    model.dispose();
  });
  const last = path ? `${path}/last.safetensors` : undefined;
  const { tensors } = last ? readSafetensors(await Deno.readFile(last), last) : { tensors: [] };
  return {
    tensors: Object.fromEntries(
      [...tensors].map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
    ),
    lines: history.map(({ trainLoss, valLoss, ferPlus }) => ({ trainLoss, valLoss, ferPlus })),
  };
}

Deno.test("Trainer of two outputs goes on to the same bits, and keeps both outputs' scores", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const whole = await train(CONFIG, `${folder}/whole`);
    // In the first epoch, on crops; then into the second, on whole images.
    await train({ ...CONFIG, maxSteps: 3 }, `${folder}/cut`);
    await train({ ...CONFIG, maxSteps: 7 }, `${folder}/cut`);
    const cut = await train(CONFIG, `${folder}/cut`);
    assertEquals(cut.tensors, whole.tensors);
    assertEquals(cut.lines.at(-1), whole.lines.at(-1));
    const epochs = (await readMetrics(`${folder}/whole`)).filter(({ type }) => type === "epoch");
    for (const line of epochs) {
      assert(line.type === "epoch" && line.ferPlus !== undefined);
      const { valLoss, valAccuracy, valMacroF1 } = line.ferPlus;
      assert(valLoss > 0 && valAccuracy >= 0 && valMacroF1 <= 1);
    }
    const { metadata } = await loadModel(`${folder}/whole/best.safetensors`);
    // Drawn faces: each class as often as the others, and nobody votes for contempt.
    metadata.classShares?.forEach((each) => assertAlmostEquals(each, 1 / 7, 0.02));
    assertEquals(metadata.ferPlus?.classShares?.[7], 0);
    assert((metadata.ferPlus?.temperature ?? 1) !== 1);
    const scores = JSON.parse(await Deno.readTextFile(`${folder}/whole/evaluation_ferplus.json`));
    assertEquals(Object.keys(scores.perClass)[7], "contempt");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Trainer calibrates both outputs in memory as in its file", async () => {
  const folder = await Deno.makeTempDir();
  const config = { ...CONFIG, epochs: 1, fullSizeEpochs: 0 };
  try {
    await train(config, `${folder}/run`);
    const { model: loaded } = await loadModel(`${folder}/run/best.safetensors`);
    const model = network();
    await new Trainer(model, config, { gpu }).fit(training, validation);
    assertEquals(describeModel(model), describeModel(loaded));
    assertEquals(
      await predictDataset(model, validation, {
        labels: "ferplus",
        priors: [1, 1, 1, 1, 1, 1, 1, 1],
      }),
      await predictDataset(loaded, validation, { labels: "ferplus", priors: "uniform" }),
    );
    model.dispose();
    loaded.dispose();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Trainer refuses a second output without votes, and votes without one", async () => {
  const fit = async (
    model: FerModel,
    config: Partial<TrainingConfig>,
    set: FerDataset,
  ): Promise<unknown> => {
    try {
      return await new Trainer(model, { ...CONFIG, ...config }, { gpu }).fit(set, validation);
    } finally {
      model.dispose();
    }
  };
  const { votes: _, ...plain } = training;
  const without = new FerDataset(plain);
  await assertRejects(
    () => fit(network(), {}, without),
    RangeError,
    `Cannot train with ferPlusWeight 0.5: ${training.source} has no votes`,
  );
  await assertRejects(
    () => fit(buildFerNet({ filters: [4, 6] }), {}, training),
    RangeError,
    "Cannot train with ferPlusWeight 0.5: the network has no second output",
  );
  await assertRejects(
    () => fit(network(), { ferPlusWeight: 0 }, training),
    RangeError,
    "Cannot train a network with a second output on labels alone",
  );
  const undecided = new FerDataset({ ...training, votes: training.votes?.map(() => 1) });
  await assertRejects(
    () => fit(network(), {}, undecided),
    RangeError,
    "of no image of",
  );
});

Deno.test("Trainer refuses another number of whole-image epochs once one of them has begun", async () => {
  const folder = await Deno.makeTempDir();
  const config = { ...CONFIG, scheduler: "constant" } as const;
  try {
    await train({ ...config, maxSteps: 7 }, `${folder}/run`);
    await assertRejects(
      () => train({ ...config, fullSizeEpochs: 0 }, `${folder}/run`),
      RangeError,
      "epoch 2, which has begun, would have seen images of another size",
    );
    const { lines } = await train({ ...config, epochs: 3, fullSizeEpochs: 2 }, `${folder}/run`);
    assert(lines.length >= 2);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
