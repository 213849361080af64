import { assertEquals, assertRejects } from "@std/assert";
import { open } from "node:fs/promises";
import { CheckpointError, removeTemporaryFiles, writeFileAtomic } from "../../src/model.ts";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("writeFileAtomic() writes bytes and text, and leaves nothing else behind", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/file`;
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    assertEquals(await Deno.readFile(path), Uint8Array.of(1, 2, 3));
    await writeFileAtomic(path, "naïve");
    assertEquals(await Deno.readTextFile(path), "naïve");
    assertEquals(names(folder), ["file"]);
  });
});

Deno.test("writeFileAtomic() lets many writers of one file each write it whole", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/file`;
    const contents = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(50_000 + i));
    await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
    assertEquals(contents.includes(await Deno.readTextFile(path)), true);
    assertEquals(names(folder), ["file"]);
  });
});

Deno.test("writeFileAtomic() says that the folder is missing", async () => {
  await inFolder(async (folder) => {
    await assertRejects(
      () => writeFileAtomic(`${folder}/runs/file`, "x"),
      CheckpointError,
      `Cannot write ${folder}/runs/file: its folder does not exist`,
    );
  });
});

Deno.test("writeFileAtomic() does not replace a folder", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/file`);
    await assertRejects(
      () => writeFileAtomic(`${folder}/file`, "x"),
      CheckpointError,
      `Cannot write ${folder}/file: it is a folder`,
    );
    assertEquals(names(folder), ["file"]);
  });
});

Deno.test("writeFileAtomic() keeps the old file when the new one cannot be written whole", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/file`;
    await Deno.writeTextFile(path, "old");
    // The disk fills up after the first bytes.
    const handle = await open(path);
    await handle.close();
    const files: { write: (...args: unknown[]) => Promise<{ bytesWritten: number }> } = Object
      .getPrototypeOf(handle);
    const { write } = files;
    let calls = 0;
    files.write = function (bytes, at) {
      if (calls++ > 0) {
        const full = Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
        return Promise.reject(full);
      }
      return write.call(this, bytes, at, 2);
    };
    try {
      await assertRejects(
        () => writeFileAtomic(path, "brand new"),
        CheckpointError,
        "no space left on the device. What was there before is unchanged",
      );
    } finally {
      files.write = write;
    }
    assertEquals(calls, 2);
    assertEquals(await Deno.readTextFile(path), "old");
    assertEquals(names(folder), ["file"]);
  });
});

Deno.test("removeTemporaryFiles() removes what killed writers left, and nothing else", async () => {
  await inFolder(async (folder) => {
    const kept = ["best.safetensors", ".hidden", "notes.tmp"];
    for (const name of [...kept, ".best.safetensors.123-0.tmp"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "");
    }
    await removeTemporaryFiles(folder);
    assertEquals(names(folder), kept.toSorted());
  });
});
