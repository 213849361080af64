/**
 * `deno task bench:peers`: this library against what else one could use, in one run on one machine.
 *
 * Every peer is a process of its own that does the same work when told to; rounds alternate between
 * the peers, so that what else the machine does hits all alike. Each peer first says what the
 * network gives for one image, and one that says something else than ours does not take part.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { type Command, UsageError } from "../cli/flags.ts";
import { print, runProgram, warn } from "../cli/program.ts";
import { encodeOnnx } from "../src/export.ts";
import { buildFerCnn, encodeModel, loadStateDict, toStateDict } from "../src/model.ts";
import { type CommandLine, PeerError, type RunningPeer, startPeer } from "./peers/process.ts";
import { type Measured, resultsOf } from "./peers/results.ts";
import { noise } from "./peers/serve.ts";
import { tablesOf } from "./peers/table.ts";
import { productJob, QUICK_WORK, RECIPE_WORK, type Work } from "./peers/work.ts";

const COMMAND = {
  name: "bench:peers",
  about:
    "Compare this library with stock tfjs (WebGPU and WebAssembly), jax-js, ONNX Runtime and\n" +
    "PyTorch: a training step of 64, forward passes, products. Packages that only the comparison\n" +
    "needs are fetched when it runs; a peer that is missing is named, and why.",
  flags: {
    json: { kind: "boolean", about: "Print one JSON object" },
    markdown: { kind: "boolean", about: "Print tables in Markdown" },
    quick: { kind: "boolean", about: "Small work, one round: to see that everything runs" },
    rounds: { kind: "integer", value: "N", min: 1, default: 5, about: "Rounds at most" },
    peers: {
      kind: "string",
      value: "NAMES",
      about: "Only these, with commas between them, and ours",
      otherwise: "all",
    },
  },
} as const satisfies Command;

/** Where Python may be; the first that has PyTorch takes part. */
const PYTHONS = ["/usr/bin/python3", "python3"];
/** A job that takes longer than this, in milliseconds, is timed twice at most. */
const SLOW = 3_000;
const SLOW_ROUNDS = 2;
/** One that takes longer than this is timed once. */
const VERY_SLOW = 120_000;
/** Milliseconds for each job of each peer in a round. */
const BUDGET = 400;
/** Largest difference of logits that rounding explains, as a share of the largest. */
const TOLERANCE = 1e-3;

const here = (path: string) => new URL(`./peers/${path}`, import.meta.url).pathname;

function denoPeer(folder: string, file: string, ...rest: readonly string[]): CommandLine {
  const permissions = [
    "--no-prompt",
    "--allow-read",
    "--allow-env",
    ...(file === "onnx.ts" ? ["--allow-ffi", "--allow-sys"] : []),
  ];
  return [Deno.execPath(), "run", "--quiet", ...permissions, here(file), folder, ...rest];
}

/** The ways to start each peer, to be tried in order. */
function commandsOf(folder: string): Readonly<Record<string, readonly CommandLine[]>> {
  return {
    "ours": [denoPeer(folder, "ours.ts")],
    "stock": [denoPeer(folder, "stock.ts")],
    "tfjs-wasm": [denoPeer(folder, "wasm.ts")],
    "jax-js": ["webgpu", "wasm"].map((device) => denoPeer(folder, "jax.ts", device)),
    "onnxruntime": [denoPeer(folder, "onnx.ts")],
    "pytorch": PYTHONS.map((python): CommandLine => [python, here("pytorch_peer.py"), folder]),
  };
}

/** Writes what the peers read: the work, the network in two formats, images. */
async function writeWork(folder: string, work: Work): Promise<void> {
  tf.env().set("PROD", true);
  await tf.setBackend("cpu");
  const model = buildFerCnn(work.network);
  // A new network's BatchNorm does next to nothing, and a peer that left it out would not be noticed.
  const tensors = new Map(await toStateDict(model));
  for (const [name, tensor] of tensors) {
    if (!/^bn\d+\./.test(name) || tensor.dtype !== "F32") continue;
    const data = noise(name.length, tensor.data.length).map((value) => 1 + value / 2);
    tensors.set(name, { ...tensor, data });
  }
  loadStateDict(model, tensors);
  const images = noise(1, work.batch * work.network.size ** 2);
  await Promise.all([
    Deno.writeTextFile(`${folder}/work.json`, JSON.stringify(work)),
    Deno.writeFile(`${folder}/weights.safetensors`, await encodeModel(model)),
    Deno.writeFile(`${folder}/network.onnx`, await encodeOnnx(model)),
    Deno.writeFile(`${folder}/images.f32`, new Uint8Array(images.buffer)),
  ]);
  model.dispose();
}

/** Starts a peer in the first way that works, and sees whether it computes what ours does. */
async function join(
  name: string,
  commands: readonly CommandLine[],
  expected: readonly number[] | null,
): Promise<{ peer: RunningPeer; logits: readonly number[] }> {
  const reasons = new Set<string>();
  for (const command of commands) {
    let peer: RunningPeer;
    try {
      peer = await startPeer(name, command);
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      reasons.add(error.message);
      continue;
    }
    try {
      const logits = await peer.ask<number[]>("logits") ?? [];
      const off = Math.max(...(expected ?? logits).map((value, i) => Math.abs(value - logits[i])));
      const scale = Math.max(...(expected ?? logits).map(Math.abs));
      if (!(off <= TOLERANCE * scale)) {
        throw new PeerError(`its logits are [${logits}], ours [${expected}]`);
      }
      return { peer, logits };
    } catch (error) {
      await peer.end();
      throw error;
    }
  }
  throw new PeerError([...reasons].join("; "));
}

/** Milliseconds of every run of a job by each peer that does it; the peers take turns. */
async function timeJob(
  job: string,
  peers: readonly RunningPeer[],
  rounds: number,
  budget: number,
  listener: {
    readonly onProgress: (text: string) => void;
    readonly onError: (peer: RunningPeer, why: string) => void;
  },
): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  const attempt = async (peer: RunningPeer, what: string, budget: number) => {
    listener.onProgress(`${job}: ${peer.name}, ${what}`);
    try {
      return await peer.time(job, budget) ?? [];
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      listener.onError(peer, error.message);
      found.delete(peer.name);
      return [];
    }
  };
  const left = new Map<RunningPeer, number>();
  for (const peer of peers) {
    const [first] = await attempt(peer, "warming up", 0);
    if (first === undefined) continue;
    // What takes this long does not do so for compiling.
    if (first > VERY_SLOW && peer.name !== "ours") {
      found.set(peer.name, [first]);
      continue;
    }
    // The first run compiles, the next tells how long it takes.
    const [once] = await attempt(peer, "first run", 0);
    if (once === undefined) continue;
    found.set(peer.name, once > SLOW ? [once] : []);
    left.set(peer, once > SLOW ? Math.min(rounds, SLOW_ROUNDS) - 1 : rounds);
  }
  for (let round = 1; round <= rounds; round++) {
    for (const [peer, most] of left) {
      if (round > most) continue;
      const runs = await attempt(peer, `round ${round} of ${most}`, budget);
      if (runs.length === 0) left.delete(peer);
      found.get(peer.name)?.push(...runs);
    }
  }
  return found;
}

interface Comparison extends Measured {
  readonly adapter: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly missing: ReadonlyArray<{ readonly peer: string; readonly why: string }>;
}

async function compare(
  work: Work,
  names: readonly string[],
  rounds: number,
  budget: number,
  onProgress: (text: string) => void,
): Promise<Comparison> {
  const folder = await Deno.makeTempDir({ prefix: "fer-peers-" });
  const peers: RunningPeer[] = [];
  const missing: Array<{ peer: string; why: string }> = [];
  try {
    onProgress("writing the network");
    await writeWork(folder, work);
    const commands = commandsOf(folder);
    let expected: readonly number[] | null = null;
    for (const name of names) {
      onProgress(`starting ${name}`);
      try {
        const { peer, logits } = await join(name, commands[name], expected);
        peers.push(peer);
        expected ??= logits;
      } catch (error) {
        // There is nothing to compare without ours.
        if (name === "ours" || !(error instanceof PeerError)) throw error;
        missing.push({ peer: name, why: error.message });
      }
    }

    const times = new Map<string, ReadonlyMap<string, readonly number[]>>();
    const memory = new Map<string, { inUse: number; allocated: number }>();
    const jobs = ["trainStep64", "forward1", "forward64", ...work.products.map(productJob)];
    for (const job of jobs) {
      const there = peers.filter(({ hasEnded }) => !hasEnded);
      times.set(
        job,
        await timeJob(job, there, rounds, budget, {
          onProgress,
          onError: (peer, why) => missing.push({ peer: peer.name, why: `${job}: ${why}` }),
        }),
      );
      if (job !== "trainStep64") continue;
      for (const peer of there.filter(({ hasEnded }) => !hasEnded)) {
        const bytes = await peer.ask<{ inUse: number; allocated: number }>("memory");
        if (bytes) memory.set(peer.name, bytes);
      }
    }
    return {
      work,
      times,
      memory,
      missing,
      adapter: await peers[0].ask<string>("adapter") ?? "unknown adapter",
      versions: Object.fromEntries(peers.map(({ name, version }) => [name, version])),
    };
  } finally {
    for (const peer of peers) await peer.end();
    await Deno.remove(folder, { recursive: true });
  }
}

/** The names of the peers that are wanted, ours first. */
function wanted(text: string | undefined): string[] {
  const all = Object.keys(commandsOf(""));
  const names = text?.split(",").map((name) => name.trim()) ?? all;
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`There is no peer "${unknown}": expected some of ${all.join(", ")}`);
  }
  return [...new Set(["ours", ...names])];
}

await runProgram(COMMAND, async ({ json, markdown, quick, rounds, peers }) => {
  const isTerminal = Deno.stderr.isTerminal();
  const { adapter, versions, missing, ...measured } = await compare(
    quick ? QUICK_WORK : RECIPE_WORK,
    wanted(peers),
    quick ? 1 : rounds,
    quick ? 0 : BUDGET,
    (text) => {
      if (isTerminal) warn(text);
    },
  );
  const results = resultsOf(measured);
  const machine = {
    adapter,
    cores: navigator.hardwareConcurrency,
    deno: Deno.version.deno,
    date: new Date().toISOString().replace(/\.\d+/, ""),
  };
  if (json) print(JSON.stringify({ machine, quick, versions, missing, ...results }));
  else {
    const circumstances = { machine, versions, missing, quick };
    print(tablesOf(results, circumstances, markdown ? "markdown" : "plain"));
  }
});
