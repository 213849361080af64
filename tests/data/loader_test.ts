import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Batch, DataLoader, type DataLoaderOptions } from "../../src/data/loader.ts";
import { FerDataset } from "../../src/data/dataset.ts";
import {
  CenterCrop,
  Compose,
  FiveCrop,
  Generator,
  Grayscale,
  type Image,
  Normalize,
  RandomErasing,
  RandomRotation,
  standardAugmentation,
  strongAugmentation,
  ToTensor,
  type Transform,
} from "../../src/transforms.ts";

/** Noise, with every image's first pixel its place and labels in turn. */
function noise(n: number, size = 12, labels?: readonly number[]): FerDataset {
  const generator = new Generator(7);
  const pixels = Uint8Array.from({ length: n * size * size }, () => generator.integer(256));
  for (let i = 0; i < n; i++) pixels[i * size * size] = i;
  return new FerDataset({
    pixels,
    labels: Int8Array.from({ length: n }, (_, i) => labels ? labels[i] : i % 3),
    usages: new Uint8Array(n),
    classes: ["a", "b", "c"],
    size,
    source: "noise",
  });
}

async function collect(
  loader: DataLoader,
  epoch = 0,
  options: { from?: number; signal?: AbortSignal } = {},
): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of loader.epoch(epoch, options)) batches.push(batch);
  return batches;
}

async function load(dataset: FerDataset, options: DataLoaderOptions, epoch = 0): Promise<Batch[]> {
  using loader = new DataLoader(dataset, options);
  return await collect(loader, epoch);
}

const placesOf = (batches: readonly Batch[]) => batches.flatMap(({ indices }) => [...indices]);

Deno.test("DataLoader gives every image once, in order, with its label and shape", async () => {
  const dataset = noise(10);
  const batches = await load(dataset, { batchSize: 4 });
  assertEquals(batches.map(({ shape }) => shape), [[4, 12, 12, 1], [4, 12, 12, 1], [2, 12, 12, 1]]);
  assertEquals(placesOf(batches), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assertEquals(batches.flatMap(({ labels }) => [...labels]), [...dataset.labels]);
  assertEquals(batches.flatMap(({ pixels }) => [...pixels]), [...dataset.pixels]);
  assertEquals(batches[0].softLabels, undefined);
});

Deno.test("DataLoader leaves out a short last batch with dropLast", async () => {
  using loader = new DataLoader(noise(10), { batchSize: 4, dropLast: true });
  assertEquals(loader.batches, 2);
  assertEquals((await collect(loader)).length, 2);
});

Deno.test("DataLoader has no batches of an empty data set", async () => {
  assertEquals(await load(noise(0), { batchSize: 4, dropLast: true, shuffle: true }), []);
});

Deno.test("DataLoader shuffles each epoch another way, the same for one seed", async () => {
  const options = { batchSize: 16, shuffle: true, seed: 5 };
  const first = placesOf(await load(noise(60), options, 0));
  const second = placesOf(await load(noise(60), options, 1));
  assertEquals(placesOf(await load(noise(60), options, 0)), first);
  assert(first.some((place, i) => place !== second[i]));
  assert(first.some((place, i) => place !== i));
  const sorted = (places: number[]) => [...places].sort((a, b) => a - b);
  assertEquals(sorted(first), Array.from({ length: 60 }, (_, i) => i));
  assertEquals(sorted(second), sorted(first));
  const other = placesOf(await load(noise(60), { ...options, seed: 6 }, 0));
  assert(first.some((place, i) => place !== other[i]));
});

Deno.test("DataLoader keeps pixels, labels and indices of an image together", async () => {
  const dataset = noise(60);
  for (const batch of await load(dataset, { batchSize: 16, shuffle: true })) {
    batch.indices.forEach((index, i) => {
      assertEquals(batch.labels[i], dataset.labels[index]);
      assertEquals(batch.pixels.slice(i * 144, (i + 1) * 144), dataset.image(index).data);
    });
  }
});

Deno.test("DataLoader gives the same batches with 0, 1, 2 and 3 workers", async () => {
  const dataset = noise(70, 20);
  for (const transform of [standardAugmentation(20), strongAugmentation(20)]) {
    const options = { batchSize: 8, shuffle: true, seed: 3, transform };
    const expected = await load(dataset, { ...options, workers: 0 }, 2);
    for (const workers of [1, 2, 3]) {
      using loader = new DataLoader(dataset, { ...options, workers });
      assertEquals(await collect(loader, 2), expected, `${workers} workers`);
      assertEquals(loader.workers, workers);
    }
  }
});

Deno.test("DataLoader draws the same for an image whatever the batch size", async () => {
  const options = { shuffle: true, seed: 3, transform: standardAugmentation(12), workers: 0 };
  const pixels = (batches: Batch[]) => batches.flatMap(({ pixels }) => [...pixels]);
  const one = pixels(await load(noise(20), { ...options, batchSize: 20 }));
  assertEquals(pixels(await load(noise(20), { ...options, batchSize: 3 })), one);
});

Deno.test("DataLoader draws anew for each image and epoch", async () => {
  const dataset = new FerDataset({
    ...noise(0),
    pixels: new Uint8Array(2 * 144).map((_, i) => (i % 144) * 31),
    labels: Int8Array.of(0, 0),
    usages: Uint8Array.of(0, 0),
  });
  const options = { batchSize: 1, transform: new RandomRotation(180), workers: 0 };
  const seen = new Set(
    [...await load(dataset, options, 0), ...await load(dataset, options, 1)]
      .map(({ pixels }) => pixels.join()),
  );
  assertEquals(seen.size, 4);
});

Deno.test("DataLoader.epoch() from a batch gives what follows it", async () => {
  using loader = new DataLoader(noise(50, 16), {
    batchSize: 8,
    shuffle: true,
    seed: 9,
    transform: standardAugmentation(16),
    workers: 1,
  });
  const all = await collect(loader, 4);
  for (const from of [0, 3, loader.batches - 1, loader.batches]) {
    assertEquals(await collect(loader, 4, { from }), all.slice(from));
  }
});

Deno.test("DataLoader takes the size that the transform gives", async () => {
  const batches = await load(noise(5), { batchSize: 4, transform: new CenterCrop([6, 8]) });
  assertEquals(batches.map(({ shape }) => shape), [[4, 6, 8, 1], [1, 6, 8, 1]]);
  assertEquals(batches[0].pixels.length, 4 * 48);
});

Deno.test("DataLoader leaves ToTensor and Normalize to the device", async () => {
  const normalize = new Normalize(0.4, 0.3);
  const transform = new Compose([
    new Compose([new RandomRotation(30), new RandomErasing(1)]),
    new Compose([new ToTensor(), normalize]),
  ]);
  using loader = new DataLoader(noise(6), { batchSize: 6, transform, workers: 1 });
  assertEquals(loader.normalize, normalize);
  const bytes = new Compose([new RandomRotation(30), new RandomErasing(1)]);
  assertEquals(await collect(loader), await load(noise(6), { batchSize: 6, transform: bytes }));
  using plain = new DataLoader(noise(6), { batchSize: 6, transform: new ToTensor() });
  assertEquals((await collect(plain))[0].pixels, noise(6).pixels);
  assertThrows(
    () =>
      new DataLoader(noise(6), {
        batchSize: 6,
        transform: new Compose([new ToTensor(), new RandomErasing()]),
      }),
    TypeError,
    "goes on after ToTensor",
  );
});

Deno.test("DataLoader runs a transform of the user's own on this thread", async () => {
  const invert: Transform = {
    apply: ({ data, width, height }) => ({ data: data.map((level) => 255 - level), width, height }),
    toJSON: () => ({ name: "Invert" }),
  };
  class Turned extends RandomRotation {
    override apply(image: Image): Image {
      return invert.apply(image, new Generator(0));
    }
  }
  for (const transform of [invert, new Compose([new CenterCrop(12), invert]), new Turned(10)]) {
    using loader = new DataLoader(noise(6), { batchSize: 6, transform, workers: 2 });
    assertEquals(loader.workers, 0);
    assertEquals((await collect(loader))[0].pixels, noise(6).pixels.map((level) => 255 - level));
  }
});

Deno.test("DataLoader draws every class equally often when balanced", async () => {
  const labels = Array.from(
    { length: 3000 },
    (_, i) => i < 30 ? 0 : i < 330 ? 1 : i < 2930 ? 2 : -1,
  );
  const batches = await load(noise(3000, 1, labels), { batchSize: 100, balanced: true, seed: 1 });
  const counts = [0, 0, 0];
  for (const { labels } of batches) labels.forEach((label) => counts[label]++);
  assertEquals(counts[0] + counts[1] + counts[2], 3000);
  // A binomial count of 3000 draws at 1/3 has a deviation of 26.
  for (const count of counts) assert(Math.abs(count - 1000) < 5 * 26, String(counts));
  const rare = new Set(placesOf(batches).filter((place) => place < 30));
  assertEquals(rare.size, 30);
});

Deno.test("DataLoader draws anew each time that a balanced epoch repeats an image", async () => {
  const dataset = noise(40, 12, [0, ...new Array(39).fill(1)]);
  const batches = await load(dataset, {
    batchSize: 1,
    balanced: true,
    transform: new RandomRotation(180),
    workers: 0,
  });
  const first = batches.filter(({ indices }) => indices[0] === 0);
  assert(first.length > 5);
  assert(new Set(first.map(({ pixels }) => pixels.join())).size > 1);
});

Deno.test("DataLoader leaves classes out that have no images when balanced", async () => {
  const batches = await load(noise(9, 2, [0, 0, 0, 0, 0, 0, 0, 0, 2]), {
    batchSize: 9,
    balanced: true,
  });
  assertEquals(new Set(batches[0].labels), new Set([0, 2]));
});

Deno.test("DataLoader refuses to balance images without classes", () => {
  assertThrows(
    () => new DataLoader(noise(2, 2, [-1, -1]), { batchSize: 1, balanced: true }),
    RangeError,
    "no image has a class",
  );
});

Deno.test("DataLoader passes soft labels and missing labels on", async () => {
  const softLabels = Float32Array.of(0.5, 0.5, 0, 0, 0.25, 0.75, 1, 0, 0);
  const dataset = new FerDataset({ ...noise(3), labels: Int8Array.of(-1, 2, 0), softLabels });
  const [batch] = await load(dataset, { batchSize: 3, shuffle: true, seed: 2 });
  batch.indices.forEach((index, i) => {
    assertEquals(batch.labels[i], dataset.labels[index]);
    assertEquals(
      batch.softLabels?.slice(3 * i, 3 * i + 3),
      softLabels.slice(3 * index, 3 * index + 3),
    );
  });
});

Deno.test("DataLoader never changes the data set", async () => {
  const dataset = noise(20, 16);
  const before = dataset.pixels.slice();
  for (const workers of [0, 2]) {
    await load(dataset, { batchSize: 3, transform: strongAugmentation(16), workers });
  }
  assertEquals(dataset.pixels, before);
});

for (const workers of [0, 2]) {
  Deno.test(`DataLoader with ${workers} workers ends cleanly when the loop breaks off`, async () => {
    using loader = new DataLoader(noise(100, 16), {
      batchSize: 4,
      transform: standardAugmentation(16),
      workers,
    });
    let taken = 0;
    for await (const { indices } of loader.epoch(0)) {
      assertEquals(indices[0], 4 * taken);
      if (++taken === 3) break;
    }
    await assertRejects(
      async () => {
        for await (const _ of loader.epoch(1)) throw new Error("the consumer's own");
      },
      Error,
      "the consumer's own",
    );
    assertEquals((await collect(loader, 2)).length, 25);
  });

  Deno.test(`DataLoader with ${workers} workers names the image that a transform fails on`, async () => {
    using loader = new DataLoader(noise(10, 8), {
      batchSize: 4,
      transform: new Compose([new CenterCrop(4), new RandomErasing(1, { value: 300 })]),
      workers,
    });
    const error = await assertRejects(
      () => collect(loader, 0, { from: 1 }),
      Error,
      "Cannot transform image 4 of noise: Cannot apply RandomErasing of value 300",
    );
    assertInstanceOf((error as Error).cause, RangeError);
    // The loader goes on to work.
    await assertRejects(() => collect(loader, 1), Error, "Cannot transform image 0 of noise");
  });

  Deno.test(`DataLoader with ${workers} workers stops when the signal aborts`, async () => {
    using loader = new DataLoader(noise(100, 8), {
      batchSize: 4,
      transform: standardAugmentation(8),
      workers,
    });
    const controller = new AbortController();
    let taken = 0;
    const error = await assertRejects(async () => {
      for await (const _ of loader.epoch(0, { signal: controller.signal })) {
        if (++taken === 2) controller.abort(new Error("stopped by hand"));
      }
    });
    assertEquals((error as Error).message, "stopped by hand");
    assertEquals(taken, 2);
  });

  Deno.test(`DataLoader with ${workers} workers ends an iteration when it closes`, async () => {
    const loader = new DataLoader(noise(100, 8), {
      batchSize: 4,
      transform: standardAugmentation(8),
      workers,
    });
    await assertRejects(
      async () => {
        for await (const _ of loader.epoch(0)) loader.close();
      },
      Error,
      "the loader is closed",
    );
    loader.close();
    assertThrows(() => loader.epoch(0), Error, "the loader is closed");
  });
}

Deno.test("DataLoader gives the batches before the one that fails", async () => {
  let calls = 0;
  const transform: Transform = {
    apply: (image) => {
      if (++calls > 5) throw new SyntaxError("enough");
      return image;
    },
    toJSON: () => ({ name: "Counter" }),
  };
  using loader = new DataLoader(noise(9), { batchSize: 3, transform });
  const seen: number[] = [];
  await assertRejects(
    async () => {
      for await (const { indices } of loader.epoch(0)) seen.push(...indices);
    },
    Error,
    "Cannot transform image 5 of noise: enough",
  );
  assertEquals(seen, [0, 1, 2]);
});

Deno.test("DataLoader refuses what is no grey image of one size", async () => {
  let width = 1;
  const growing: Transform = {
    apply: () => ({ data: new Uint8Array(width), width: width++, height: 1 }),
    toJSON: () => ({ name: "Growing" }),
  };
  const cases: Array<[Transform, string]> = [
    [growing, "image 1 of noise: expected 1x1 as the batch's first image, got 2x1"],
    [new Grayscale(3), "image 0 of noise: expected one channel of the transform, got 3"],
    [new FiveCrop(2) as unknown as Transform, "image 0 of noise: expected one image of the"],
  ];
  for (const [transform, message] of cases) {
    await assertRejects(() => load(noise(4), { batchSize: 4, transform }), Error, message);
  }
});

Deno.test("DataLoader serves two iterations at once", async () => {
  using loader = new DataLoader(noise(40, 8), {
    batchSize: 4,
    transform: standardAugmentation(8),
    workers: 2,
  });
  const [one, two] = await Promise.all([collect(loader, 0), collect(loader, 1)]);
  assertEquals(one, await collect(loader, 0));
  assertEquals(two, await collect(loader, 1));
});

Deno.test("DataLoader works on this thread where workers may not start", async () => {
  const script = `
    import { DataLoader } from "${new URL("../../src/data/loader.ts", import.meta.url)}";
    import { FerDataset } from "${new URL("../../src/data/dataset.ts", import.meta.url)}";
    import { standardAugmentation } from "${new URL("../../src/transforms.ts", import.meta.url)}";
    const dataset = new FerDataset({ pixels: new Uint8Array(64), labels: new Int8Array(1),
      usages: new Uint8Array(1), classes: ["a"], size: 8, source: "black" });
    const loader = new DataLoader(dataset,
      { batchSize: 1, workers: 1, transform: standardAugmentation(8) });
    for await (const { shape } of loader.epoch(0)) console.log(loader.workers, shape.join());`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", script],
    env: { DENO_NO_PROMPT: "1", NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  // deno eval has every permission; the same program under deno run has none.
  assertEquals(text.decode(stdout), "1 1,8,8,1\n", text.decode(stderr));
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/program.ts`, script);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", `${folder}/program.ts`],
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(text.decode(stdout), "0 1,8,8,1\n", text.decode(stderr));
    assertEquals(text.decode(stderr), "");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("DataLoader refuses numbers out of range, naming them", () => {
  const dataset = noise(10);
  const cases: Array<[Partial<DataLoaderOptions>, string]> = [
    [{ batchSize: 0 }, "batchSize 0"],
    [{ batchSize: 2.5 }, "batchSize 2.5"],
    [{ batchSize: 4, seed: -1 }, "seed -1"],
    [{ batchSize: 4, workers: -1 }, "workers -1"],
    [{ batchSize: 4, prefetch: 0 }, "prefetch 0"],
    [{ batchSize: 11, dropLast: true }, "batches of 11 images: noise has 10"],
  ];
  for (const [options, message] of cases) {
    assertThrows(() => new DataLoader(dataset, { batchSize: 4, ...options }), RangeError, message);
  }
  using loader = new DataLoader(dataset, { batchSize: 4 });
  assertThrows(() => loader.epoch(-1), RangeError, "epoch -1");
  assertThrows(
    () => loader.epoch(0, { from: 4 }),
    RangeError,
    "from 4: expected an integer from 0 to 3",
  );
});

Deno.test("DataLoader covers any size of data set by any size of batch", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 70 }),
      fc.boolean(),
      fc.nat(),
      async (n, batchSize, shuffle, epoch) => {
        const batches = await load(noise(n, 1), { batchSize, shuffle }, epoch);
        const places = placesOf(batches).sort((a, b) => a - b);
        assertEquals(places, Array.from({ length: n }, (_, i) => i));
        assertEquals(batches.length, Math.ceil(n / batchSize));
      },
    ),
    { numRuns: 60 },
  );
});
