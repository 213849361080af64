/**
 * `deno run -A bench/label.ts`: how fast `deno task label` goes, beside what limits it: decoding in
 * worker threads, and finding and recognizing faces. Were they wholly side by side, the slower one
 * would be the rate; one after the other, both times would add up.
 *
 * @module
 */
import { type Command, UsageError } from "../cli/flags.ts";
import { decodeAhead } from "../cli/label/decode_ahead.ts";
import { startDecoder } from "../cli/label/decoder_pool.ts";
import { jsonlFormat } from "../cli/label/jsonl_format.ts";
import { type Labeller, labelPictures } from "../cli/label/label_pictures.ts";
import { PathSet } from "../cli/label/path_hash.ts";
import { openRowFile } from "../cli/label/row_file.ts";
import { Sources } from "../cli/label/sources.ts";
import { print, runProgram } from "../cli/program.ts";
import {
  buildFerNet,
  drawnFaces,
  EMOTIONS,
  type FerModel,
  Generator,
  type Image,
  loadModel,
  predict,
  useWebGpu,
  VERSION,
} from "../mod.ts";
import { resize } from "../src/transforms.ts";
import { FerRecognizer } from "../src/recognizer.ts";
import { detectFaces } from "../src/recognizer/detector.ts";
import { loadDetectors } from "./recognizer/detector.ts";
import { number, type Table, tableLines } from "./table.ts";

const COMMAND = {
  name: "bench label",
  about: "Measure deno task label beside decoding, detection and recognition alone.",
  flags: {
    folder: {
      kind: "string",
      value: "DIR",
      about: "Pictures to label",
      otherwise: "made-up JPEG files of 640x480, a drawn face in each",
    },
    pictures: { kind: "integer", value: "N", min: 1, default: 256, about: "How many are made up" },
    model: {
      kind: "string",
      value: "FILE",
      about: "The network",
      otherwise: "the packaged one's architecture, not trained: as fast",
    },
    "batch-size": {
      kind: "integer",
      value: "N",
      min: 1,
      max: 1024,
      default: 32,
      about: "Pictures at once",
    },
    workers: {
      kind: "integer",
      value: "N",
      min: 1,
      max: 64,
      default: Math.max(1, Math.min(8, navigator.hardwareConcurrency - 1)),
      about: "Threads that decode",
    },
    rounds: { kind: "integer", value: "N", min: 1, default: 3, about: "Rounds; the best counts" },
    json: { kind: "boolean", about: "Print one JSON object" },
    markdown: { kind: "boolean", about: "Print the table in Markdown" },
  },
} as const satisfies Command;

/** As in cli/label.ts. */
const BATCH_BYTES = 2 ** 27;
const [WIDTH, HEIGHT] = [640, 480];

/** A coloured picture with a drawn face somewhere, on a background that does not compress away. */
function madeUpPicture(face: Image, generator: Generator): Image {
  const data = new Uint8ClampedArray(4 * WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const level = 90 + 60 * (x / WIDTH) * (y / HEIGHT) + generator.integer(24);
      data.set([level, level + 8, level - 8, 255], 4 * (y * WIDTH + x));
    }
  }
  const side = 160 + generator.integer(120);
  const [left, top] = [generator.integer(WIDTH - side), generator.integer(HEIGHT - side)];
  const large = resize(face, side, side).data;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const level = large[y * side + x];
      data.set([level, level, level, 255], 4 * ((top + y) * WIDTH + left + x));
    }
  }
  return { data, width: WIDTH, height: HEIGHT };
}

async function writePictures(folder: string, count: number): Promise<void> {
  // The package gives Deno a `location`, by which other libraries would take it for a browser.
  const location = Object.getOwnPropertyDescriptor(globalThis, "location");
  const { default: encode } = await import("@jsquash/jpeg/encode.js");
  const faces = drawnFaces(count, 5);
  const generator = new Generator(5);
  for (let i = 0; i < count; i++) {
    const picture = madeUpPicture(faces.image(i), generator);
    const bytes = await encode({ ...picture, colorSpace: "srgb" } as ImageData, { quality: 85 });
    await Deno.writeFile(`${folder}/${String(i).padStart(6, "0")}.jpg`, new Uint8Array(bytes));
  }
  if (location) Object.defineProperty(globalThis, "location", location);
}

/** Seconds of the best of some rounds, all jobs in turns, so that what else runs hits all alike. */
async function bestSeconds<Name extends string>(
  jobs: Readonly<Record<Name, () => Promise<void>>>,
  rounds: number,
): Promise<Record<Name, number>> {
  const names = Object.keys(jobs) as Name[];
  const best = Object.fromEntries(names.map((name) => [name, Infinity])) as Record<Name, number>;
  for (const name of names) await jobs[name](); // programs are compiled, files are in the cache
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const start = performance.now();
      await jobs[name]();
      best[name] = Math.min(best[name], (performance.now() - start) / 1000);
    }
  }
  return best;
}

function batchesOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from(
    { length: Math.ceil(items.length / size) },
    (_, i) => items.slice(i * size, (i + 1) * size),
  );
}

await runProgram(COMMAND, async (values) => {
  const { batchSize, workers } = values;
  const temporary = await Deno.makeTempDir({ prefix: "fer-bench-" });
  const folder = values.folder ?? temporary;
  if (values.folder === undefined) await writePictures(folder, values.pictures);
  const listed = await Array.fromAsync(new Sources({ inputs: [folder], listEnd: "line" })
    .pictures(new PathSet()));
  if (listed.length === 0) {
    throw new UsageError(`Cannot find a JPEG, PNG or WebP file in ${folder}`);
  }

  const gpu = await useWebGpu();
  const model: FerModel = values.model === undefined
    ? buildFerNet()
    : (await loadModel(values.model)).model;
  const recognizer = await FerRecognizer.load({ model });
  const detectors = await loadDetectors();
  const decoder = await startDecoder(workers, 50);
  const one = await startDecoder(1, 50);

  // As many as a batch has, again and again: a large folder's pixels would not fit in memory.
  const images = await Promise.all(
    listed.slice(0, batchSize).map(({ path }) => decoder.decode(path)),
  );
  const times = Math.max(1, Math.round(listed.length / images.length));
  const labeller: Labeller = (some) => gpu.wait(() => recognizer.recognizeMany(some));
  const faces = (await labeller(images)).flat().length;
  const crops = Array.from({ length: Math.max(1, faces) }, (_, i) => drawnFaces(1, i).image(0));
  const format = jsonlFormat(EMOTIONS);

  const decodeAll = (decode: (path: string) => Promise<Image>) => async () => {
    for (const batch of batchesOf(listed, 4 * workers)) {
      await Promise.all(batch.map(({ path }) => decode(path)));
    }
  };
  const again = (job: () => Promise<unknown>) => async () => {
    for (let i = 0; i < times; i++) await gpu.wait(job);
  };
  const options = { minScore: 0.7, maxFaces: 50, minSize: 0.03, maxLooks: 4 };
  const seconds = await bestSeconds({
    decodeOne: decodeAll(one.decode),
    decode: decodeAll(decoder.decode),
    detect: again(() => detectFaces(detectors, images, options)),
    express: again(() => predict(model, crops)),
    recognize: again(() => recognizer.recognizeMany(images)),
    label: async () => {
      const identity = { version: VERSION, model: { name: "", sha256: "" }, flags: {} };
      const output = await openRowFile(`${temporary}/rows.jsonl`, format, identity, true);
      const sources = new Sources({ inputs: [folder], listEnd: "line" });
      const decoded = decodeAhead(sources.pictures(output.done), decoder, {
        pictures: batchSize + decoder.width,
        bytes: BATCH_BYTES,
      });
      const limits = { pictures: batchSize, bytes: BATCH_BYTES };
      for await (const batch of labelPictures(decoded, labeller, limits)) {
        await output.append(batch.map((result) => format.rows(result)).join(""));
      }
      await output.close(output.before, true);
    },
  }, values.rounds);
  one.close();
  decoder.close();
  detectors.near.dispose();
  detectors.far.dispose();
  recognizer.dispose();
  model.dispose();
  gpu.dispose();
  await Deno.remove(temporary, { recursive: true });

  const seen = times * images.length;
  const rates = {
    decodeOne: listed.length / seconds.decodeOne,
    decode: listed.length / seconds.decode,
    detect: seen / seconds.detect,
    expressFaces: times * crops.length / seconds.express,
    recognize: seen / seconds.recognize,
    label: listed.length / seconds.label,
  };
  const sideBySide = Math.min(rates.decode, rates.recognize);
  const inTurn = 1 / (1 / rates.decode + 1 / rates.recognize);
  const result = {
    adapter: gpu.description,
    cores: navigator.hardwareConcurrency,
    pictures: listed.length,
    size: `${images[0].width}x${images[0].height}`,
    facesPerPicture: faces / images.length,
    batchSize,
    workers,
    perSecond: { ...rates, sideBySide, inTurn },
  };
  if (values.json) {
    print(JSON.stringify(result));
    return;
  }
  const row = (name: string, rate: number) => [name, number(rate), number(rates.label / rate)];
  const threads = `${workers} ${workers === 1 ? "thread" : "threads"}`;
  const table: Table = {
    heading: `${listed.length.toLocaleString("en-US")} pictures, the first of ${result.size}, ` +
      `${number(result.facesPerPicture)} faces each; batches of ${batchSize}; ${result.cores} ` +
      `cores, ${gpu.description}`,
    rows: [
      ["What", "a second", "label is times that"],
      row("label, from files to rows", rates.label),
      row("decoding alone, 1 thread", rates.decodeOne),
      ...(workers > 1 ? [row(`decoding alone, ${threads}`, rates.decode)] : []),
      row("detection alone", rates.detect),
      row("expressions alone, faces", rates.expressFaces),
      row("detection, crops and expressions", rates.recognize),
      row("limit where decoding and the rest are side by side", sideBySide),
      row("limit where they take turns", inTurn),
    ],
  };
  for (const line of tableLines(table, values.markdown ? "markdown" : "plain")) print(line);
});
