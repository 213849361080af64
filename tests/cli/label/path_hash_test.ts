import { assertEquals } from "@std/assert";
import { murmur3, PathSet } from "../../../cli/label/path_hash.ts";

Deno.test("murmur3() gives what scikit-learn's gives for UTF-16", () => {
  // sklearn.utils.murmurhash3_32(text.encode("utf-16-le"), seed, positive=True)
  const expected: ReadonlyArray<readonly [string, number, number]> = [
    ["", 0, 3954623016],
    ["a", 1867108634, 2863223161],
    ["ab", 374890698, 367751356],
    ["abc", 1118836419, 2647089982],
    ["photos/a/b/p002.jpg", 606602606, 2011789860],
    ["bilder/größe.png", 1079616573, 1064219632],
    ["😀.jpg", 1164405843, 1206052151],
  ];
  for (const [text, first, second] of expected) {
    assertEquals([murmur3(text), murmur3(text, 0x9747b28c)], [first, second], text);
  }
});

Deno.test("PathSet knows a path from the second time on, however many there are", () => {
  const paths = new PathSet();
  const path = (i: number) => `photos/${i % 97}/${i}.jpg`;
  for (let i = 0; i < 50_000; i++) assertEquals(paths.add(path(i)), true, path(i));
  for (let i = 0; i < 50_000; i++) assertEquals(paths.add(path(i)), false, path(i));
  assertEquals(paths.size, 50_000);
  assertEquals(paths.has(path(7)), true);
  assertEquals(paths.has("photos/7/7.jpeg"), false);
});
