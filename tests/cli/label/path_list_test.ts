import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readPathList } from "../../../cli/label/path_list.ts";

/** The paths of a list whose bytes come in pieces of a size. */
async function read(
  list: string | Uint8Array,
  end: "line" | "null" = "line",
  size = 3,
): Promise<string[]> {
  const bytes = typeof list === "string" ? new TextEncoder().encode(list) : list;
  const buffer = new Uint8Array(size);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.subarray(at, at + size);
      // One buffer for all, as some streams have it.
      buffer.set(piece);
      yield await Promise.resolve(buffer.subarray(0, piece.length));
    }
  }
  return await Array.fromAsync(readPathList(pieces(), end));
}

Deno.test("readPathList() reads a path a line, the last with or without its end", async () => {
  assertEquals(await read("a.jpg\nb c.jpg\n"), ["a.jpg", "b c.jpg"]);
  assertEquals(await read("a.jpg\nb c.jpg"), ["a.jpg", "b c.jpg"]);
  assertEquals(await read(""), []);
});

Deno.test("readPathList() passes over empty lines, a byte order mark, carriage returns", async () => {
  assertEquals(await read("\ufeffa.jpg\r\n\r\n\n\ufeffb.jpg\r\n"), ["a.jpg", "\ufeffb.jpg"]);
});

Deno.test("readPathList() reads UTF-16, as PowerShell writes it, and an old Mac's lines", async () => {
  const units = Uint16Array.from("\ufeffbild ä.jpg\r\n顔.png\r\n", (each) => each.charCodeAt(0));
  const little = new Uint8Array(units.buffer);
  const big = little.map((_, i) => little[i ^ 1]);
  for (const size of [1, 2, 3, 50]) {
    for (const bytes of [little, big]) {
      assertEquals(await read(bytes, "line", size), ["bild ä.jpg", "顔.png"]);
    }
    assertEquals(await read("a.jpg\rb.jpg\r", "line", size), ["a.jpg", "b.jpg"]);
    assertEquals(await read("a", "line", size), ["a"]);
  }
});

Deno.test("readPathList() takes what find -print0 prints as it is", async () => {
  assertEquals(await read("a\nb.jpg\0c\r\0\0", "null"), ["a\nb.jpg", "c\r"]);
});

Deno.test("readPathList() reads any paths, in whichever pieces they come", async () => {
  const path = fc.string({ unit: "binary", minLength: 1 })
    .map((text) => text.replaceAll(/[\0\ufeff]/g, "x"));
  await fc.assert(fc.asyncProperty(
    fc.array(path),
    fc.integer({ min: 1, max: 9 }),
    async (paths, size) => {
      assertEquals(await read(paths.map((each) => `${each}\0`).join(""), "null", size), paths);
    },
  ));
});

Deno.test("readPathList() shows bytes that are no UTF-8 as U+FFFD", async () => {
  assertEquals(await read(Uint8Array.of(0x61, 0xff, 0x2e, 0x6a, 10)), ["a\ufffd.j"]);
});
