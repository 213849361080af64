import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { saveModel } from "../../src/model.ts";
import { FerRecognizer } from "../../src/recognizer.ts";
import { ROOT, runTask } from "../cli/run_task.ts";
import {
  CLASSES,
  randomPixels,
  type ServerProcess,
  startServer,
  tinyModel,
  until,
} from "./server_process.ts";

// Signals are what POSIX has; on Windows a process can only be ended.
const ignore = Deno.build.os === "windows";

function infer({ url }: ServerProcess, images: number): Promise<Response> {
  return fetch(`${url}/v2/models/fer/infer`, {
    method: "POST",
    body: randomPixels(images, 1),
    headers: { "inference-header-content-length": "0" },
  });
}

async function ready({ url }: ServerProcess): Promise<number> {
  const response = await fetch(`${url}/v2/health/ready`);
  await response.body?.cancel();
  return response.status;
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  const name = `${signal} has the server answer what it accepted, and then end`;
  Deno.test({ name, ignore }, async () => {
    // What it accepted waits a while for company that does not come.
    const server = await startServer(["--max-delay", "2500"]);
    const answers = [infer(server, 1), infer(server, 2)];
    await until("three images wait", async () => {
      const page = await (await fetch(`${server.url}/metrics`)).text();
      return page.includes('fer_queue_images{queue="infer"} 3\n');
    });
    server.child.kill(signal);
    for (const response of await Promise.all(answers)) {
      assertEquals(response.status, 200);
      assert((await response.bytes()).length > 4 * CLASSES);
    }
    const { code } = await server.child.status;
    await server.stop();
    assertEquals([code, server.stderr()], [0, ""]);
    const messages = server.log.map(({ message }) => message);
    assert(messages.indexOf("stopping") < messages.lastIndexOf("request"));
    assertEquals(messages.at(-1), "stopped");
    assertEquals(server.log.find(({ message }) => message === "stopping")?.signal, signal);
    await fetch(server.url).then(() => assert(false, "somebody answers"), () => {});
  });
}

Deno.test({
  name: "a server that is stopping says that it is not ready, and takes requests while it drains",
  ignore,
}, async () => {
  const server = await startServer(["--drain", "2"]);
  assertEquals(await ready(server), 200);
  server.child.kill("SIGTERM");
  await until("it is not ready", async () => await ready(server) === 503);
  const late = await infer(server, 1);
  assertEquals(late.status, 200);
  await late.body?.cancel();
  const { code } = await server.child.status;
  await server.stop();
  assertEquals([code, server.stderr()], [0, ""]);
});

Deno.test({ name: "a second signal stops the server at once", ignore }, async () => {
  const server = await startServer(["--max-delay", "10000"]);
  const answer = infer(server, 1).then(() => "answered", () => "broken off");
  await new Promise((resolve) => setTimeout(resolve, 100));
  server.child.kill("SIGINT");
  // Two signals within half a second are one press of Ctrl-C.
  server.child.kill("SIGINT");
  await until("it stops", () => server.log.some(({ message }) => message === "stopping"));
  await new Promise((resolve) => setTimeout(resolve, 700));
  assertEquals(server.log.at(-1)?.message, "stopping");
  server.child.kill("SIGTERM");
  const { code } = await server.child.status;
  assertEquals(code, 128 + 15);
  assertEquals(await answer, "broken off");
  await server.stop();
  assertEquals([server.log.at(-1)?.message, server.stderr()], ["stopped at once", ""]);
});

Deno.test("the server says in a line why it does not start", async () => {
  const model = "/nowhere/model.safetensors";
  const token = await Deno.makeTempFile();
  const damaged = await Deno.makeTempFile({ suffix: ".safetensors" });
  const network = await tinyModel();
  network.setWeights(network.getWeights().map((weight) => weight.mul(NaN)));
  await saveModel(network, damaged);
  network.dispose();
  await Deno.writeTextFile(token, "two words\n");
  const cases: [string[], number, string][] = [
    [["--prot=1"], 2, "There is no flag --prot: see deno task server --help"],
    [["extra"], 2, "Cannot take extra: see deno task server --help"],
    [["--port=70000"], 2, 'Cannot set --port to "70000": expected an integer from 0 to 65535'],
    [["--max-batch=1.5"], 2, 'Cannot set --max-batch to "1.5": expected an integer from 1 to'],
    [["--timeout=soon"], 2, 'Cannot set --timeout to "soon": expected a number from 0.001'],
    [["--model="], 2, 'Cannot set --model to "": expected FILE'],
    [["--model", model], 1, model],
    [["--model", damaged], 1, "the model gives NaN, not a number from 0 to 1"],
    [["--token-file", "/nowhere/token"], 1, "Cannot read the token of /nowhere/token"],
    [["--token-file", token], 1, `Cannot take the token of ${token}: expected letters, digits`],
  ];
  const outputs = await Promise.all(cases.map(([args]) => runTask("server", args)));
  outputs.forEach(({ code, stdout, stderr }, i) => {
    const [, expected, message] = cases[i];
    assertEquals([code, stdout], [expected, ""], message);
    assertStringIncludes(stderr, message);
    assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
    assert(stderr.startsWith("error: "), stderr);
  });
  await Promise.all([token, damaged].map((file) => Deno.remove(file)));
});

Deno.test("the server listens where it may, and says what it needs elsewhere", async () => {
  const server = await startServer();
  const { hostname, port } = new URL(server.url);
  assertEquals(hostname, "127.0.0.1");
  const refusal = async (args: string[]) => {
    const other = await startServer(args).catch(({ message }) => message);
    assert(typeof other === "string");
    return other;
  };
  assertStringIncludes(
    await refusal(["--port", port]),
    `error: Cannot listen on 127.0.0.1, port ${port}: another program listens there`,
  );
  assertStringIncludes(
    await refusal(["--host", "0.0.0.0"]),
    "error: Cannot listen on 0.0.0.0, port 0: it needs the permission --allow-net=0.0.0.0",
  );
  await server.stop();
});

Deno.test("the server recognizes a picture as FerRecognizer does", async () => {
  const server = await startServer();
  const picture = await Deno.readFile(`${ROOT}tests/cli/face.png`);
  const response = await fetch(`${server.url}/recognize`, { method: "POST", body: picture });
  assertEquals(response.status, 200);
  const { pictures: [{ width, height, faces }] } = await response.json();
  const model = await tinyModel();
  const recognizer = await FerRecognizer.load({ model });
  const expected = await recognizer.recognize(picture);
  recognizer.dispose();
  model.dispose();
  assertEquals([width, height, faces.length], [48, 48, expected.length]);
  assert(faces.length > 0);
  expected.forEach(({ box, score, probabilities, quality }, i) => {
    for (const key of ["x", "y", "width", "height"] as const) {
      assertAlmostEquals(faces[i].box[key], box[key], 0.01);
    }
    assertAlmostEquals(faces[i].score, score, 1e-3);
    assertEquals(faces[i].quality.issues, quality.issues);
    probabilities?.forEach(({ label, probability }) => {
      const same = faces[i].probabilities.find((each: { label: string }) => each.label === label);
      assertAlmostEquals(same.probability, probability, 1e-3);
    });
  });
  await server.stop();
});

Deno.test("deno task server --help lists every flag", async () => {
  const { code, stdout, stderr } = await runTask("server", ["--help"]);
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "Usage: deno task server [FLAGS]");
  assertStringIncludes(stdout, "--max-delay MS ");
  assertStringIncludes(stdout, "[default: 127.0.0.1]");
});
