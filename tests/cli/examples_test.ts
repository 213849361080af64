import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ROOT, withFolder } from "./run_task.ts";

/** An example's process, with the permissions that its first lines name, not yet started. */
async function exampleCommand(name: string, args: readonly string[]): Promise<Deno.Command> {
  const path = `${ROOT}examples/${name}.ts`;
  const line = /deno run (.*?) examples\//.exec(await Deno.readTextFile(path));
  assert(line, `${name}.ts does not say how it is run`);
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...line[1].split(" "), path, ...args],
    env: { NO_COLOR: "1", XDG_RUNTIME_DIR: "/tmp" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function runExample(name: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await (await exampleCommand(name, args)).output();
  const decoder = new TextDecoder();
  assertEquals([code, decoder.decode(stderr)], [0, ""], name);
  return decoder.decode(stdout);
}

Deno.test("examples import only what a user can", async () => {
  const { exports } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const doors = Object.values<string>(exports).map((door) => door.replace(/^\./, ".."));
  for await (const { name, isFile } of Deno.readDir(`${ROOT}examples`)) {
    if (!isFile) continue;
    const text = await Deno.readTextFile(`${ROOT}examples/${name}`);
    const sources = [...text.matchAll(/from "([^"]+)"|import\("([^"]+)"\)/g)];
    // tfjs is the app's own too, where it brings layers or tensors.
    const foreign = sources.map(([, source]) => source).filter((each) =>
      each !== "@tensorflow/tfjs" && !doors.includes(each)
    );
    assertEquals(foreign, [], name);
  }
});

Deno.test("examples train, evaluate and predict", async () => {
  await withFolder(async (folder) => {
    const model = `${folder}/model.safetensors`;
    const trained = await runExample("train", ["70", model, "1"]);
    assertMatch(trained, /^epoch 1 {2}loss [\d.]+ {2}validation [\d.]+, [\d.]+ % {2}best$/m);
    assertStringIncludes(trained, "Ended after");
    assertMatch(await runExample("evaluate", [model, "70", "PrivateTest"]), /^7 images: /);
    const face = `${ROOT}tests/cli/face.png`;
    const predicted = await runExample("predict", [model, face, face]);
    const [first, second] = predicted.trimEnd().split("\n");
    assertMatch(first, /face\.png: [a-z]+ \([\d.]+ %\), perhaps [a-z]+ \([\d.]+ %\)$/);
    assertEquals(second, first);
  });
});

Deno.test("own_parts trains with parts of one's own, and goes on to the same bits", async () => {
  const output = await runExample("own_parts", ["20"]);
  assertMatch(output, /^broken to step 20: macro-F1 [\d.]+$/m);
  assertStringIncludes(output, "The same weights, bit for bit: yes");
});

Deno.test("train_in_server answers while it trains, and names a port in use", async () => {
  const child = (await exampleCommand("train_in_server", ["0", "70"])).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    const { value } = await reader.read();
    const url = /http:\/\/\S+/.exec(value ?? "")?.[0];
    assert(url, `no address in ${value}`);
    const ask = async (path: string, init?: RequestInit) => {
      const response = await fetch(`${url}${path}`, init);
      return { status: response.status, body: await response.json() };
    };
    const isTraining = async (): Promise<boolean> => {
      const { body } = await ask("");
      assertEquals(body.status, "training");
      return body.progress !== null;
    };
    while (!await isTraining()) await new Promise((resolve) => setTimeout(resolve, 100));

    const face = await Deno.readFile(`${ROOT}tests/cli/face.png`);
    const predicted = await ask("predict", { method: "POST", body: face });
    assertEquals([predicted.status, predicted.body.length], [200, 7]);
    const refused = await ask("predict", { method: "POST", body: "no image" });
    assertEquals(refused.status, 400);
    assertStringIncludes(refused.body.error, "expected JPEG, PNG or WebP");
    assertEquals((await ask("nowhere")).status, 404);

    const port = new URL(url).port;
    const second = await (await exampleCommand("train_in_server", [port])).output();
    assertEquals(second.code, 1);
    assertEquals(
      new TextDecoder().decode(second.stderr),
      `error: Cannot listen on port ${port}: it is in use\n`,
    );

    assertEquals((await ask("stop", { method: "POST" })).status, 200);
    for (let text = ""; !text.includes("ended: aborted");) {
      const { value, done } = await reader.read();
      assertEquals(done, false);
      text += value;
    }
    assertEquals((await ask("")).body.status, "ended: aborted");
  } finally {
    await reader.cancel();
    child.kill("SIGKILL");
    await child.stderr.cancel();
    await child.status;
  }
});
