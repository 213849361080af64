/**
 * `deno task bench:profile`: where the time of a training step and of inference goes, program by
 * program, beside what the adapter can do at most, and how it grows.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import type { Command } from "../cli/flags.ts";
import { print, runProgram, warn } from "../cli/program.ts";
import { useWebGpu } from "../src/backend.ts";
import { checkPrograms } from "../src/kernels/program.ts";
import { type Departure, type NetworkName, ProfiledNetwork, RECIPES } from "./profile/network.ts";
import { Operations } from "./profile/operations.ts";
import { type Dispatch, flush, Recorder } from "./profile/recorder.ts";
import { measureRoofline } from "./profile/roofline.ts";
import { medianOf, summarize } from "./profile/summary.ts";
import { type GrowthPoint, type PassProfile, profileText } from "./profile/tables.ts";

const NETWORKS = Object.keys(RECIPES) as NetworkName[];

const COMMAND = {
  name: "bench:profile",
  about: "Time every program of a training step and of inference, and how a step's time grows.\n" +
    "Let the machine do nothing else meanwhile.",
  flags: {
    network: {
      kind: "choice",
      choices: NETWORKS,
      default: "ferCnn",
      about: "Which network, trained as its recipe has it",
    },
    batch: {
      kind: "integer",
      value: "N",
      min: 1,
      otherwise: "the recipe's",
      about: "Images of a training step, and of the larger inference",
    },
    rounds: { kind: "integer", value: "N", min: 1, default: 5, about: "How often to time a pass" },
    method: {
      kind: "choice",
      choices: ["timestamps", "repeats"],
      otherwise: "timestamps where the adapter has them",
      about: "Time programs by the GPU's clock, or by repeating each alone",
    },
    growth: { kind: "boolean", about: "Also time steps of other batches, widths and image sizes" },
    json: { kind: "boolean", about: "Print one JSON object" },
    markdown: { kind: "boolean", about: "Print tables in Markdown" },
    quick: { kind: "boolean", about: "Small work, one round: to see that everything runs" },
  },
} as const satisfies Command;

const QUICK = { batch: 4, width: 1 / 8, rounds: 1 } as const;
const BATCHES = [16, 32, 64, 128];
const WIDTHS = [0.5, 1, 2];

const leastAndMedian = (times: readonly number[]) => {
  const sorted = times.toSorted((a, b) => a - b);
  return { leastMs: sorted[0], medianMs: sorted[Math.floor((sorted.length - 1) / 2)] };
};

async function profile(
  name: NetworkName,
  { quick, growth, ...given }: {
    readonly quick: boolean;
    readonly growth: boolean;
    readonly batch?: number;
    readonly rounds: number;
    readonly method?: "timestamps" | "repeats";
  },
  onProgress: (text: string) => void,
) {
  const gpu = await useWebGpu();
  const recorder = new Recorder(gpu.device, given.method);
  const operations = new Operations((context) => recorder.context = context);
  operations.enter("passes");
  const rounds = quick ? QUICK.rounds : given.rounds;
  const base: Departure = {
    batch: given.batch ?? (quick ? QUICK.batch : undefined),
    width: quick ? QUICK.width : 1,
  };

  /** Milliseconds of some work until the GPU has done it. */
  const clock = async (work: () => void): Promise<number> => {
    const start = performance.now();
    work();
    flush();
    await gpu.wait(gpu.device.queue.onSubmittedWorkDone());
    return performance.now() - start;
  };
  const times = async (work: () => Promise<number>): Promise<number[]> => {
    // The first compiles, and folds weights.
    await work();
    await checkPrograms();
    const all: number[] = [];
    for (let round = 0; round < rounds; round++) all.push(await work());
    return all;
  };
  const record = async (work: () => void): Promise<Dispatch[]> => {
    const recordings: Dispatch[][] = [];
    for (let round = 0; round < rounds; round++) recordings.push(await recorder.record(work));
    return medianOf(recordings);
  };

  try {
    onProgress("measuring the adapter");
    const roofline = await measureRoofline(recorder, quick ? 4 : 64);

    onProgress("training step");
    const network = new ProfiledNetwork(name, operations, base);
    const { batch, size, inferenceSize, parameters } = network;
    const step = () => network.step();
    const trainWall = leastAndMedian(await times(() => clock(step)));
    const trainStep: PassProfile = {
      batch,
      size,
      wall: trainWall,
      ...summarize(await record(step)),
    };

    const inference: PassProfile[] = [];
    for (const count of [1, batch]) {
      onProgress(`inference of ${count}`);
      const wall = leastAndMedian(
        await times(async () => {
          const start = performance.now();
          const probabilities = network.infer(count);
          await gpu.wait(probabilities.data());
          probabilities.dispose();
          return performance.now() - start;
        }),
      );
      const kept: tf.Tensor[] = [];
      const summary = summarize(await record(() => kept.push(network.infer(count))));
      for (const tensor of kept) tensor.dispose();
      inference.push({ batch: count, size: inferenceSize, wall, ...summary });
    }
    network.dispose();

    const points: GrowthPoint[] = [];
    const timeOf = async (what: GrowthPoint["what"], value: number): Promise<void> => {
      onProgress(`step of ${what} ${value}`);
      const departure = what === "width"
        ? { ...base, width: value * (base.width ?? 1) }
        : { ...base, [what]: value };
      const network = new ProfiledNetwork(name, operations, departure);
      try {
        let point: Pick<GrowthPoint, "leastMs" | "gflop"> = { leastMs: null, gflop: null };
        if (network.fits(gpu.device.limits.maxStorageBufferBindingSize)) {
          const { leastMs } = leastAndMedian(await times(() => clock(() => network.step())));
          const before = operations.flop;
          await clock(() => network.step());
          point = { leastMs, gflop: (operations.flop - before) / 1e9 };
        }
        points.push({ what, value, batch: network.batch, ...point });
      } finally {
        network.dispose();
      }
    };
    if (growth) {
      for (const value of quick ? [2, 4] : BATCHES) await timeOf("batch", value);
      for (const value of WIDTHS) await timeOf("width", value);
      for (const value of RECIPES[name].sizes) await timeOf("size", value);
    }
    gpu.check();
    return {
      machine: {
        adapter: gpu.description,
        cores: navigator.hardwareConcurrency,
        deno: Deno.version.deno,
        date: new Date().toISOString().replace(/\.\d+/, ""),
      },
      quick,
      network: name,
      parameters,
      method: recorder.method,
      roofline,
      trainStep,
      inference,
      growth: points,
    };
  } finally {
    gpu.dispose();
  }
}

await runProgram(COMMAND, async ({ network, json, markdown, ...options }) => {
  const isTerminal = Deno.stderr.isTerminal();
  const found = await profile(network, options, (text) => {
    if (isTerminal) warn(text);
  });
  print(json ? JSON.stringify(found) : profileText(found, markdown ? "markdown" : "plain"));
});
