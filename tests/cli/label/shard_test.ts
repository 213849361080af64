import { assert, assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../cli/flags.ts";
import { isInShard, parseShard } from "../../../cli/label/shard.ts";

Deno.test("parseShard() counts from 0", () => {
  assertEquals(parseShard("0/4"), { index: 0, count: 4 });
  assertEquals(parseShard("3/4"), { index: 3, count: 4 });
});

Deno.test("parseShard() refuses what is no share, and says how it is written", () => {
  for (const text of ["4/4", "0/0", "1", "-1/4", "a/b", "1/4/2", "1/", "1 / 4"]) {
    assertThrows(() => parseShard(text), UsageError, `"${text}": expected I/N with I from 0`);
  }
});

Deno.test("isInShard() gives each path to one share, and shares of about one size", () => {
  const sizes = [0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < 14_000; i++) {
    const path = `photos/IMG_${String(i).padStart(6, "0")}.jpg`;
    const of = sizes.map((_, index) => isInShard(path, { index, count: sizes.length }));
    assertEquals(of.filter(Boolean).length, 1, path);
    sizes[of.indexOf(true)]++;
  }
  // Five standard deviations of a binomial distribution: sqrt(14000 / 7 * 6 / 7) is 41.4.
  for (const size of sizes) assert(Math.abs(size - 2000) < 207, `${sizes}`);
});

Deno.test("isInShard() gives a path to the same share in every version", () => {
  // 606602606 and 1079616573 modulo 10; see path_hash_test.ts.
  assertEquals(isInShard("photos/a/b/p002.jpg", { index: 6, count: 10 }), true);
  assertEquals(isInShard("bilder/größe.png", { index: 3, count: 10 }), true);
});
