import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  Batcher,
  type BatchRecord,
  batchSizes,
  QueueFullError,
} from "../../examples/server/batcher.ts";
import { oneAtATime } from "../../examples/server/one_at_a_time.ts";

/** Every size. */
const upTo = (most: number) => Array.from({ length: most }, (_, i) => i + 1);

/** A batcher whose batches end when the test says so; a result is ten times its item. */
function heldBatcher(
  { maxBatch = 4, ...options }: { maxBatch?: number; maxDelay?: number; queueLimit?: number } = {},
) {
  const batches: { items: readonly number[]; finish: (error?: Error) => void }[] = [];
  const records: BatchRecord[] = [];
  const batcher = new Batcher<number, number>({
    ...{ sizes: upTo(maxBatch), maxDelay: 0, queueLimit: 100, ...options },
    run(items) {
      const { promise, resolve, reject } = Promise.withResolvers<number[]>();
      const finish = (error?: Error) =>
        error ? reject(error) : resolve(items.map((item) => 10 * item));
      batches.push({ items, finish });
      return promise;
    },
    onBatch: (record) => records.push(record),
  });
  return { batcher, batches, records };
}

/** Lets everything happen that needs no time. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("Batcher runs one batch at a time, and what came meanwhile together", async () => {
  const { batcher, batches, records } = heldBatcher();
  const first = batcher.submit([1]);
  const [second, third] = [batcher.submit([2]), batcher.submit([3])];
  assertEquals(batches.map(({ items }) => items), [[1]]);
  assertEquals([batcher.running, batcher.waiting], [1, 2]);
  batches[0].finish();
  assertEquals(await first, [10]);
  await settle();
  assertEquals(batches.map(({ items }) => items), [[1], [2, 3]]);
  batches[1].finish();
  assertEquals([await second, await third], [[20], [30]]);
  assertEquals(records.map(({ images, requests }) => [images, requests]), [[1, 1], [2, 2]]);
  assertEquals([batcher.running, batcher.waiting], [0, 0]);
});

Deno.test("Batcher waits for company, and starts as soon as a batch is full", async () => {
  const { batcher, batches } = heldBatcher({ maxDelay: 1e6, maxBatch: 3 });
  const first = batcher.submit([1, 2]);
  await settle();
  assertEquals(batches.length, 0);
  const second = batcher.submit([3]);
  assertEquals(batches.map(({ items }) => items), [[1, 2, 3]]);
  batches[0].finish();
  assertEquals([await first, await second], [[10, 20], [30]]);
});

Deno.test("Batcher starts a batch that is not full after the delay", async () => {
  const { batcher, batches } = heldBatcher({ maxDelay: 5, maxBatch: 1000 });
  const result = batcher.submit([1]);
  assertEquals(batches.length, 0);
  while (batches.length === 0) await settle();
  batches[0].finish();
  assertEquals(await result, [10]);
});

Deno.test("Batcher splits a long request, and fills its last batch with the next", async () => {
  const { batcher, batches, records } = heldBatcher({ maxBatch: 4 });
  const started: string[] = [];
  const long = batcher.submit([1, 2, 3, 4, 5, 6], { onStart: () => started.push("long") });
  const next = batcher.submit([7, 8, 9], { onStart: () => started.push("next") });
  assertEquals(started, ["long"]);
  batches[0].finish();
  await settle();
  assertEquals(started, ["long", "next"]);
  batches[1].finish();
  await settle();
  batches[2].finish();
  assertEquals(await long, [10, 20, 30, 40, 50, 60]);
  assertEquals(await next, [70, 80, 90]);
  assertEquals(batches.map(({ items }) => items), [[1, 2, 3, 4], [5, 6, 7, 8], [9]]);
  assertEquals(records.map(({ requests }) => requests), [1, 2, 1]);
});

Deno.test("Batcher refuses what does not fit into the queue, and takes it again later", async () => {
  const { batcher, batches } = heldBatcher({ maxBatch: 2, queueLimit: 3 });
  const running = batcher.submit([1, 2]);
  const waiting = batcher.submit([3, 4]);
  const error = await assertRejects(
    () => batcher.submit([5, 6]),
    QueueFullError,
    "The queue is full: 2 of 3 images wait, and 2 more came",
  );
  assertEquals(error.retryAfter, 1);
  const last = batcher.submit([5]);
  for (let i = 0; i < 3; i++) {
    batches[i].finish();
    await settle();
  }
  assertEquals([await running, await waiting, await last], [[10, 20], [30, 40], [50]]);
});

Deno.test("Batcher tells when to come back by the rate of its last batches", async () => {
  // Each image takes 30 ms or a little more: 33 a second at most.
  const batcher = new Batcher<number, number>({
    ...{ sizes: [1], maxDelay: 0, queueLimit: 100 },
    async run(items) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return items;
    },
  });
  assertEquals([batcher.rate, batcher.retryAfter], [undefined, 1]);
  await batcher.submit([1, 2, 3]);
  assert(batcher.rate !== undefined && batcher.rate > 0 && batcher.rate < 34);
  const controller = new AbortController();
  const many = batcher.submit(Array.from({ length: 100 }, (_, i) => i), controller);
  assertEquals(batcher.retryAfter, Math.min(60, Math.ceil(100 / batcher.rate)));
  assert(batcher.retryAfter >= 3);
  controller.abort(new Error("enough"));
  await assertRejects(() => many, Error, "enough");
  while (batcher.running > 0) await settle();
});

Deno.test("Batcher lets a request leave the queue, and the others stay", async () => {
  const { batcher, batches } = heldBatcher({ maxBatch: 2 });
  const controller = new AbortController();
  const first = batcher.submit([1, 2]);
  const second = batcher.submit([3], controller);
  const third = batcher.submit([4]);
  controller.abort(new Error("gone"));
  await assertRejects(() => second, Error, "gone");
  assertEquals(batcher.waiting, 1);
  batches[0].finish();
  await settle();
  assertEquals(batches[1].items, [4]);
  batches[1].finish();
  assertEquals([await first, await third], [[10, 20], [40]]);
});

Deno.test("Batcher takes the rest of a cancelled request out, its batch goes on", async () => {
  const { batcher, batches } = heldBatcher({ maxBatch: 2 });
  const controller = new AbortController();
  const long = batcher.submit([1, 2, 3, 4, 5], controller);
  const next = batcher.submit([6]);
  controller.abort(new Error("gone"));
  await assertRejects(() => long, Error, "gone");
  assertEquals([batcher.running, batcher.waiting], [2, 1]);
  batches[0].finish();
  await settle();
  assertEquals(batches[1].items, [6]);
  batches[1].finish();
  assertEquals(await next, [60]);
});

Deno.test("Batcher refuses a request that was cancelled before it came", async () => {
  const { batcher, batches } = heldBatcher();
  const signal = AbortSignal.abort(new Error("too late"));
  await assertRejects(() => batcher.submit([1], { signal }), Error, "too late");
  assertEquals([batches.length, batcher.waiting], [0, 0]);
});

Deno.test("Batcher fails the requests of a failed batch, and goes on with the next", async () => {
  const { batcher, batches, records } = heldBatcher({ maxBatch: 2 });
  const [first, second, third] = [[1], [2, 3], [4]].map((items) => batcher.submit(items));
  batches[0].finish();
  await settle();
  batches[1].finish(new Error("no GPU"));
  assertEquals(await first, [10]);
  await assertRejects(() => second, Error, "no GPU");
  await settle();
  batches[2].finish();
  assertEquals(await third, [40]);
  assertEquals(records.length, 2);
});

Deno.test("Batcher speaks up when results are missing", async () => {
  const batcher = new Batcher<number, number>({
    ...{ sizes: [1, 2], maxDelay: 0, queueLimit: 4 },
    run: () => Promise.resolve([1]),
  });
  await assertRejects(() => batcher.submit([1, 2]), RangeError, "2 images gave 1 results");
});

Deno.test("Batcher runs batches of its sizes alone, who is left over goes with the next", async () => {
  const sizes: number[] = [];
  const batcher = new Batcher<number, number>({
    ...{ sizes: batchSizes(8), maxDelay: 0, queueLimit: 100 },
    async run(items) {
      sizes.push(items.length);
      await settle();
      return items;
    },
  });
  const requests = [1, 11, 3, 4].map((length) => batcher.submit(new Array(length).fill(length)));
  assertEquals(await Promise.all(requests), [1, 11, 3, 4].map((n) => new Array(n).fill(n)));
  // 1 as it came; of the 18 that came meanwhile 8, 8 and 2.
  assertEquals(sizes, [1, 8, 8, 2]);
  sizes.length = 0;
  await batcher.submit(new Array(7).fill(0));
  assertEquals(sizes, [6, 1]);
});

Deno.test("batchSizes() gives sizes of which each is at most half as large again", () => {
  assertEquals(batchSizes(1), [1]);
  assertEquals(batchSizes(2), [1, 2]);
  assertEquals(batchSizes(3), [1, 2, 3]);
  assertEquals(batchSizes(5), [1, 2, 3, 4, 5]);
  assertEquals(batchSizes(64), [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]);
  assertEquals(batchSizes(64).reduce((a, b) => a + b), 220);
  assertEquals(batchSizes(100).slice(-3), [64, 96, 100]);
});

Deno.test("Batcher rejects sizes that make no sense", () => {
  const run = (items: readonly number[]) => Promise.resolve(items);
  const good = { sizes: [1], maxDelay: 0, queueLimit: 1, run };
  const sizes = [[], [0], [2, 3], [1, 1], [1, 3, 2], [1, 1.5]].map((each) => ({ sizes: each }));
  for (const bad of [...sizes, { queueLimit: 0 }, { maxDelay: -1 }]) {
    const [[name, value]] = Object.entries(bad);
    assertThrows(() => new Batcher({ ...good, ...bad }), RangeError, `${name} ${value}`);
  }
});

Deno.test("Batcher gives every request its own results, whatever comes when", async () => {
  const requests = fc.array(
    fc.record({ length: fc.nat(9), pause: fc.boolean(), cancel: fc.boolean() }),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(requests, fc.integer({ min: 1, max: 9 }), async (all, maxBatch) => {
      let running = 0;
      const sizes: number[] = [];
      const batcher = new Batcher<number, number>({
        ...{ sizes: batchSizes(maxBatch), maxDelay: 0, queueLimit: 1000 },
        async run(items) {
          assertEquals(++running, 1);
          sizes.push(items.length);
          await settle();
          running--;
          return items.map((item) => -item);
        },
      });
      let next = 0;
      const checks: Promise<void>[] = [];
      for (const { length, pause, cancel } of all) {
        const items = Array.from({ length }, () => next++);
        const controller = new AbortController();
        const result = batcher.submit(items, controller);
        const expected = items.map((item) => -item);
        checks.push(
          result.then(
            (values) => assertEquals(values, expected),
            (error) => assert(cancel && error === "gone", String(error)),
          ),
        );
        if (pause) await settle();
        if (cancel) controller.abort("gone");
      }
      await Promise.all(checks);
      while (batcher.running > 0) await settle();
      assertEquals(batcher.waiting, 0);
      assert(sizes.every((size) => batchSizes(maxBatch).includes(size)));
    }),
    { numRuns: 40 },
  );
});

Deno.test("oneAtATime() runs work one after the other, failures included", async () => {
  const inTurn = oneAtATime();
  const events: string[] = [];
  const work = (name: string, fails = false) =>
    inTurn(async () => {
      events.push(`${name} starts`);
      await settle();
      events.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const [a, b, c] = [work("a"), work("b", true), work("c")];
  assertEquals(await a, "a");
  await assertRejects(() => b, Error, "b");
  assertEquals(await c, "c");
  assertEquals(events, ["a", "b", "c"].flatMap((name) => [`${name} starts`, `${name} ends`]));
});
