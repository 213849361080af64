import { assert, assertEquals, assertRejects } from "@std/assert";
import { open } from "node:fs/promises";
import { isNotFound, notFound, reasonOf } from "../../src/files/errors.ts";
import { fileSystem, streamOf } from "../../src/files/file_system.ts";
import { readSource } from "../../src/files/source.ts";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("readSource() reads a path, a file: URL with strange letters, and bytes", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/a b#ü%.bin`;
    const bytes = Uint8Array.of(1, 2, 3);
    await Deno.writeFile(path, bytes);
    const url = new URL(`file://${folder}`);
    url.pathname += `/${encodeURIComponent("a b#ü%.bin")}`;
    for (const source of [path, url, url.href, bytes]) {
      const read = await readSource(source);
      assertEquals(read, bytes);
      assertEquals(read.constructor, Uint8Array);
    }
  });
});

Deno.test("readSource() fetches what has a web address, and says what a server answered", async () => {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    ({ url }) => url.endsWith("/there") ? new Response("yes") : new Response(null, { status: 404 }),
  );
  const address = `http://127.0.0.1:${server.addr.port}`;
  assertEquals(new TextDecoder().decode(await readSource(`${address}/there`)), "yes");
  await assertRejects(() => readSource(`${address}/gone`), Error, "the server answered 404");
  await server.shutdown();
});

Deno.test("reasonOf() words what the systems of both kinds say", async () => {
  await inFolder(async (folder) => {
    const { readFile } = await fileSystem();
    const byNode = (path: string) => readFile(path).then(() => null, reasonOf);
    const byDeno = (path: string) => Deno.readFile(path).then(() => null, reasonOf);
    await Deno.writeTextFile(`${folder}/file`, "");
    for (const read of [byNode, byDeno]) {
      assertEquals(await read(`${folder}/gone`), "no such file");
      assertEquals(await read(folder), "it is a folder");
    }
    assertEquals(await byNode(`${folder}/file/x`), "its folder is a file");
  });
});

Deno.test("notFound() is Deno's error in Deno, and Node's by its code", () => {
  const error = notFound("Cannot find it");
  assert(error instanceof Deno.errors.NotFound);
  assertEquals((error as Error & { code?: string }).code, "ENOENT");
  assert(isNotFound(error));
  assert(!isNotFound(new Error("ENOENT")));
});

Deno.test("streamOf() gives a file's bytes and closes it, at its end and when it is cancelled", async () => {
  await inFolder(async (folder) => {
    const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i * 7);
    await Deno.writeFile(`${folder}/file`, bytes);
    const whole = await new Response(streamOf(await open(`${folder}/file`))).arrayBuffer();
    assertEquals(new Uint8Array(whole), bytes);
    // A file that stayed open would fail this test's sanitizer.
    const reader = streamOf(await open(`${folder}/file`)).getReader();
    assertEquals((await reader.read()).value?.subarray(0, 3), Uint8Array.of(0, 7, 14));
    await reader.cancel();
  });
});
