/**
 * The Open Inference Protocol, version 2, and Triton's binary tensor data extension, tested from their
 * texts:
 *
 * - https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 * - https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
 *
 * Triton's and KServe's Python clients come from PyPI alone, which the tests do without: their
 * requests are written here byte for byte as `tritonclient/http/_client.py` and `_utils.py` (2.73)
 * and `kserve/protocol/infer_type.py` (0.21) write them, and the answers are read as they read them.
 * Where Python has `tritonclient[http]`, clients_test.ts runs the client itself.
 */
import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { bytesOf, type RawResponse, sendRaw } from "./raw_http.ts";
import { AREA, CLASSES, logitsOf, randomPixels, startServer, tinyModel } from "./server_process.ts";

type Json = Record<string, unknown>;

/** How far logits may be from those of tfjs's own layers. */
const TOLERANCE = 1e-4;

function assertLogits(actual: ArrayLike<number>, expected: Float32Array): void {
  assertEquals(actual.length, expected.length);
  expected.forEach((value, i) => assertAlmostEquals(actual[i], value, TOLERANCE));
}

/** An answer read as the extension's text says: JSON, then what its parameters tell of. */
function readBinary(
  headers: { get(name: string): string | null | undefined },
  body: Uint8Array<ArrayBuffer>,
): { json: Json; tensor: Float32Array } {
  const length = Number(headers.get("inference-header-content-length"));
  assert(length > 0 && length < body.length);
  const json = JSON.parse(new TextDecoder().decode(body.slice(0, length)));
  const size = json.outputs[0].parameters.binary_data_size;
  assertEquals(body.length, length + size);
  assertEquals(json.outputs[0].data, undefined);
  return { json, tensor: new Float32Array(body.slice(length).buffer) };
}

const parse = ({ body }: RawResponse): Json => JSON.parse(new TextDecoder().decode(body));

async function packed(
  body: Uint8Array<ArrayBuffer>,
  format: CompressionFormat,
): Promise<Uint8Array> {
  return await new Response(new Blob([body]).stream().pipeThrough(new CompressionStream(format)))
    .bytes();
}

Deno.test("the server speaks the Open Inference Protocol", async (t) => {
  const server = await startServer();
  const { url } = server;
  const model = await tinyModel();
  const pixels = randomPixels(3, 1);
  const expected = logitsOf(model, pixels);
  // An answer for another image would show.
  assert(Math.abs(expected[0] - expected[CLASSES]) > 10 * TOLERANCE);
  const one = pixels.subarray(0, AREA);
  const expectedOfOne = expected.subarray(0, CLASSES);
  const input = (fields: Json = {}) => ({
    ...{ name: "pixels", shape: [1, 1, 48, 48], datatype: "FP32", ...fields },
  });
  const get = async (path: string) => {
    const response = await fetch(url + path);
    return { status: response.status, json: await response.json() };
  };
  const post = async (body: BodyInit, headers: Record<string, string> = {}, version = "") => {
    const path = `${url}/v2/models/fer${version}/infer`;
    return await fetch(path, { method: "POST", body, headers });
  };
  const postJson = async (request: unknown, version = "") => {
    const response = await post(
      JSON.stringify(request),
      { "content-type": "application/json" },
      version,
    );
    return { status: response.status, json: await response.json() };
  };
  const postBinary = (json: Json, tensor: Float32Array<ArrayBuffer>) => {
    const head = bytesOf(JSON.stringify(json));
    return post(
      bytesOf(head, new Uint8Array(tensor.buffer, tensor.byteOffset, tensor.byteLength)),
      {
        "content-type": "application/octet-stream",
        "inference-header-content-length": String(head.length),
      },
    );
  };

  await t.step("health: live and ready are 200", async () => {
    assertEquals(await get("/v2/health/live"), { status: 200, json: { live: true } });
    // The text asks for `live`, KServe's client for `ready`.
    const ready = { status: 200, json: { live: true, ready: true } };
    assertEquals(await get("/v2/health/ready"), ready);
    assertEquals(await get("/v2/models/fer/ready"), {
      status: 200,
      json: { name: "fer", ready: true },
    });
    assertEquals((await get("/v2/models/fer/versions/1/ready")).status, 200);
  });

  await t.step("server metadata: name, version, and the extension by its name", async () => {
    for (const path of ["/v2", "/v2/"]) {
      const { status, json } = await get(path);
      assertEquals(status, 200);
      assertEquals(Object.keys(json).sort(), ["extensions", "name", "version"]);
      assertMatch(json.version, /^\d+\.\d+\.\d+$/);
      assertEquals(json.extensions, ["binary_tensor_data"]);
    }
  });

  await t.step("model metadata: the tensors of the ONNX export, any batch", async () => {
    const { status, json } = await get("/v2/models/fer");
    assertEquals(status, 200);
    assertEquals([json.name, json.versions], ["fer", ["1"]]);
    assertMatch(json.platform, /^[a-z]+_[a-z0-9]+$/);
    assertEquals(json.inputs, [{ name: "pixels", datatype: "FP32", shape: [-1, 1, 48, 48] }]);
    assertEquals(json.outputs, [{ name: "logits", datatype: "FP32", shape: [-1, 7] }]);
    assert(Object.values(json.properties).every((value) => typeof value === "string"));
    assertEquals(json.properties.classes, "angry,disgust,fear,happy,sad,surprise,neutral");
    assertEquals(await get("/v2/models/fer/versions/1"), { status, json });
  });

  await t.step("what there is not is an error with a message", async () => {
    for (
      const path of [
        "/v2/models/other",
        "/v2/models/other/ready",
        "/v2/models/fer/versions/2",
        "/v2/models/fer/versions/2/ready",
        "/v2/models/FER",
        "/v1/models/fer",
        "/",
      ]
    ) {
      const { status, json } = await get(path);
      assertEquals(status, 404, path);
      assertEquals(Object.keys(json), ["error"]);
    }
    const wrongVerb = await get("/v2/models/fer/infer");
    assertEquals([wrongVerb.status, wrongVerb.json.error], [405, "Cannot GET: expected POST"]);
  });

  await t.step("inference: flattened and nested data are the same", async () => {
    const flat = { id: "42", inputs: [input({ data: [...one] })], outputs: [{ name: "logits" }] };
    const { status, json } = await postJson(flat);
    assertEquals(status, 200);
    assertEquals(Object.keys(json), ["model_name", "model_version", "id", "outputs"]);
    assertEquals([json.model_name, json.model_version, json.id], ["fer", "1", "42"]);
    const [{ data, ...output }, ...more] = json.outputs;
    assertEquals(more, []);
    assertEquals(output, { name: "logits", datatype: "FP32", shape: [1, 7] });
    assertLogits(data, expectedOfOne);
    const rows = Array.from({ length: 48 }, (_, y) => [...one.subarray(48 * y, 48 * y + 48)]);
    const nested = await postJson({ ...flat, inputs: [input({ data: [[rows]] })] }, "/versions/1");
    assertEquals(nested, { status, json });
  });

  await t.step(
    "inference: an id is given back only if there was one, outputs by default",
    async () => {
      const { status, json } = await postJson({ inputs: [input({ data: [...one] })] });
      assertEquals([status, "id" in json], [200, false]);
      assertEquals(json.outputs[0].name, "logits");
      const { json: empty } = await postJson({
        ...{ id: "", inputs: [input({ data: [...one] })], outputs: [] },
      });
      assertEquals([empty.id, empty.outputs.length], ["", 1]);
    },
  );

  await t.step("inference: a batch comes back whole, row by row", async () => {
    const { json } = await postJson({
      inputs: [input({ shape: [3, 1, 48, 48], data: [...pixels] })],
    });
    assertEquals(json.outputs[0].shape, [3, 7]);
    assertLogits(json.outputs[0].data, expected);
  });

  await t.step("inference: a batch longer than the GPU's is split and put together", async () => {
    const many = randomPixels(9, 2);
    const json = {
      inputs: [input({ shape: [9, 1, 48, 48], parameters: { binary_data_size: 9 * 9216 } })],
    };
    const response = await postBinary(json, many);
    const { outputs: [{ data, shape }] } = await response.json();
    assertEquals(shape, [9, 7]);
    assertLogits(data, logitsOf(model, many));
  });

  await t.step("binary: tensors after the JSON, both ways", async () => {
    const json = {
      model_name: "fer",
      inputs: [input({ parameters: { binary_data_size: 9216 } })],
      outputs: [{ name: "logits", parameters: { binary_data: true } }],
    };
    const response = await postBinary(json, one as Float32Array<ArrayBuffer>);
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-type"), "application/octet-stream");
    const { json: answer, tensor } = readBinary(response.headers, await response.bytes());
    assertEquals(answer, {
      ...{ model_name: "fer", model_version: "1" },
      outputs: [{
        ...{ name: "logits", datatype: "FP32", shape: [1, 7] },
        parameters: { binary_data_size: 28 },
      }],
    });
    assertLogits(tensor, expectedOfOne);
  });

  await t.step("binary: an output's binary_data overrides binary_data_output", async () => {
    const cases: [Json, Json | undefined, boolean][] = [
      [{}, undefined, false],
      [{ binary_data_output: true }, undefined, true],
      [{ binary_data_output: false }, undefined, false],
      [{ binary_data_output: true }, {}, true],
      [{ binary_data_output: true }, { binary_data: false }, false],
      [{ binary_data_output: false }, { binary_data: true }, true],
      [{}, { binary_data: true }, true],
      [{}, { binary_data: false }, false],
    ];
    for (const [parameters, ofOutput, isBinary] of cases) {
      const outputs = ofOutput && [{ name: "logits", parameters: ofOutput }];
      const inputs = [input({ data: [...one] })];
      const response = await post(JSON.stringify({ parameters, inputs, outputs }));
      const body = await response.bytes();
      if (isBinary) {
        assertLogits(readBinary(response.headers, body).tensor, expectedOfOne);
      } else {
        assertEquals(response.headers.get("inference-header-content-length"), null);
        assertEquals(response.headers.get("content-type"), "application/json");
        const { outputs: [{ data }] } = JSON.parse(new TextDecoder().decode(body));
        assertLogits(data, expectedOfOne);
      }
    }
  });

  await t.step("binary: a raw request is its tensor alone", async () => {
    const response = await post(pixels, { "inference-header-content-length": "0" });
    assertEquals(response.status, 200);
    const { json, tensor } = readBinary(response.headers, await response.bytes());
    assertEquals((json.outputs as Json[])[0].shape, [3, 7]);
    assertLogits(tensor, expected);
  });

  const raw = new Uint8Array(one.buffer, one.byteOffset, one.byteLength);
  const triton = async (
    json: string,
    tensor: Uint8Array,
    encoding?: "gzip" | "deflate",
  ): Promise<RawResponse> => {
    const headers = tensor.length === 0
      ? []
      : [`Inference-Header-Content-Length: ${bytesOf(json).length}`];
    const body = bytesOf(json, tensor);
    return await sendRaw(url, [
      "POST /v2/models/fer/infer HTTP/1.1",
      "User-Agent: python/gevent-http-client-2.6.1",
      ...(encoding ? [`Content-Encoding: ${encoding}`] : []),
      ...headers,
      `Host: ${new URL(url).host}`,
    ], encoding ? await packed(body, encoding) : body);
  };

  await t.step("Triton's client: infer() with its defaults, binary both ways", async () => {
    const json = '{"id":"7","inputs":[{"name":"pixels","shape":[1,1,48,48],"datatype":"FP32",' +
      '"parameters":{"binary_data_size":9216}}],"parameters":{"binary_data_output":true}}';
    for (const encoding of [undefined, "gzip", "deflate"] as const) {
      const response = await triton(json, raw, encoding);
      assertEquals(response.status, 200, encoding);
      const { json: answer, tensor } = readBinary(response.headers, response.body);
      assertEquals(answer.id, "7");
      assertLogits(tensor, expectedOfOne);
    }
  });

  await t.step(
    "Triton's client: InferInput and InferRequestedOutput without binary data",
    async () => {
      const json = '{"inputs":[{"name":"pixels","shape":[1,1,48,48],"datatype":"FP32","data":[' +
        `${
          [...one].join(",")
        }]}],"outputs":[{"name":"logits","parameters":{"binary_data":false}}]}`;
      const response = await triton(json, new Uint8Array());
      assertEquals(response.status, 200);
      const [{ data, shape }] = parse(response).outputs as { data: number[]; shape: number[] }[];
      assertEquals(shape, [1, 7]);
      assertLogits(data, expectedOfOne);
    },
  );

  await t.step("Triton's client: health, metadata, and the message of an error", async () => {
    const ask = (path: string) =>
      sendRaw(url, [
        `GET /${path} HTTP/1.1`,
        "User-Agent: python/gevent-http-client-2.6.1",
        `Host: ${new URL(url).host}`,
      ]);
    for (const path of ["v2/health/live", "v2/health/ready", "v2/models/fer/versions/1/ready"]) {
      assertEquals((await ask(path)).status, 200);
    }
    assertEquals(parse(await ask("v2")).extensions, ["binary_tensor_data"]);
    assertEquals(parse(await ask("v2/models/fer")).name, "fer");
    const { status, ...refused } = await ask("v2/models/other");
    assertEquals(status, 404);
    assertEquals(parse({ status, ...refused }).error, "There is no model other: expected fer");
  });

  await t.step("KServe's client: InferRequest.to_rest(), with bytes and with JSON", async () => {
    const id = "0b8f6a26-8f5c-4b1e-9a4b-6d1f5c9f3c11";
    const head = `{"id":"${id}","model_name":"fer","inputs":[{"name":"pixels",` +
      '"shape":[1,1,48,48],"datatype":"FP32"';
    const json = `${head},"parameters":{"binary_data_size":9216}}],` +
      '"outputs":[{"name":"logits","parameters":{"binary_data":true}}]}';
    const lines = [
      "POST /v2/models/fer/infer HTTP/1.1",
      `Host: ${new URL(url).host}`,
      "Accept: */*",
      "Accept-Encoding: gzip, deflate",
      "Connection: keep-alive",
      "User-Agent: python-httpx/0.28.1",
    ];
    const binary = await sendRaw(url, [
      ...lines,
      `inference-header-content-length: ${json.length}`,
      "content-type: application/octet-stream",
    ], bytesOf(json, raw));
    // Its httpx unpacks what was packed for it; this test reads what was not.
    assertEquals(binary.headers.get("content-encoding"), undefined);
    const answer = readBinary(binary.headers, binary.body);
    assertEquals([answer.json.id, answer.json.model_name], [id, "fer"]);
    assertLogits(answer.tensor, expectedOfOne);
    const plain = await sendRaw(
      url,
      [...lines.filter((line) => !line.startsWith("Accept-")), "content-type: application/json"],
      bytesOf(`${head},"data":[${[...one].join(",")}]}]}`),
    );
    const [{ data }] = parse(plain).outputs as { data: number[] }[];
    assertLogits(data, expectedOfOne);
  });

  await t.step("requests that came at once are answered each with its own", async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const each = randomPixels(1 + i % 3, 100 + i);
        const response = await post(each, { "inference-header-content-length": "0" });
        return { each, ...readBinary(response.headers, await response.bytes()) };
      }),
    );
    for (const { each, tensor } of answers) assertLogits(tensor, logitsOf(model, each));
  });

  model.dispose();
  const { code } = await server.stop();
  assertEquals([code, server.stderr()], [0, ""]);
});
