/**
 * A run that nobody trained, with all the files that one leaves.
 *
 * @module
 */
import { scoresOf } from "../../bench/accuracy/results.ts";
import { EMOTIONS } from "../../src/emotions.ts";
import { evaluateProbabilities } from "../../src/metrics.ts";
import { buildFerNet, encodeModel } from "../../src/model.ts";
import { Generator } from "../../src/random.ts";
import { DEFAULT_TRAINING_CONFIG } from "../../src/train/settings.ts";

const IMAGES = 210;
const CLASSES = EMOTIONS.length;

/** Probabilities that are right for about `skill` of the images. */
function guesses(seed: number, skill: number): { labels: number[]; probabilities: Float32Array } {
  const generator = new Generator(seed);
  const labels = Array.from({ length: IMAGES }, (_, i) => i % CLASSES);
  const probabilities = new Float32Array(IMAGES * CLASSES);
  labels.forEach((label, i) => {
    const guess = generator.random() < skill ? label : generator.integer(CLASSES);
    const sure = generator.uniform(0.3, 1);
    for (let k = 0; k < CLASSES; k++) {
      probabilities[i * CLASSES + k] = k === guess ? sure : (1 - sure) / (CLASSES - 1);
    }
  });
  return { labels, probabilities };
}

/** The images that are not in Training. */
const LEAK_FREE = Array.from({ length: IMAGES - 20 }, (_, i) => i);

/** What is changed in a run's settings. */
export interface MadeUpOptions {
  /** The seed of training. */
  readonly seed?: number;
  /** How often it is right. */
  readonly skill?: number;
  /** Filters of each stage. */
  readonly filters?: readonly number[];
}

/**
 * Writes a run folder. tfjs's current backend makes the network.
 *
 * @param folder Where to.
 * @param options What is changed.
 */
export async function writeRun(folder: string, options: MadeUpOptions = {}): Promise<void> {
  const { seed = 42, skill = 0.6, filters = [2, 2, 4, 4] } = options;
  await Deno.mkdir(folder, { recursive: true });
  const { labels, probabilities } = guesses(1, skill);
  const evaluation = evaluateProbabilities(probabilities, labels, {
    classes: EMOTIONS,
    leakFree: LEAK_FREE,
    resamples: 20,
  });
  const model = buildFerNet({ filters, seed });
  const metrics = { split: "validation", epoch: 2 };
  await Deno.writeFile(
    `${folder}/best.safetensors`,
    await encodeModel(model, { metadata: { data: { source: "/home/me/fer.csv.gz" }, metrics } }),
  );
  model.dispose();
  const counts = EMOTIONS.map(() => IMAGES / CLASSES);
  const split = {
    ...{ images: IMAGES, counts, unlabelled: 0, blank: 1 },
    ...{ duplicateGroups: 2, duplicateImages: 5, conflictingGroups: 1 },
  };
  const config = {
    libraryVersion: "0.1.0",
    startedAt: "2026-02-03T04:05:06.789Z",
    config: {
      ...DEFAULT_TRAINING_CONFIG,
      ...{ data: "/home/me/fer.csv.gz", init: null, epochs: 3, lr: 0.02, seed, monitor: "f1" },
    },
    architecture: { name: "ferNet", options: { filters, seed } },
    parameters: 1234,
    data: {
      source: "/home/me/fer.csv.gz",
      classes: EMOTIONS,
      counts: { Training: 8_765, PublicTest: IMAGES, PrivateTest: 0 },
      trainingImages: 8_765,
      validationImages: IMAGES,
      audit: {
        source: "/home/me/fer.csv.gz",
        images: 8_975,
        classes: EMOTIONS,
        splits: {
          Training: { ...split, images: 8_765 },
          PublicTest: split,
          PrivateTest: { ...split, images: 0 },
        },
        leaks: [{ usage: "PublicTest", into: "Training", images: 20, sameLabel: 19 }],
      },
    },
    machine: { adapter: "a GPU", isSoftware: false, deno: "2", os: "linux", arch: "x", cores: 8 },
    command: ["deno", "task", "train", "--data=/home/me/fer.csv.gz", "--run-dir", `/x/${seed}`],
  };
  const line = { type: "epoch", step: 1, valLoss: 1, lr: 0.1, partial: false };
  const lines = [1, 2, 3].map((epoch) => ({
    ...line,
    ...{ epoch, seconds: 3_600 * epoch, best: epoch < 3 },
  }));
  await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(config));
  await Deno.writeTextFile(`${folder}/evaluation.json`, JSON.stringify(evaluation));
  await Deno.writeTextFile(
    `${folder}/metrics.jsonl`,
    lines.map((each) => `${JSON.stringify(each)}\n`).join(""),
  );
}

/**
 * What the comparison would print.
 *
 * @param sha256 The checksum of the packaged weights.
 * @param usage The split.
 */
export function comparisonOf(sha256: string, usage: string): Record<string, unknown> {
  const contestant = (name: string, isOurs: boolean, tta: boolean, skill: number) => {
    const { labels, probabilities } = guesses(1, skill);
    const scores = scoresOf(
      probabilities,
      labels,
      EMOTIONS,
      LEAK_FREE,
      isOurs && !tta ? 0.8 : null,
    );
    return {
      ...{ name, isOurs, tta, version: "v", bytes: 2_360_000, parameters: 1_234, msPerImage: 1 },
      ...{ sha256: isOurs ? sha256 : null, ...scores },
      times: [{ backend: "webgpu", adapter: "a GPU", image1Ms: 12.3, image64Ms: 1.5 }],
    };
  };
  return {
    machine: { adapter: "a GPU", cores: 8, deno: "2.9.6", date: "2026-02-04T00:00:00Z" },
    libraryVersion: "0.1.0",
    quick: false,
    data: { source: "fer.csv.gz", usage, images: IMAGES, classes: EMOTIONS },
    contestants: [
      contestant("packaged", true, false, 0.6),
      contestant("packaged", true, true, 0.7),
      contestant("human", false, false, 0.5),
    ],
    missing: [{ name: "face-api", why: "no network" }],
  };
}
