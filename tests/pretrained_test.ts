import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { hasPretrained, loadPretrained } from "../mod.ts";
import { CheckpointError } from "../src/model.ts";
import { FERNET } from "../src/pretrained/fernet.ts";
import { readPackagedWeights, sha256 } from "../src/pretrained/packaged_weights.ts";
import { servePackage } from "./pretrained/served_package.ts";
import {
  FILE,
  programFolder,
  programOf,
  tinyFiles,
  tinyWeights,
} from "./pretrained/tiny_package.ts";

await tf.setBackend("cpu");

function damaged(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[copy.length - 1] ^= 1;
  return copy;
}

/** Forgets what a test left in the cache. */
async function forget(url: string): Promise<void> {
  await (await caches.open("fer-core")).delete(url);
}

Deno.test("sha256() gives the digest of FIPS 180-2's example", async () => {
  assertEquals(
    await sha256(new TextEncoder().encode("abc")),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

Deno.test("readPackagedWeights() reads a path, a URL and bytes", async () => {
  const { bytes, expected } = await tinyWeights();
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, bytes);
    for (const source of [path, new URL(`file://${path}`), bytes]) {
      assertEquals(await readPackagedWeights(expected, source, true), bytes);
    }
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("readPackagedWeights() refuses other bytes, naming both checksums", async () => {
  const { bytes, expected } = await tinyWeights();
  const wrong = damaged(bytes);
  const error = await assertRejects(
    () => readPackagedWeights(expected, wrong, true),
    CheckpointError,
  );
  assertStringIncludes(error.message, `is ${await sha256(wrong)}, expected ${expected.sha256}`);
});

Deno.test("readPackagedWeights() says that a file is missing", async () => {
  const { expected } = await tinyWeights();
  await assertRejects(
    () => readPackagedWeights(expected, "/nowhere/fernet.safetensors", true),
    CheckpointError,
    "/nowhere/fernet.safetensors: no such file",
  );
  const server = servePackage(new Map());
  try {
    await assertRejects(
      () => readPackagedWeights(expected, `${server.url}/src/pretrained/none.safetensors`, true),
      CheckpointError,
      `${server.url}/src/pretrained/none.safetensors: the server answered 404`,
    );
  } finally {
    await server.close();
  }
});

Deno.test("readPackagedWeights() fetches once, and takes no damaged copy from the cache", async () => {
  const { bytes, expected } = await tinyWeights();
  const server = servePackage(new Map([[FILE, bytes]]));
  const url = `${server.url}/${FILE}`;
  try {
    assertEquals(await readPackagedWeights(expected, url, true), bytes);
    assertEquals(await readPackagedWeights(expected, url, true), bytes);
    assertEquals(server.requests.length, 1);
    assertEquals(await readPackagedWeights(expected, url, false), bytes);
    assertEquals(server.requests.length, 2);
    const cache = await caches.open("fer-core");
    await cache.put(url, new Response(damaged(bytes) as Uint8Array<ArrayBuffer>));
    assertEquals(await readPackagedWeights(expected, url, true), bytes);
    assertEquals(server.requests.length, 3);
    await server.close();
    assertEquals(await readPackagedWeights(expected, url, true), bytes);
  } finally {
    await forget(url);
  }
});

Deno.test("readPackagedWeights() keeps no damaged file", async () => {
  const { bytes, expected } = await tinyWeights();
  const server = servePackage(new Map([[FILE, damaged(bytes)]]));
  const url = `${server.url}/${FILE}`;
  try {
    await assertRejects(() => readPackagedWeights(expected, url, true), CheckpointError, "SHA-256");
    assertEquals(await (await caches.open("fer-core")).match(url), undefined);
  } finally {
    await server.close();
  }
});

Deno.test("readPackagedWeights() does without a cache where there is none or it is forbidden", async () => {
  const { bytes, expected } = await tinyWeights();
  const server = servePackage(new Map([[FILE, bytes]]));
  const { caches } = globalThis;
  const forbidden = { open: () => Promise.reject(new DOMException("no", "SecurityError")) };
  try {
    for (const value of [undefined, forbidden]) {
      Object.defineProperty(globalThis, "caches", { value, configurable: true });
      assertEquals(await readPackagedWeights(expected, `${server.url}/${FILE}`, true), bytes);
    }
  } finally {
    Object.defineProperty(globalThis, "caches", { value: caches, configurable: true });
    await server.close();
  }
});

Deno.test("loadPretrained() loads the packaged network, or says that there is none", async () => {
  assertEquals(hasPretrained(), FERNET !== null);
  if (!FERNET) {
    await assertRejects(() => loadPretrained(), CheckpointError, "carries none");
    return;
  }
  const path = new URL(`../src/pretrained/${FERNET.file}`, import.meta.url);
  assertEquals((await Deno.stat(path)).size, FERNET.bytes);
  const { model, metadata } = await loadPretrained();
  assertEquals(metadata.classes.length, 7);
  await assertRejects(
    () => loadPretrained({ source: new Uint8Array(3) }),
    CheckpointError,
    FERNET.sha256,
  );
  model.dispose();
});

/** A program that uses the package as it is served, and runs apart from this process. */
async function runProgram(
  folder: string,
  url: string,
  ...flags: readonly string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { host } = new URL(url);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", `--allow-import=${host}`, ...flags],
      `${folder}/main.ts`,
    ],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("loadPretrained() works as a registry serves the package, and offline after that", async () => {
  const server = servePackage(tinyFiles(await tinyWeights()));
  const folder = await programFolder();
  const net = `--allow-net=${new URL(server.url).host}`;
  try {
    const program = programOf(`${server.url}/mod.ts`, "console.log(result)");
    await Deno.writeTextFile(`${folder}/main.ts`, program);
    const refused = await runProgram(folder, server.url);
    assertEquals(refused.code, 1);
    assertMatch(refused.stderr, /CheckpointError: Cannot read model .*fernet.*--allow-net/);
    assert(!server.requests.includes(FILE));

    const first = await runProgram(folder, server.url, net);
    assertEquals([first.stderr, first.stdout, first.code], ["", '["drawn",7]\n', 0]);
    assertEquals(server.requests.filter((path) => path === FILE).length, 1);
    await server.close();
    const offline = await runProgram(folder, server.url, "--cached-only");
    assertEquals([offline.stderr, offline.stdout, offline.code], ["", '["drawn",7]\n', 0]);
  } finally {
    await forget(`${server.url}/${FILE}`);
    await Deno.remove(folder, { recursive: true });
  }
});
