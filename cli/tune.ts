/**
 * `fer tune`: the fastest way to compute each product of a network's training, on this adapter.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { useWebGpu } from "../mod.ts";
import { type TunedProduct, tuneKernels } from "../src/kernels.ts";
import {
  applyInference,
  applyTraining,
  buildArchitecture,
  describeModel,
  type FerModel,
  largestBatch,
  networks,
  writeFileAtomic,
} from "../src/model.ts";
import { EMOTIONS } from "../src/emotions.ts";
import { DEFAULT_TRAINING_CONFIG, trainingConfig } from "../src/train.ts";
import { VERSION } from "../src/version.ts";
import { invocation } from "./called.ts";
import type { Command } from "./flags.ts";
import { clock, count } from "./numbers.ts";
import { defineProgram, print, type Program } from "./program.ts";
import { readRecipe, type Recipe } from "./recipe.ts";
import { identifyAdapter, type TuningFile, tuningPath } from "./tuning.ts";

const BATCH = {
  kind: "integer",
  value: "N",
  min: 1,
  about: "Images a step, as it will be in training",
  otherwise: `the recipe's, or ${DEFAULT_TRAINING_CONFIG.batchSize}`,
} as const;

const COMMAND = {
  name: "tune",
  about: "Time every way that the kernels can compute the products of a training step and of\n" +
    "inference on this adapter, and keep the fastest for deno task train --tuning auto. It takes\n" +
    "minutes; let the machine do nothing else meanwhile.",
  flags: {
    "batch-size": BATCH,
    recipe: {
      kind: "string",
      value: "FILE",
      about: "Tune for the network of this recipe, for instance a config.json",
      otherwise: "the recipe's network",
    },
    rounds: {
      kind: "integer",
      value: "N",
      min: 1,
      max: 100,
      default: 3,
      about: "How often each way is timed; the least time counts",
    },
    out: {
      kind: "string",
      value: "FILE",
      about: "Where the table goes, for --tuning FILE",
      otherwise: "the user's cache folder, for --tuning auto",
    },
  },
  examples: ["deno task tune", "deno task tune --batch-size 128 --out card.json"],
} as const satisfies Command;

/** A training step and forward passes of one image and of a batch, all their results as tensors. */
function work(model: FerModel, batch: number, crop: number): () => tf.Tensor[] {
  const { size } = describeModel(model).preprocessing;
  return () =>
    tf.tidy(() => {
      const [one, all, crops] = [[1, size], [batch, size], [batch, crop || size]].map(([n, edge]) =>
        tf.randomUniform([n, edge, edge, 1], -1, 1, "float32", 1)
      );
      const { value, grads } = tf.variableGrads(() =>
        tf.mean(tf.logSumExp(applyTraining(model, crops), -1)).asScalar()
      );
      return [
        value,
        ...Object.values(grads),
        applyInference(model, one),
        applyInference(model, all),
      ];
    });
}

function line({ size, candidate, milliseconds, untuned }: TunedProduct): string {
  const { rows, columns, depth, batch } = size;
  const { family, down, across } = candidate;
  const tile = `${candidate.rows}x${candidate.columns} a thread, ${down}x${across} threads`;
  const product = `${batch > 1 ? `${batch} x ` : ""}${rows}x${depth} by ${depth}x${columns}`;
  return `${product}: ${family}, ${tile}, ${milliseconds.toFixed(2)} ms, ` +
    `the library's table ${untuned.toFixed(2)} ms`;
}

/** The command. */
export const PROGRAM: Program = defineProgram(
  COMMAND,
  async ({ batchSize, recipe, rounds, out }) => {
    const startedAt = performance.now();
    const { config, architecture }: Recipe = recipe
      ? await readRecipe(recipe, { "batch-size": BATCH })
      : { config: {} };
    const { trainCropSize } = trainingConfig(config);
    const gpu = await useWebGpu();
    const identity = await identifyAdapter() ?? { adapter: gpu.description, driver: null };
    const path = out ?? tuningPath(identity);
    const batch = batchSize ?? config.batchSize ?? DEFAULT_TRAINING_CONFIG.batchSize;
    const model = buildArchitecture(
      architecture ?? { name: networks()[0].name, options: {} },
      EMOTIONS,
    );
    const most = largestBatch(model, gpu.device.limits.maxStorageBufferBindingSize);
    if (batch > most) {
      throw new RangeError(
        `Cannot tune for a batch size of ${count(batch)}: the largest that fits is ${count(most)}`,
      );
    }
    print(`Tuning for ${identity.adapter}, ${identity.driver ?? "its driver unknown"}`);
    const products = await tuneKernels(work(model, batch, trainCropSize), {
      adapter: gpu.isSoftware ? "software" : "hardware",
      rounds,
      onProduct: (product, done, all) => print(`${done}/${all}  ${line(product)}`),
    });
    const file: TuningFile = { ...identity, libraryVersion: VERSION, products };
    const folder = path.replace(/[/\\][^/\\]*$/, "");
    if (folder !== path) await Deno.mkdir(folder, { recursive: true });
    await writeFileAtomic(path, new TextEncoder().encode(`${JSON.stringify(file, null, 1)}\n`));
    const sum = (times: readonly number[]) => times.reduce((a, b) => a + b, 0).toFixed(1);
    print(
      `Tuned ${count(products.length)} products in ${
        clock((performance.now() - startedAt) / 1000)
      }: together ${sum(products.map(({ milliseconds }) => milliseconds))} ms, ` +
        `the library's table ${sum(products.map(({ untuned }) => untuned))} ms`,
    );
    print(`Table    ${path}`);
    print(`Use it   ${invocation("train")} --tuning ${out ? path : "auto"}`);
    model.dispose();
    gpu.dispose();
  },
);

if (import.meta.main) await PROGRAM.run(Deno.args);
