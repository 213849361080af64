import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodeAhead } from "../../../cli/label/decode_ahead.ts";
import type { Listed } from "../../../cli/label/listing.ts";

/** Bytes of a made-up picture. */
const BYTES = 100;

/** A decoder that takes its time, the earlier the longer, and counts what it has not given back. */
function slowDecoder() {
  const decoder = {
    width: 4,
    begun: 0,
    decode: async (path: string) => {
      const place = decoder.begun++;
      await new Promise((resolve) => setTimeout(resolve, place % 3 === 0 ? 9 : 1));
      if (path.startsWith("bad")) throw new Error(`Cannot decode ${path}`);
      return { data: new Uint8Array(BYTES), width: 10, height: 10 };
    },
    close() {},
  };
  return decoder;
}

async function* listed(paths: readonly string[]): AsyncGenerator<Listed, void, undefined> {
  for (const path of paths) yield await Promise.resolve({ path });
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `${i}.jpg`);

Deno.test("decodeAhead() gives pictures in their order, with what went wrong", async () => {
  async function* some(): AsyncGenerator<Listed, void, undefined> {
    yield* listed(["a.jpg", "bad.jpg"]);
    yield { path: "gone/*.jpg", problem: "Cannot find it" };
    yield { path: "z.jpg" };
  }
  const decoded = decodeAhead(some(), slowDecoder(), { pictures: 3, bytes: 1e6 });
  const outcomes = await Array.fromAsync(
    decoded,
    (each) => "error" in each ? `${each.path}: ${each.error}` : each.path,
  );
  assertEquals(outcomes, [
    ...["a.jpg", "bad.jpg: Cannot decode bad.jpg", "gone/*.jpg: Cannot find it", "z.jpg"],
  ]);
});

Deno.test("decodeAhead() has no more pictures ahead than it may", async () => {
  const decoder = slowDecoder();
  let taken = 0;
  let most = 0;
  for await (const _ of decodeAhead(listed(names(40)), decoder, { pictures: 5, bytes: 1e6 })) {
    taken++;
    await new Promise((resolve) => setTimeout(resolve, 2));
    most = Math.max(most, decoder.begun - taken);
  }
  assertEquals([taken, decoder.begun, most], [40, 40, 5]);
});

Deno.test("decodeAhead() begins no picture while those that wait have enough bytes", async () => {
  const decoder = { ...slowDecoder(), begun: 0 };
  decoder.decode = () => {
    decoder.begun++;
    return Promise.resolve({ data: new Uint8Array(BYTES), width: 10, height: 10 });
  };
  const decoded = decodeAhead(listed(names(40)), decoder, { pictures: 30, bytes: 3 * BYTES });
  await decoded.next();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert(decoder.begun < 10, `${decoder.begun} begun`);
  assertEquals((await Array.fromAsync(decoded)).length, 39);
});

Deno.test("decodeAhead() does not hold back what is there while the next is waited for", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  async function* slow(): AsyncGenerator<Listed, void, undefined> {
    yield { path: "a.jpg" };
    await promise;
    yield { path: "b.jpg" };
  }
  const decoded = decodeAhead(slow(), slowDecoder(), { pictures: 9, bytes: 1e6 });
  assertEquals((await decoded.next()).value?.path, "a.jpg");
  resolve();
  assertEquals((await decoded.next()).value?.path, "b.jpg");
  assertEquals((await decoded.next()).done, true);
});

Deno.test("decodeAhead() ends when it is aborted, also while it waits", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  async function* slow(): AsyncGenerator<Listed, void, undefined> {
    yield { path: "a.jpg" };
    await promise;
    yield { path: "b.jpg" };
  }
  const controller = new AbortController();
  const options = { pictures: 9, bytes: 1e6, signal: controller.signal };
  const decoded = decodeAhead(slow(), slowDecoder(), options);
  assertEquals((await decoded.next()).value?.path, "a.jpg");
  const next = decoded.next();
  controller.abort();
  assertEquals((await next).done, true);
  resolve();
});

Deno.test("decodeAhead() throws what listing pictures throws, after those before it", async () => {
  async function* failing(): AsyncGenerator<Listed, void, undefined> {
    yield { path: "a.jpg" };
    await Promise.resolve();
    throw new Error("Cannot read the list");
  }
  const decoded = decodeAhead(failing(), slowDecoder(), { pictures: 9, bytes: 1e6 });
  assertEquals((await decoded.next()).value?.path, "a.jpg");
  await assertRejects(() => decoded.next(), Error, "Cannot read the list");
});
