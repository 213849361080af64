/**
 * Files of every kind that is read, damaged at random: each is refused by name or read right, and
 * nothing hangs, grows or fails behind the caller's back.
 */
import { assert, assertEquals } from "@std/assert";
import { decodeImage, EMOTIONS, FerDataset, loadFerCsv, withFerPlus } from "../../src/data.ts";
import * as tf from "@tensorflow/tfjs";
import {
  buildFerCnn,
  encodeModel,
  loadModel,
  readSafetensors,
  writeSafetensors,
} from "../../src/model.ts";
import type { FerVariable } from "../../src/model/tensor.ts";
import { Generator } from "../../src/random.ts";
import { readRun } from "../../src/report/run_folder.ts";
import { readMetrics, readRecord, RunDirectory } from "../../src/train.ts";
import { loadCheckpoint, saveCheckpoint } from "../../src/train/checkpoint.ts";

tf.env().set("PROD", true);

/** How many files: some, or as many as `deno task test:mutations` asks for. */
const MUTATIONS = Number(Deno.env.get("MUTATIONS") || 1000);
/** Milliseconds in which each is refused or read. */
const PATIENCE = 10_000;
/** Bytes that the engine may hold more at the end than at the beginning. */
const MEMORY = 256 * 2 ** 20;

type Bytes = Uint8Array<ArrayBuffer>;

/** A kind of file. */
interface Kind {
  readonly name: string;
  readonly bytes: Bytes;
  /**
   * Reads a damaged file, and asserts that what comes out is what the file says.
   *
   * @throws What refuses it.
   */
  readonly read: (bytes: Bytes) => Promise<void>;
}

const encoder = new TextEncoder();

function joined(...parts: readonly Uint8Array[]): Bytes {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

async function gzip(bytes: Bytes): Promise<Bytes> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** Cuts, flips, doubles, moves, or writes another number into a file. */
function mutate(bytes: Bytes, generator: Generator): Bytes {
  const at = () => generator.integer(bytes.length);
  const [a, b] = [at(), at()].sort((x, y) => x - y);
  switch (generator.integer(8)) {
    case 0:
      return bytes.slice(0, a);
    case 1:
      return bytes.slice(a);
    case 2:
      return bytes.with(a, bytes[a] ^ 1 << generator.integer(8)) as Bytes;
    case 3:
      return joined(bytes.subarray(0, b), bytes.subarray(a));
    case 4:
      return joined(bytes.subarray(0, a), bytes.subarray(b));
    case 5: {
      // Wrong numbers are the most harmful in a header.
      const changed = bytes.slice();
      const place = generator.integer(Math.min(64, bytes.length));
      const number = [0, 1, 0x7f, 0xff][generator.integer(4)];
      changed.fill(number, place, place + 1 + generator.integer(4));
      return changed;
    }
    case 6: {
      const changed = bytes.slice();
      for (let i = a; i < Math.min(b, a + 64); i++) changed[i] = generator.integer(256);
      return changed;
    }
    default:
      return joined(bytes, Uint8Array.from({ length: 1 + generator.integer(40) }, () => 65));
  }
}

/** The same bytes in pieces of random lengths. */
function inPieces(bytes: Bytes, generator: Generator): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      const end = Math.min(bytes.length, at + 1 + generator.integer(900));
      if (at < end) controller.enqueue(bytes.slice(at, end));
      at = end;
      if (at === bytes.length) controller.close();
    },
  });
}

const SIZE = 3;
const HEADER = "emotion,pixels,Usage";
const USAGES = ["Training", "PublicTest", "PrivateTest"];
const ROWS = Array.from({ length: 40 }, (_, i) => {
  const pixels = Array.from({ length: SIZE * SIZE }, (_, k) => (37 * i + 11 * k) % 256);
  return `${i % 7},${pixels.join(" ")},${USAGES[i % 3]}`;
});
const CSV = encoder.encode([HEADER, ...ROWS].join("\n") + "\n") as Bytes;

/** The rows of a CSV text, taken apart by nothing but split(). */
function plainRows(bytes: Bytes): string[] {
  const text = new TextDecoder().decode(bytes);
  const [header, ...rows] = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== "");
  const names = header.split(",").map((name) => name.trim().toLowerCase());
  return rows.map((row) => {
    const fields = row.split(",").map((field) => field.trim());
    const [label, pixels, usage] = HEADER.toLowerCase().split(",")
      .map((name) => fields[names.indexOf(name)]);
    const numbers = pixels.split(" ").map(Number);
    return `${Number(label)},${numbers.join(" ")},${usage.toLowerCase()}`;
  });
}

function rowsOf({ labels, usages, image, length }: FerDataset, dataset: FerDataset): string[] {
  return Array.from(
    { length },
    (_, i) =>
      `${labels[i]},${image.call(dataset, i).data.join(" ")},${USAGES[usages[i]].toLowerCase()}`,
  );
}

const streams = new Generator(5);
const readCsv = async (bytes: Bytes): Promise<FerDataset> =>
  await loadFerCsv(inPieces(bytes, streams), { size: SIZE, name: "NAME" });

/** A packed file is what it was, or some of its members, or refused. */
async function readPacked(bytes: Bytes): Promise<void> {
  const dataset = await readCsv(bytes);
  const rows = rowsOf(dataset, dataset);
  const all = ROWS.map((row) => row.toLowerCase());
  assert(rows.every((row) => all.includes(row)), "a row that no file had");
}

const utf16 = (bytes: Bytes): Bytes => {
  const text = `\ufeff${new TextDecoder().decode(bytes)}`;
  return new Uint8Array(Uint16Array.from(text, (each) => each.charCodeAt(0)).buffer);
};

const image = (name: string): Bytes =>
  Deno.readFileSync(new URL(`images/${name}`, import.meta.url));
const PNG_KINDS: Readonly<Record<string, { file: string }>> = JSON.parse(
  Deno.readTextFileSync(new URL("png_kinds.json", import.meta.url)),
);

/** PNG has sums, so that it is the same picture or none. */
async function pngKind(name: string, bytes: Bytes): Promise<Kind> {
  const { data } = await decodeImage(bytes);
  return {
    name,
    bytes,
    async read(damaged) {
      assertEquals((await decodeImage(damaged, { name: "NAME" })).data, data);
    },
  };
}

/** JPEG and WebP have none: what is read has the size that it says. */
function sumlessKind(name: string): Kind {
  return {
    name,
    bytes: image(name),
    async read(damaged) {
      const { data, width, height } = await decodeImage(damaged, {
        name: "NAME",
        maxMegapixels: 1,
      });
      assertEquals(data.length % (width * height), 0);
    },
  };
}

const VOTES = encoder.encode(
  [
    "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF",
    ...Array.from({ length: 10 }, (_, i) => `Training,fer${i}.png,${i},1,2,0,0,0,0,0,0,0`),
  ].join("\n"),
) as Bytes;
const VOTED = new FerDataset({
  pixels: new Uint8Array(10),
  labels: new Int8Array(10).fill(6),
  usages: new Uint8Array(10),
  classes: EMOTIONS,
  size: 1,
  source: "faces",
});

const TENSORS = writeSafetensors(
  new Map([
    ["a.weight", { dtype: "F32" as const, shape: [2, 3], data: new Float32Array(6).fill(0.5) }],
    ["b", { dtype: "I64" as const, shape: [1], data: BigInt64Array.of(7n) }],
  ]),
  { trainingState: "{}" },
);

const LINES = Array.from(
  { length: 20 },
  (_, step) => ({ type: "step", epoch: 1, step, loss: 0.5 }),
);
const METRICS = encoder.encode(
  LINES.map((line) => JSON.stringify(line) + "\n").join(""),
) as Bytes;
const CONFIG = encoder.encode(JSON.stringify({ config: { lr: 0.1, epochs: 3 } })) as Bytes;

const EVALUATION = encoder.encode(JSON.stringify({
  ...{ n: 4, accuracy: 0.5, macroF1: 0.5, weightedF1: 0.5, balancedAccuracy: 0.5, top2: 1 },
  ...{ ece: 0.1, loss: 0.7, accuracyInterval: [0.2, 0.8], macroF1Interval: [0.2, 0.8] },
  perClass: {
    a: { precision: 0.5, recall: 0.5, f1: 0.5, support: 2 },
    b: { precision: 0.5, recall: 0.5, f1: 0.5, support: 2 },
  },
  ...{ confusion: [[1, 1], [1, 1]], leakFree: null },
})) as Bytes;

/** A text of JSON as JSON writes it; undefined when it is none. */
function plainJson(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** A model file: what is read has the weights' shapes, and numbers that the file holds. */
async function modelKind(folder: string): Promise<Kind> {
  const model = buildFerCnn({ filters: [2], hidden: 3, size: 8, seed: 5 });
  const bytes = await encodeModel(model);
  const shapes = model.getWeights().map(({ shape }) => `${shape}`);
  model.dispose();
  return {
    name: "best.safetensors",
    bytes,
    async read(damaged) {
      const path = `${folder}/best.safetensors`;
      await Deno.writeFile(path, damaged);
      const loaded = await loadModel(path);
      try {
        const { classes } = loaded.metadata;
        assert(classes.length > 1 && classes.every((each) => typeof each === "string"));
        const found = loaded.model.getWeights().map(({ shape }) => `${shape}`);
        if (found.length === shapes.length) assertEquals(found.sort(), shapes.toSorted());
      } finally {
        loaded.model.dispose();
      }
    },
  };
}

/** A training's checkpoint: all of its numbers are some. */
async function checkpointKind(folder: string): Promise<Kind> {
  const path = `${folder}/last.safetensors`;
  const variables = new Map<string, FerVariable>([
    ["a.weight", tf.variable(tf.fill([2, 3], 0.5))],
    ["b.bias", tf.variable(tf.fill([4], -0.25))],
  ]);
  const counts = { epoch: 2, batch: 1, step: 9, optimizerSteps: 9, correct: 5, seen: 8 };
  await saveCheckpoint(path, variables, {
    ...{ ...counts, lossSum: 3.5, seconds: 1.5, best: null, finished: null, dropout: [3] },
    schedule: { best: 0.5, badEpochs: 1, lr: 0.1, cooldownLeft: 0 },
    earlyStopping: { best: 0.5, wait: 1 },
  });
  return {
    name: "last.safetensors",
    bytes: await Deno.readFile(path),
    async read(damaged) {
      await Deno.writeFile(path, damaged);
      const state = await loadCheckpoint(path, variables);
      for (const name of Object.keys(counts) as (keyof typeof counts)[]) {
        assert(Number.isSafeInteger(state[name]) && state[name] >= 0, `${name} ${state[name]}`);
      }
      for (const variable of variables.values()) {
        assert((await variable.data()).every(Number.isFinite), "a weight that is no number");
      }
    },
  };
}

/** A folder of a run as the report reads it, one of its files damaged. */
async function runKind(folder: string, file: string, bytes: Bytes): Promise<Kind> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeFile(`${folder}/config.json`, CONFIG);
  await Deno.writeFile(`${folder}/metrics.jsonl`, METRICS);
  return {
    name: `a run's ${file}`,
    bytes,
    async read(damaged) {
      await Deno.writeFile(`${folder}/${file}`, damaged);
      const { config, metrics } = await readRun(folder);
      if (file === "config.json") {
        assertEquals(config, JSON.parse(new TextDecoder().decode(damaged)));
      }
      assert(metrics.every(({ epoch }) => Number.isSafeInteger(epoch)));
    },
  };
}

async function kinds(folder: string): Promise<Kind[]> {
  const packed = await gzip(CSV);
  const half = CSV.lastIndexOf(10, CSV.length / 2) + 1;
  const members = [await gzip(CSV.slice(0, half)), await gzip(CSV.slice(half))];
  await Deno.mkdir(folder, { recursive: true });
  const open = await RunDirectory.open(folder, { resume: false });
  open.close();
  return [
    {
      name: "CSV",
      bytes: CSV,
      async read(bytes) {
        const dataset = await readCsv(bytes);
        if (bytes.includes(34) || bytes.includes(0) || bytes[0] >= 0xef) return;
        assertEquals(rowsOf(dataset, dataset), plainRows(bytes));
      },
    },
    { name: "CSV in UTF-16", bytes: utf16(CSV), read: async (bytes) => void await readCsv(bytes) },
    { name: "gzip", bytes: packed, read: readPacked },
    { name: "gzip of two members", bytes: joined(...members, new Uint8Array(9)), read: readPacked },
    {
      name: "votes",
      bytes: VOTES,
      async read(bytes) {
        const { softLabels } = await withFerPlus(VOTED, inPieces(bytes, streams));
        for (let i = 0; i < 10; i++) {
          const sum = softLabels?.subarray(7 * i, 7 * i + 7).reduce((a, b) => a + b, 0) ?? 0;
          assert(Math.abs(sum - 1) < 1e-5, "votes that do not come to one");
        }
      },
    },
    await pngKind("PNG", image("colour.png")),
    await pngKind(
      "interlaced PNG",
      Uint8Array.fromBase64(PNG_KINDS["colour 3, 4 bits, 13x11, interlaced"].file),
    ),
    ...[
      "grey.jpg",
      "progressive.jpeg",
      "orientation_6.jpg",
      "lossy.webp",
      "lossless.webp",
      "moving.webp",
    ]
      .map(sumlessKind),
    {
      name: "safetensors",
      bytes: TENSORS,
      read(bytes) {
        const { tensors } = readSafetensors(bytes, "NAME");
        for (const { shape, data } of tensors.values()) {
          assertEquals(data.length, shape.reduce((size, each) => size * each, 1));
        }
        return Promise.resolve();
      },
    },
    await modelKind(folder),
    await checkpointKind(folder),
    await runKind(`${folder}/first`, "config.json", CONFIG),
    await runKind(`${folder}/second`, "metrics.jsonl", METRICS),
    await runKind(`${folder}/third`, "evaluation.json", EVALUATION),
    {
      name: "metrics",
      bytes: METRICS,
      async read(bytes) {
        await Deno.writeFile(`${folder}/metrics.jsonl`, bytes);
        const lines = new Set(new TextDecoder().decode(bytes).split("\n").map(plainJson));
        for (const line of await readMetrics(folder)) {
          assert(lines.has(JSON.stringify(line)), "a line that was not there");
        }
      },
    },
    {
      name: "config.json",
      bytes: CONFIG,
      async read(bytes) {
        await Deno.writeFile(`${folder}/config.json`, bytes);
        const directory = await RunDirectory.open(folder, { resume: true });
        try {
          const { config, ...rest } = await readRecord(directory.path);
          const written = JSON.parse(new TextDecoder().decode(bytes));
          const { config: _settings, ...others } = written;
          assertEquals(rest as unknown, others);
          const settings = Object.entries(Object(written.config));
          for (const [name, value] of settings) assertEquals(config[name], value);
        } finally {
          directory.close();
        }
      },
    },
  ];
}

/** What says in a message which file it is about. */
const NAMED =
  /NAME|the stream|config\.json|metrics\.jsonl|evaluation\.json|(?:best|last)\.safetensors/;

Deno.test(`damaged files (${MUTATIONS}) are refused by name or read right`, async () => {
  const unhandled: unknown[] = [];
  const listen = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  addEventListener("unhandledrejection", listen);
  const root = await Deno.makeTempDir();
  try {
    const all = await kinds(`${root}/run`);
    for (const { read, bytes } of all) await read(bytes);
    const before = Deno.memoryUsage();
    const counts = { refused: 0, read: 0 };
    for (let i = 0; i < MUTATIONS; i++) {
      const kind = all[i % all.length];
      const damaged = mutate(kind.bytes, new Generator(21, i));
      const where = `${kind.name}, mutation ${i}`;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${where} hangs`)), PATIENCE);
      });
      try {
        await Promise.race([kind.read(damaged), late]);
        counts.read++;
      } catch (error) {
        const { name, message } = error as Error;
        assert(
          ["SyntaxError", "RangeError", "TypeError", "CheckpointError", "RunDirectoryError"]
            .includes(name),
          `${where}: ${name}: ${message}`,
        );
        assert(NAMED.test(message) && !message.includes("\n"), `${where}: ${message}`);
        counts.refused++;
      } finally {
        clearTimeout(timer);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    assertEquals(unhandled, []);
    const after = Deno.memoryUsage();
    const grown = after.heapUsed + after.external - before.heapUsed - before.external;
    assert(grown < MEMORY, `${Math.round(grown / 2 ** 20)} MiB more are held`);
    // Both happen often: the test looks at what it means to look at.
    assert(counts.refused > MUTATIONS / 4 && counts.read > MUTATIONS / 50, JSON.stringify(counts));
  } finally {
    removeEventListener("unhandledrejection", listen);
    await Deno.remove(root, { recursive: true });
  }
});
