/**
 * `deno task bench:server`: the server under load. Many connections ask at once, some of them wrongly;
 * every good answer is compared with the network's own, every bad one has to be a refusal, and memory
 * has to stay level. Then the same requests come one by one, to see what batches are worth.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import type { Command } from "../cli/flags.ts";
import { print, runProgram, warn } from "../cli/program.ts";
import { useWebGpu } from "../src/backend.ts";
import { applyInference, buildFerNet, type FerModel, loadModel, saveModel } from "../src/model.ts";
import { hasPretrained, loadPretrained } from "../src/pretrained.ts";
import {
  faultOf,
  imagePool,
  type LoadRequest,
  loadRequests,
  logitsIn,
  SIZE,
} from "./server_load/requests.ts";
import { type LoadServer, startLoadServer } from "./server_load/server.ts";
import { number, type Table, tableLines } from "./table.ts";

const COMMAND = {
  name: "bench:server",
  about:
    "Measure the server under load: every good answer right, every bad one refused, memory level,\n" +
    "and what batches are worth beside requests one by one.",
  flags: {
    model: {
      kind: "string",
      value: "FILE",
      about: "The model file",
      otherwise: "the packaged network, or an untrained one of its kind",
    },
    requests: { kind: "integer", value: "N", min: 1, default: 1000, about: "Requests at once" },
    connections: { kind: "integer", value: "N", min: 1, default: 64, about: "Connections" },
    malformed: {
      ...{ kind: "number", value: "SHARE", min: 0, max: 1, default: 0.05 },
      about: "The share of malformed requests",
    },
    "one-by-one": {
      ...{ kind: "integer", value: "N", min: 1, default: 200 },
      about: "Good requests that then come one by one",
    },
    "max-batch": { kind: "integer", value: "N", min: 1, default: 64, about: "As the server's" },
    json: { kind: "boolean", about: "Print one JSON object" },
    markdown: { kind: "boolean", about: "Print tables in Markdown" },
  },
} as const satisfies Command;

/** Distinct images. */
const POOL = 64;
/** What memory may grow by from the middle to the end and still be level. */
const LEVEL = 1.2;
const MIB = 2 ** 20;

/** What became of a request. */
interface Outcome {
  readonly ms: number;
  readonly images: number;
  /** What is wrong with the answer, if something is. */
  readonly fault?: string;
}

/** The network's own logits, an image at a time. */
async function ownLogits(model: FerModel, pool: readonly Float32Array[]): Promise<Float32Array[]> {
  const all: Float32Array[] = [];
  for (const image of pool) {
    const output = tf.tidy(() => applyInference(model, tf.tensor4d(image, [1, SIZE, SIZE, 1])));
    all.push(await output.data<"float32">() as Float32Array);
    output.dispose();
  }
  return all;
}

/** Sends a request and judges its answer. */
async function send(
  url: string,
  client: Deno.HttpClient,
  request: LoadRequest,
  expected: readonly Float32Array[],
): Promise<Outcome> {
  const started = performance.now();
  const response = await fetch(`${url}${request.path}`, { ...request.init, client });
  const isGood = request.images.length > 0;
  let fault: string | undefined;
  if (isGood && response.status === 200) {
    fault = faultOf(await logitsIn(response), request.images, expected);
  } else {
    const isRefused = response.status >= 400 && response.status < 500;
    if (isGood || !isRefused) fault = `status ${response.status}`;
    const { error } = await response.json();
    if (typeof error !== "string") fault = "no message";
  }
  return {
    ...{ ms: performance.now() - started, images: request.images.length },
    fault: fault && `${request.kind}: ${fault}`,
  };
}

interface Run {
  readonly outcomes: readonly Outcome[];
  readonly seconds: number;
}

/** Sends requests over several connections, each as soon as the one before is answered. */
async function sendAll(
  url: string,
  requests: readonly LoadRequest[],
  connections: number,
  expected: readonly Float32Array[],
  onHalf?: () => Promise<void>,
): Promise<Run> {
  const outcomes: Outcome[] = [];
  let next = 0;
  let half: Promise<void> | undefined;
  const started = performance.now();
  await Promise.all(Array.from({ length: connections }, async () => {
    using client = Deno.createHttpClient({ poolMaxIdlePerHost: 1, http2: false });
    for (let i = next++; i < requests.length; i = next++) {
      outcomes.push(await send(url, client, requests[i], expected));
      if (outcomes.length * 2 >= requests.length) half ??= onHalf?.();
    }
  }));
  await half;
  return { outcomes, seconds: (performance.now() - started) / 1000 };
}

function summaryOf({ outcomes, seconds }: Run) {
  const good = outcomes.filter(({ images }) => images > 0);
  const times = good.map(({ ms }) => ms).sort((a, b) => a - b);
  const quantile = (q: number) => times[Math.min(times.length - 1, Math.floor(q * times.length))];
  return {
    ...{ requests: outcomes.length, good: good.length, seconds },
    requestsPerSecond: outcomes.length / seconds,
    imagesPerSecond: good.reduce((sum, { images }) => sum + images, 0) / seconds,
    ms: { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) },
  };
}

type Figures = Awaited<ReturnType<LoadServer["figures"]>>;

const valueOf = (figures: Figures, name: string): number => figures.get(name) ?? NaN;

function stateOf(figures: Figures) {
  return {
    residentBytes: valueOf(figures, "process_resident_memory_bytes"),
    gpuBytes: valueOf(figures, "fer_gpu_memory_bytes"),
    tensors: valueOf(figures, "fer_tensors"),
  };
}

async function modelFile(path: string | undefined, folder: string): Promise<[FerModel, string]> {
  if (path !== undefined) return [(await loadModel(path)).model, path];
  // Untrained, it takes as long.
  const model = hasPretrained() ? (await loadPretrained()).model : buildFerNet({ seed: 42 });
  const file = `${folder}/model.safetensors`;
  await saveModel(model, file);
  return [model, file];
}

await runProgram(COMMAND, async (flags) => {
  const { connections, json, markdown } = flags;
  tf.env().set("PROD", true);
  const folder = await Deno.makeTempDir({ prefix: "fer-load-" });
  try {
    const gpu = await useWebGpu();
    const [model, file] = await modelFile(flags.model, folder);
    const pool = imagePool(POOL);
    const expected = await ownLogits(model, pool);
    model.dispose();
    gpu.dispose();
    // Were images alike to the network, an answer for another would pass for right.
    const alike = expected.findIndex((logits, i) => i > 0 && !faultOf(logits, [0], expected));
    if (alike >= 0) {
      throw new Error(`Cannot judge answers: images 0 and ${alike} have the same logits`);
    }

    const requests = loadRequests(pool, flags.requests, flags.malformed);
    const good = requests.filter(({ images }) => images.length > 0);
    const server = await startLoadServer(["--model", file, `--max-batch=${flags.maxBatch}`]);
    // What a first request costs is not what is measured.
    await sendAll(server.url, good.slice(0, 8), 4, expected);
    const start = await server.figures();
    let middle = start;
    const together = await sendAll(server.url, requests, connections, expected, async () => {
      middle = await server.figures();
    });
    const end = await server.figures();
    const single = await sendAll(server.url, good.slice(0, flags.oneByOne), 1, expected);
    const code = await server.stop();

    const faults = [...together.outcomes, ...single.outcomes]
      .flatMap(({ fault }) => fault ?? []);
    if (code !== 0) faults.push(`the server's exit code: ${code}`);
    const [memory, half] = [stateOf(end), stateOf(middle)];
    if (!(memory.residentBytes <= LEVEL * half.residentBytes)) {
      faults.push(
        `memory: ${half.residentBytes} bytes in the middle, ${memory.residentBytes} at last`,
      );
    }
    if (memory.tensors !== stateOf(start).tensors) faults.push("memory: tensors are left");
    const batches = (figures: Figures, part: string) =>
      valueOf(figures, `fer_batch_images_${part}`);
    const [load, alone] = [summaryOf(together), summaryOf(single)];
    const result = {
      adapter: server.adapter,
      ...{ connections, maxBatch: flags.maxBatch },
      malformed: load.requests - load.good,
      together: load,
      oneByOne: alone,
      speedup: load.imagesPerSecond / alone.imagesPerSecond,
      meanBatch: (batches(end, "sum") - batches(start, "sum")) /
        (batches(end, "count") - batches(start, "count")),
      memory: { start: stateOf(start), middle: half, end: memory },
      faults,
    };
    if (json) print(JSON.stringify(result));
    else printTables(result, markdown ? "markdown" : "plain");
    for (const fault of new Set(faults)) warn(`error: ${fault}`);
    return faults.length === 0 ? 0 : 1;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function printTables(
  result: {
    readonly adapter: string;
    readonly connections: number;
    readonly malformed: number;
    readonly together: ReturnType<typeof summaryOf>;
    readonly oneByOne: ReturnType<typeof summaryOf>;
    readonly speedup: number;
    readonly meanBatch: number;
    readonly memory: Readonly<Record<"start" | "middle" | "end", ReturnType<typeof stateOf>>>;
    readonly faults: readonly string[];
  },
  form: "plain" | "markdown",
): void {
  const { together, oneByOne, memory } = result;
  const row = (
    name: string,
    { requests, imagesPerSecond, requestsPerSecond, ms }: typeof together,
  ) => [
    ...[name, String(requests), number(requestsPerSecond), number(imagesPerSecond)],
    ...[number(ms.p50), number(ms.p95), number(ms.p99)],
  ];
  const names = ["", "requests", "requests/s", "images/s", "p50 ms", "p95 ms", "p99 ms"];
  const tables: Table[] = [
    {
      heading: `The server on ${result.adapter}`,
      rows: [
        names,
        row(`${result.connections} connections, ${result.malformed} malformed`, together),
        row("one by one", oneByOne),
      ],
    },
    {
      heading: "Its memory",
      rows: [
        ["", "resident MiB", "GPU MiB", "tensors"],
        ...Object.entries(memory).map(([name, { residentBytes, gpuBytes, tensors }]) => [
          ...[name, number(residentBytes / MIB), number(gpuBytes / MIB), String(tensors)],
        ]),
      ],
    },
  ];
  for (const table of tables) for (const line of tableLines(table, form)) print(line);
  print("");
  print(
    `Images a second together: ${number(result.speedup)} times those one by one; ` +
      `${number(result.meanBatch)} images a batch`,
  );
  print(
    result.faults.length === 0
      ? "Every good answer was right, every bad request refused, memory stayed level"
      : `${result.faults.length} faults`,
  );
}
