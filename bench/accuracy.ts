/**
 * `deno task bench:accuracy`: how well this library's networks do beside those of human and
 * face-api, on the same images and the same machine.
 *
 * Every network is a process of its own on each of tfjs's backends that it starts on. The first
 * backend's probabilities count; all are timed, in turns, so that what else the machine does hits
 * all alike.
 *
 * @module
 */
import { type Command, UsageError } from "../cli/flags.ts";
import { print, runProgram, warn } from "../cli/program.ts";
import { DATA_FLAG, openData, splitOf, USAGE_FLAG } from "../cli/source.ts";
import { type FerDataset, leakFreeIndices } from "../src/data.ts";
import { VERSION } from "../src/version.ts";
import type { Backend } from "./accuracy/contestant.ts";
import { type Entrant, entrantsOf, PEERS } from "./accuracy/entrants.ts";
import {
  type BackendTimes,
  type ComparedData,
  type Comparison,
  type Contestant,
  reorder,
  type Scores,
  scoresOf,
  tablesOf,
  titleOf,
} from "./accuracy/results.ts";
import { PeerError, type RunningPeer, startPeer } from "./peers/process.ts";

const COMMAND = {
  name: "bench:accuracy",
  about: "Measure this library's networks beside those of @vladmandic/human and\n" +
    "@vladmandic/face-api on one split: accuracy, macro-F1, accuracy on images that Training does\n" +
    "not have, milliseconds an image, megabytes. The others' packages are fetched when it runs; one\n" +
    "that is missing is named, and why.",
  flags: {
    data: DATA_FLAG,
    usage: USAGE_FLAG,
    model: {
      kind: "string",
      value: "FILES",
      about: "Networks of this library beside the packaged one, with commas between them",
    },
    peers: {
      kind: "string",
      value: "NAMES",
      about: "Which others, with commas between them, or none",
      otherwise: Object.keys(PEERS).join(","),
    },
    rounds: { kind: "integer", value: "N", min: 0, default: 5, about: "Rounds of timing" },
    json: { kind: "boolean", about: "Print one JSON object" },
    markdown: { kind: "boolean", about: "Print tables in Markdown" },
    quick: { kind: "boolean", about: "A few images, one round: to see that everything runs" },
  },
  examples: [
    "deno task bench:accuracy --data fer2013.csv.gz --usage PublicTest",
    "deno task bench:accuracy --model runs/first/best.safetensors --json",
  ],
} as const satisfies Command;

/** Milliseconds for each job of each network in a round. */
const BUDGET = 400;
/** Images of a quick run. */
const QUICK = 70;

type PeerName = keyof typeof PEERS;

interface Facts {
  readonly adapter: string;
  readonly classes: readonly string[];
  readonly bytes: number;
  readonly sha256?: string;
  readonly parameters: number;
  readonly temperature?: number;
}

/** A network on one backend, and the times of its jobs. */
interface Runner {
  readonly entrant: Entrant;
  readonly backend: Backend;
  readonly peer: RunningPeer;
  readonly facts: Facts;
  readonly image1: number[];
  readonly image64: number[];
}

/** Where the images are and what is known of them. */
interface Images {
  readonly folder: string;
  readonly split: FerDataset;
  readonly leakFree: ArrayLike<number> | null;
}

type Listener = (text: string) => void;

async function start(
  entrant: Entrant,
  backend: Backend,
  { folder }: Images,
): Promise<Runner> {
  const output = `${folder}/probabilities.f32`;
  const peer = await startPeer(entrant.name, entrant.command(folder, backend, output));
  const facts = await peer.ask<Facts>("facts");
  if (!facts) throw new PeerError("it does not say what it is");
  return { entrant, backend, peer, facts, image1: [], image64: [] };
}

/** One network's scores, from the first backend that it starts on. */
async function score(
  runner: Runner,
  { folder, split, leakFree }: Images,
): Promise<Scores> {
  await runner.peer.ask("evaluate");
  const bytes = await Deno.readFile(`${folder}/probabilities.f32`);
  const { classes, labels } = split;
  try {
    const { classes: theirs, temperature = null } = runner.facts;
    const probabilities = reorder(new Float32Array(bytes.buffer), theirs, classes);
    // The mean of several views' probabilities has no one temperature.
    const divisor = runner.entrant.tta ? null : temperature;
    return scoresOf(probabilities, labels, classes, leakFree, divisor);
  } catch (cause) {
    throw new PeerError((cause as Error).message, { cause });
  }
}

/** Times all that run, a round after the other; what fails meanwhile is left out. */
async function time(
  runners: readonly Runner[],
  rounds: number,
  budget: number,
  onProgress: Listener,
): Promise<void> {
  const perImage = { image1: 1, image64: 64 } as const;
  // Round 0 compiles.
  for (let round = 0; round <= rounds && rounds > 0; round++) {
    onProgress(`timing, round ${round} of ${rounds}`);
    for (const runner of runners) {
      if (runner.peer.hasEnded) continue;
      for (const job of ["image1", "image64"] as const) {
        const found = await runner.peer.time(job, round === 0 ? 0 : budget).catch(() => null);
        if (round > 0 && found) runner[job].push(...found.map((ms) => ms / perImage[job]));
      }
    }
  }
}

const rounded = (value: number): number => Number(value.toPrecision(5));

function timesOf(runners: readonly Runner[]): BackendTimes[] {
  return runners.filter(({ image1, image64 }) => image1.length > 0 && image64.length > 0)
    .map(({ backend, facts: { adapter }, image1, image64 }) => ({
      backend,
      adapter,
      image1Ms: rounded(Math.min(...image1)),
      image64Ms: rounded(Math.min(...image64)),
    }));
}

async function compare(
  entrants: readonly Entrant[],
  images: Images,
  { rounds, budget }: { readonly rounds: number; readonly budget: number },
  onProgress: Listener,
): Promise<Pick<Comparison, "contestants" | "missing"> & { readonly adapter: string }> {
  const missing: Array<{ name: string; why: string }> = [];
  const runners: Runner[] = [];
  const scored: Array<Omit<Contestant, "times" | "msPerImage"> & { entrant: Entrant }> = [];
  try {
    for (const entrant of entrants) {
      const reasons = new Set<string>();
      let isScored = false;
      for (const backend of entrant.backends) {
        if (isScored && rounds === 0) break;
        onProgress(`${titleOf(entrant)} on ${backend}`);
        try {
          const runner = await start(entrant, backend, images);
          runners.push(runner);
          if (isScored) continue;
          const { name, isOurs, tta } = entrant;
          const { bytes, sha256 = null, parameters } = runner.facts;
          const scores = await score(runner, images);
          const { version } = runner.peer;
          scored.push({
            ...{ entrant, name, isOurs, tta, version, bytes, sha256, parameters },
            ...scores,
          });
          isScored = true;
        } catch (error) {
          if (!(error instanceof PeerError)) throw error;
          reasons.add(error.message);
        }
      }
      if (!isScored) missing.push({ name: titleOf(entrant), why: [...reasons].join("; ") });
    }
    await time(runners, rounds, budget, onProgress);
    const contestants = scored.map(({ entrant, ...each }): Contestant => {
      const times = timesOf(runners.filter((runner) => runner.entrant === entrant));
      const least = times.map(({ image64Ms }) => image64Ms);
      return { ...each, times, msPerImage: least.length > 0 ? Math.min(...least) : null };
    });
    const gpu = runners.find(({ backend }) => backend === "webgpu");
    return { contestants, missing, adapter: gpu?.facts.adapter ?? "no WebGPU adapter" };
  } finally {
    for (const { peer } of runners) await peer.end();
  }
}

/** The others that are wanted. */
function wanted(text: string | undefined): PeerName[] {
  const all = Object.keys(PEERS) as PeerName[];
  if (text === "none") return [];
  const names = text?.split(",").map((name) => name.trim()) ?? all;
  const unknown = names.find((name) => !(all as string[]).includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`There is no peer "${unknown}": expected some of ${all}, or none`);
  }
  return names as PeerName[];
}

await runProgram(COMMAND, async ({ data, usage, model, peers, rounds, json, markdown, quick }) => {
  const models = model?.split(",").map((name) => name.trim()) ?? [];
  const entrants = entrantsOf(models, wanted(peers));
  const { dataset } = await openData(data);
  const whole = splitOf(dataset, usage);
  const split = quick && whole.length > QUICK
    ? whole.subset(Array.from({ length: QUICK }, (_, i) => i))
    : whole;
  const training = dataset.split("Training");
  const leakFree = usage !== "Training" && training.length > 0
    ? leakFreeIndices(split, training)
    : null;
  const folder = await Deno.makeTempDir({ prefix: "fer-accuracy-" });
  const isTerminal = Deno.stderr.isTerminal();
  try {
    const facts = { count: split.length, size: split.size };
    await Deno.writeTextFile(`${folder}/images.json`, JSON.stringify(facts));
    await Deno.writeFile(`${folder}/pixels.u8`, split.pixels);
    const timing = { rounds: quick ? Math.min(1, rounds) : rounds, budget: quick ? 0 : BUDGET };
    const { adapter, ...found } = await compare(
      entrants,
      { folder, split, leakFree },
      timing,
      (text) => {
        if (isTerminal) warn(text);
      },
    );
    const described: ComparedData = {
      source: split.source.split(/[/\\]/).at(-1) ?? split.source,
      usage,
      images: split.length,
      classes: split.classes,
    };
    const comparison: Comparison = {
      machine: {
        adapter,
        cores: navigator.hardwareConcurrency,
        deno: Deno.version.deno,
        date: new Date().toISOString().replace(/\.\d+/, ""),
      },
      libraryVersion: VERSION,
      quick,
      data: described,
      ...found,
    };
    print(
      json ? JSON.stringify(comparison) : tablesOf(comparison, markdown ? "markdown" : "plain"),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
