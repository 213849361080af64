/**
 * Whether the device ever waits for augmentation.
 *
 * The first group measures what the loader can give: epochs of 1,024 augmented images in batches of
 * 64. The second has a consumer that holds each batch as long as a fast training step would take,
 * beside the same steps without a loader, and prints the share of the time that it waited.
 */
// deno-lint-ignore-file no-console
import { DataLoader } from "../src/data/loader.ts";
import { FerDataset } from "../src/data/dataset.ts";
import { Generator, standardAugmentation, strongAugmentation } from "../src/transforms.ts";

const IMAGES = 1024;
const BATCH = 64;
/** Milliseconds of a training step: 2,560 images/s, faster than any software adapter. */
const STEP_MS = 25;

const generator = new Generator(42);
const dataset = new FerDataset({
  pixels: Uint8Array.from({ length: IMAGES * 48 * 48 }, () => generator.integer(256)),
  labels: new Int8Array(IMAGES),
  usages: new Uint8Array(IMAGES),
  classes: ["noise"],
  size: 48,
  source: "noise",
});

const loaders = [0, 1, 2].map((workers) => ({
  workers,
  loader: new DataLoader(dataset, {
    batchSize: BATCH,
    shuffle: true,
    seed: 42,
    transform: standardAugmentation(),
    workers,
  }),
}));
const strong = new DataLoader(dataset, {
  batchSize: BATCH,
  shuffle: true,
  transform: strongAugmentation(),
  workers: 1,
});

/** Threads and their code warm before the clock starts. */
for (const { loader } of [...loaders, { loader: strong }]) {
  for (let epoch = 0; epoch < 3; epoch++) for await (const _ of loader.epoch(epoch));
}

function nameOf(workers: number): string {
  return workers === 0 ? "on this thread" : workers === 1 ? "1 worker" : `${workers} workers`;
}

/** The thread is free meanwhile, as it is while a GPU works. */
function step(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, STEP_MS));
}

let epoch = 0;
for (const { workers, loader } of loaders) {
  Deno.bench({
    name: nameOf(workers),
    group: "an epoch of 1,024 images in batches of 64, as fast as it goes",
    baseline: workers === 0,
    fn: async () => {
      for await (const _ of loader.epoch(epoch++));
    },
  });
}

const waits = new Map<string, { waited: number; total: number }>();

const group = `${IMAGES / BATCH} steps of ${STEP_MS} ms each`;

Deno.bench({
  name: "the steps alone, without a loader",
  group,
  baseline: true,
  n: 10,
  warmup: 1,
  fn: async () => {
    for (let i = 0; i < IMAGES / BATCH; i++) await step();
  },
});

function benchConsumer(name: string, loader: DataLoader): void {
  const times = { waited: 0, total: 0 };
  waits.set(name, times);
  Deno.bench({
    name,
    group,
    n: 10,
    warmup: 1,
    fn: async () => {
      const begun = performance.now();
      let asked = begun;
      for await (const _ of loader.epoch(epoch++)) {
        times.waited += performance.now() - asked;
        await step();
        asked = performance.now();
      }
      times.total += performance.now() - begun;
    },
  });
}

for (const { workers, loader } of loaders) {
  benchConsumer(`${nameOf(workers)}, standard augmentation`, loader);
}
benchConsumer("1 worker, strong augmentation", strong);

globalThis.addEventListener("unload", () => {
  for (const [name, { waited, total }] of waits) {
    if (total === 0) continue;
    console.error(`${name}: waits ${(100 * waited / total).toFixed(1)} % of the time for batches`);
  }
  for (const { loader } of loaders) loader.close();
  strong.close();
});
