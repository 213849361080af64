/**
 * `deno task package-weights`: makes a run's best weights the network that the library carries.
 *
 * It writes, under the project's folder, `src/pretrained/fernet.safetensors` (F16, and nothing that
 * is not needed), `src/pretrained/fernet.ts` with its checksum, and what the model card is made of,
 * `docs/runs/NAME/`: the run's `config.json` without this machine's paths, `metrics.jsonl` and
 * `evaluation.json`.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type Command, UsageError } from "../cli/flags.ts";
import { count } from "../cli/numbers.ts";
import { print, runProgram } from "../cli/program.ts";
import {
  CheckpointError,
  loadModel,
  readSafetensors,
  type TensorData,
  writeFileAtomic,
  writeSafetensors,
} from "../src/model.ts";
import { reasonOf } from "../src/model/source.ts";
import { LARGEST_FILE } from "../src/pretrained/packaged_weights.ts";
import { readMetrics } from "../src/runs/run_directory.ts";
import { ROOT_FLAG, writeCarried } from "./carried_weights.ts";
import { JsonFields } from "./model_card/json_fields.ts";

const COMMAND = {
  name: "package-weights",
  about: "Make a run's best weights the network that the library carries.",
  operands: "RUN_DIR",
  flags: { root: ROOT_FLAG },
  examples: ["deno task package-weights runs/fernet-42"],
} as const satisfies Command;

const FILE = "fernet.safetensors";

/** What a model file's metadata keeps; data and metrics are written anew. */
const KEPT = [
  "formatVersion",
  "architecture",
  "classes",
  "preprocessing",
  "temperature",
  "classShares",
  "ferPlus",
  "reading",
  "libraryVersion",
];

/** How a run chose its best epoch. */
const RULES: Readonly<Record<string, string>> = {
  f1: "the epoch with the largest macro-F1 on PublicTest",
  loss: "the epoch with the smallest cross-entropy on PublicTest",
};

/** A text without the folders of the machine that wrote it. */
function withoutFolders(text: string): string {
  return text.replace(/(^|=)(?:[A-Za-z]:)?(?:\.{0,2}[/\\])(?:[^/\\]*[/\\])*/, "$1");
}

/** A JSON value whose absolute paths are file names. */
function portable(value: unknown): unknown {
  if (typeof value === "string") return withoutFolders(value);
  if (Array.isArray(value)) return value.map(portable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, portable(each)]));
}

/** What the weight file says of itself. */
async function metadataOf(run: string): Promise<{ data: unknown; metrics: unknown }> {
  const config = await JsonFields.read(`${run}/config.json`);
  const evaluation = await JsonFields.read(`${run}/evaluation.json`);
  const data = config.object("data");
  const epochs = (await readMetrics(run)).filter((line) => line.type === "epoch");
  const best = epochs.findLast((line) => line.best);
  if (!best) throw new Error(`Cannot package ${run}: metrics.jsonl has no best epoch`);
  const settings = config.object("config");
  const rule = RULES[settings.text("monitor")];
  if (!rule) throw new Error(`Cannot package ${run}: it monitored ${settings.text("monitor")}`);
  return {
    data: {
      source: withoutFolders(data.text("source")),
      trainedOn: { split: "Training", images: data.number("trainingImages") },
      selectedOn: { split: "PublicTest", images: data.number("validationImages") },
    },
    metrics: {
      split: "PublicTest",
      selection: rule,
      epoch: best.epoch,
      epochs: epochs.length,
      seed: settings.number("seed"),
      accuracy: evaluation.number("accuracy"),
      accuracyInterval: evaluation.numbers("accuracyInterval", 2),
      macroF1: evaluation.number("macroF1"),
      leakFree: evaluation.object("leakFree").value,
      ece: evaluation.number("ece"),
      loss: evaluation.number("loss"),
      rounding: "F16; the figures are those of the F32 weights, without test-time augmentation",
    },
  };
}

/** The run in `docs/runs` whose weights the library carries now: it has their figures. */
async function carriedRun(root: string): Promise<string | undefined> {
  const path = `${root}/src/pretrained/${FILE}`;
  const bytes = await Deno.readFile(path).catch(() => null);
  if (!bytes) return undefined;
  const { accuracy, loss } = JSON.parse(readSafetensors(bytes, path).metadata.metrics ?? "{}");
  for await (const { name } of Deno.readDir(`${root}/docs/runs`)) {
    const text = await Deno.readTextFile(`${root}/docs/runs/${name}/evaluation.json`)
      .catch(() => "{}");
    const its = JSON.parse(text);
    if (its.accuracy === accuracy && its.loss === loss) return name;
  }
  return undefined;
}

/** A run's best weights as the file to carry. */
async function encode(run: string): Promise<Uint8Array<ArrayBuffer>> {
  const path = `${run}/best.safetensors`;
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (cause) {
    throw new CheckpointError(`Cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
  // Whatever is wrong with it is found before anything is written.
  const { model } = await loadModel(path);
  model.dispose();
  const { tensors, metadata } = readSafetensors(bytes, path);
  const told = await metadataOf(run);
  const needed = [...tensors].filter(([name]) => !name.endsWith(".num_batches_tracked"));
  const file = writeSafetensors(
    new Map(needed.map(([name, tensor]): [string, TensorData] => [
      name,
      { ...tensor, dtype: "F16", data: Float32Array.from(tensor.data as Float32Array) },
    ])),
    {
      ...Object.fromEntries(KEPT.flatMap((key) => key in metadata ? [[key, metadata[key]]] : [])),
      data: JSON.stringify(told.data),
      metrics: JSON.stringify(told.metrics),
    },
  );
  if (file.length > LARGEST_FILE) {
    throw new RangeError(
      `Cannot package ${path}: as F16 it has ${count(file.length)} bytes, ` +
        `at most ${count(LARGEST_FILE)} may be carried`,
    );
  }
  return file;
}

/** The module that names the weight file. */
const codeOf = (fields: string): string =>
  `/**
 * Which weight file this version of the library carries. Written by \`deno task package-weights\`.
 *
 * @module
 */
import type { PackagedWeights } from "./packaged_weights.ts";

/** The file beside this module; null in a version without one. */
export const FERNET: PackagedWeights | null = {
${fields}
};
`;

await runProgram(COMMAND, async ({ root = "." }, operands) => {
  const [run, ...others] = operands;
  if (run === undefined || others.length > 0) {
    throw new UsageError(
      `Cannot package ${operands.length} runs: deno task package-weights takes one RUN_DIR`,
    );
  }
  tf.env().set("PROD", true);
  await tf.setBackend("cpu");
  const bytes = await encode(run);
  const name = (await Deno.realPath(run)).split(/[/\\]/).at(-1);
  const config = await JsonFields.read(`${run}/config.json`);
  const shown = `${root}/docs/runs/${name}`;
  await Deno.mkdir(shown, { recursive: true });
  const { init } = config.object("config").value;
  // What it began from is about to be replaced: who wants to know it has to know whose it was.
  const initRun = typeof init === "string" && init.endsWith(`src/pretrained/${FILE}`)
    ? await carriedRun(root)
    : undefined;
  await writeCarried(`${root}/src/pretrained`, FILE, bytes, "fernet.ts", codeOf);
  await writeFileAtomic(
    `${shown}/config.json`,
    `${JSON.stringify({ ...portable(config.value) as object, initRun }, null, 2)}\n`,
  );
  for (const file of ["metrics.jsonl", "evaluation.json", "evaluation_ferplus.json"]) {
    if (await Deno.realPath(shown) === await Deno.realPath(run)) break;
    const isThere = await Deno.stat(`${run}/${file}`).then(() => true, () => false);
    if (isThere) await Deno.copyFile(`${run}/${file}`, `${shown}/${file}`);
  }
  print(shown);
});
