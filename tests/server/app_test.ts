import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { encodePng, type Image } from "../../src/data.ts";
import { createApp } from "../../examples/server/app.ts";
import { type LogFields, logTo } from "../../examples/server/log.ts";
import { readOptions, type ServerOptions } from "../../examples/server/options.ts";
import { serverFigures } from "../../examples/server/server_figures.ts";
import { makeService, type ServiceParts } from "../../examples/server/service.ts";
import type { RecognizedFace } from "../../src/recognizer.ts";

/** A face as wide as its picture. */
function faceOf({ width, height }: Image): RecognizedFace {
  return {
    box: { x: 0, y: 0, width, height },
    score: 0.9,
    landmarks: [{ x: 1, y: 2 }],
    crop: { x: 1, y: 1, size: 2, rotation: 0 },
    quality: { size: width, sharpness: 1, brightness: 0.5, yaw: 0, roll: 0, issues: [] },
    probabilities: [{ label: "happy", probability: 1 }],
    map: { map: new Float32Array(4), size: 2 },
  };
}

/** The app over made-up networks. */
function makeApp(
  options: Partial<ServerOptions> = {},
  parts: Partial<ServiceParts> = {},
) {
  const base = readOptions(["--max-delay=0"]);
  assert(base !== "help");
  const lines: LogFields[] = [];
  const batches: number[] = [];
  const app = createApp(makeService({
    network: {
      served: {
        ...{ name: "fer", version: "1", size: 2, classes: ["a", "b"], range: [-1, 1] },
        temperature: 1,
      },
      largestBatch: 8,
      logits: (images) =>
        Promise.resolve(images.map(([first]) => new Float32Array([first, -first]))),
    },
    recognizer: {
      detect: (picture) => {
        const { box, landmarks, score } = faceOf(picture);
        return Promise.resolve(score > 0 ? [{ box, landmarks, score }] : []);
      },
      recognizeMany(pictures) {
        batches.push(pictures.length);
        return Promise.resolve(pictures.map((picture) => [faceOf(picture)]));
      },
    },
    options: { ...base, ...options },
    isReady: () => true,
    figures: serverFigures({}, () => true),
    log: logTo((line) => lines.push(JSON.parse(line))),
    ...parts,
  }));
  const ask = async (path: string, init?: RequestInit) => {
    const response = await app.fetch(new Request(`http://x${path}`, init));
    return { status: response.status, headers: response.headers, json: await response.json() };
  };
  const infer = (data: number[]) => {
    const input = { name: "pixels", shape: [1, 1, 2, 2], datatype: "FP32", data };
    const body = JSON.stringify({ inputs: [input] });
    return ask("/v2/models/fer/infer", { method: "POST", body });
  };
  return { app, ask, infer, lines, batches };
}

const png = async (width: number, height: number): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(
    await encodePng({ data: new Uint8Array(width * height).fill(128), width, height }),
  );

Deno.test("POST /recognize answers a picture with its size and its faces", async () => {
  const { ask, lines } = makeApp();
  const body = await png(3, 2);
  const { status, json } = await ask("/recognize", { method: "POST", body });
  const { map: _, ...face } = faceOf({ data: body, width: 3, height: 2 });
  assertEquals([status, json], [200, { pictures: [{ width: 3, height: 2, faces: [face] }] }]);
  assertEquals([lines[0].images, lines[0].bytes], [1, body.length]);
});

Deno.test("POST /recognize takes the files of a form, in one batch and in their order", async () => {
  const { ask, batches } = makeApp();
  const form = new FormData();
  form.append("note", "no file");
  for (const width of [4, 5, 6]) {
    form.append("picture", new Blob([await png(width, 2)]), `${width}.png`);
  }
  const { status, json } = await ask("/recognize", { method: "POST", body: form });
  assertEquals(status, 200);
  assertEquals(
    json.pictures.map(({ name, width, faces: [{ box }] }: Record<string, unknown[]> & {
      faces: RecognizedFace[];
    }) => [name, width, box.width]),
    [["4.png", 4, 4], ["5.png", 5, 5], ["6.png", 6, 6]],
  );
  assertEquals(batches, [3]);
});

Deno.test("POST /recognize says what is wrong with what it was sent", async () => {
  const { ask } = makeApp();
  const post = (body: BodyInit, type?: string) =>
    ask("/recognize", { method: "POST", body, headers: type ? { "content-type": type } : {} });
  const noFile = new FormData();
  noFile.append("a", "text");
  const cases: [BodyInit, string | undefined, string][] = [
    ["", undefined, "expected a JPEG, PNG or WebP as the body, got nothing"],
    ["<svg/>", "image/svg+xml", "Cannot decode the picture: it is an SVG, which is not read"],
    ["GIF89a\x01\x00", undefined, "Cannot decode the picture: it is a GIF"],
    ['{"image": 3}', "application/json", 'the body is JSON; expected {"image": BASE64}'],
    ['{"picture": "AAAA"}', undefined, 'the body is JSON; expected {"image": BASE64}'],
    ['{"images": []}', undefined, 'the body is JSON; expected {"image": BASE64}'],
    ['{"image": "AA', "application/json", "the body is no JSON; expected"],
    ['{"image": "%%%"}', undefined, "Cannot recognize image: expected base64"],
    ['{"image": "data:image/png,AAAA"}', undefined, "Cannot recognize image: expected base64"],
    ['{"images": ["https://x/y.png"]}', undefined, "images[0]: the server fetches nothing"],
    ['{"image": "AAAAAAAAAAAAAAAAAAAA"}', undefined, "Cannot decode image: "],
    ["image=a+face", "application/x-www-form-urlencoded", "expected base64 in a field of the form"],
    [noFile, undefined, "expected JPEG, PNG or WebP files in the form, got none"],
    ["not a form", "multipart/form-data; boundary=x", "the body is no form"],
    ["not a form", "multipart/form-data", "the body is no form"],
    [Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), undefined, "its header is damaged or cut off"],
  ];
  for (const [body, type, message] of cases) {
    const { status, json } = await post(body, type);
    assertEquals(status, 400, message);
    assertStringIncludes(json.error, message);
  }
});

Deno.test("POST /recognize answers the good pictures of a form, and says what is wrong with others", async () => {
  const { ask, batches, lines } = makeApp();
  const form = new FormData();
  form.append("a", new Blob([(await png(2, 2)).slice(0, 40)]), "cut.png");
  form.append("b", new Blob([await png(3, 2)]), "good.png");
  form.append("c", new Blob([]), "empty.jpg");
  const { status, json } = await ask("/recognize", { method: "POST", body: form });
  assertEquals(status, 200);
  assertEquals(json.pictures.map(({ faces: _, ...rest }: Record<string, unknown>) => rest), [
    { name: "cut.png", error: "Cannot decode cut.png: its PNG data is damaged or cut off" },
    { name: "good.png", width: 3, height: 2 },
    { name: "empty.jpg", error: "Cannot decode empty.jpg: the file is empty" },
  ]);
  assertEquals([json.pictures[1].faces[0].box.width, batches, lines[0].images], [3, [1], 1]);
});

Deno.test("POST /recognize takes base64, however it is wrapped", async () => {
  const { ask } = makeApp();
  const plain = (await png(5, 4)).toBase64();
  const url = `data:image/png;base64,${plain}`;
  const web = plain.replaceAll("+", "-").replaceAll("/", "_");
  const json = "application/json";
  const urlencoded = "application/x-www-form-urlencoded";
  const field = new FormData();
  field.append("image", url);
  const bodies: [BodyInit, string | undefined][] = [
    [JSON.stringify({ image: plain }), json],
    [` ${JSON.stringify({ image: url })}`, urlencoded],
    [JSON.stringify({ images: [web] }), json],
    [plain, "text/plain"],
    [`${plain.replace(/.{60}/g, "$&\r\n")}\n`, undefined],
    [url, undefined],
    [`image=${encodeURIComponent(url)}`, urlencoded],
    [`image=${plain}`, urlencoded],
    [await png(5, 4), urlencoded],
    [field, undefined],
  ];
  for (const [body, type] of bodies) {
    const headers: HeadersInit = type ? { "content-type": type } : {};
    const { status, json: { pictures } } = await ask("/recognize", {
      method: "POST",
      body,
      headers,
    });
    assertEquals([status, pictures?.length, pictures?.[0].width], [200, 1, 5], String(body));
  }
});

/** A white square in black, and a face of a fifth of the picture in the square's middle. */
async function whiteSquare(): Promise<Uint8Array<ArrayBuffer>> {
  const data = new Uint8Array(200 * 200);
  for (let y = 40; y < 160; y++) data.fill(255, 200 * y + 40, 200 * y + 160);
  return new Uint8Array(await encodePng({ data, width: 200, height: 200 }));
}

const inTheMiddle = {
  box: { x: 80, y: 80, width: 40, height: 40 },
  score: 0.9,
  landmarks: [[90, 92], [110, 92], [100, 100], [100, 108], [82, 96], [118, 96]].map(([x, y]) => ({
    x,
    y,
  })),
};

Deno.test("infer takes pictures, framed by their faces unless they are crops or told otherwise", async () => {
  const { ask } = makeApp({}, {
    recognizer: {
      detect: ({ width }) => Promise.resolve(width === 200 ? [inTheMiddle] : []),
      recognizeMany: () => Promise.reject(new Error("nobody asked")),
    },
  });
  const photograph = (await whiteSquare()).toBase64();
  const crop = (await png(2, 2)).toBase64();
  const infer = (data: string[], parameters?: Record<string, unknown>) =>
    ask("/v2/models/fer/infer", {
      method: "POST",
      body: JSON.stringify({
        inputs: [{ name: "pictures", datatype: "BYTES", shape: [data.length], data }],
        parameters,
      }),
    });
  const framed = await infer([photograph, crop]);
  // The face is white, and so 1; a grey of 128 is 2 * 128 / 255 - 1.
  const grey = Math.fround(2 * 128 / 255 - 1);
  assertEquals(framed.json.outputs, [
    { name: "logits", datatype: "FP32", shape: [2, 2], data: [1, -1, grey, -grey] },
  ]);
  assertEquals(framed.json.parameters, { framed: 1, whole: 1 });
  const whole = await infer([photograph], { faces: "crop" });
  // Of the picture's quarter, weighed by Pillow's triangle, 0.68 by 0.68 is white: 118 of 255.
  const mixed = Math.fround(2 * 118 / 255 - 1);
  assertEquals(whole.json.outputs[0].data, [mixed, -mixed]);
  assertEquals(whole.json.parameters, { framed: 0, whole: 1 });
  const none = await infer([photograph, (await png(100, 100)).toBase64()]);
  assertEquals([none.status, none.json.error], [
    400,
    "Cannot infer: no face was found in pictures[1]; where it is filled by one, ask with the " +
    'parameter "faces": "crop"',
  ]);
  const odd = await infer([photograph], { faces: "all" });
  assertEquals([odd.status, odd.json.error], [
    400,
    'Cannot infer: expected parameters.faces to be one of auto, crop, find, got "all"',
  ]);
});

Deno.test("infer takes pictures as binary data, and the server's own --faces", async () => {
  const recognizer = {
    detect: () => Promise.resolve([inTheMiddle]),
    recognizeMany: () => Promise.reject(new Error("nobody asked")),
  };
  const file = await whiteSquare();
  // As Triton has it: each element behind its length, in four bytes, little-endian.
  const tensor = new Uint8Array(2 * (4 + file.length));
  for (const i of [0, 1]) {
    const at = i * (4 + file.length);
    new DataView(tensor.buffer).setUint32(at, file.length, true);
    tensor.set(file, at + 4);
  }
  const send = async (faces: "auto" | "crop", length: number) => {
    const json = JSON.stringify({
      inputs: [{
        ...{ name: "pictures", datatype: "BYTES", shape: [2, 1] },
        parameters: { binary_data_size: length },
      }],
    });
    const body = new Blob([json, tensor.subarray(0, length)]);
    const headers = { "inference-header-content-length": String(json.length) };
    return await makeApp({ faces }, { recognizer }).ask("/v2/models/fer/infer", {
      ...{ method: "POST", body, headers },
    });
  };
  assertEquals((await send("auto", tensor.length)).json.outputs[0].data, [1, -1, 1, -1]);
  const mixed = Math.fround(2 * 118 / 255 - 1);
  const whole = await send("crop", tensor.length);
  assertEquals(whole.json.outputs[0].data, [mixed, -mixed, mixed, -mixed]);
  const cut = await send("auto", tensor.length - 1);
  assertEquals(cut.status, 400);
  assertStringIncludes(cut.json.error, "they end within element 1");
});

Deno.test("pages of other origins may ask where they are allowed, and nowhere else", async () => {
  const preflight = {
    method: "OPTIONS",
    headers: {
      "origin": "http://localhost:3000",
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    },
  };
  const headersOf = async (
    allowOrigin: string[] | undefined,
    init: RequestInit,
    path = "/recognize",
  ) => {
    const { app } = makeApp({ allowOrigin });
    const response = await app.fetch(new Request(`http://x${path}`, init));
    await response.body?.cancel();
    return { status: response.status, get: (name: string) => response.headers.get(name) };
  };
  const closed = await headersOf(undefined, preflight);
  assertEquals([closed.status, closed.get("access-control-allow-origin")], [405, null]);
  for (const allowed of ["http://localhost:3000", "*"]) {
    const open = await headersOf(["https://a.example", allowed], preflight);
    assertEquals([open.status, open.get("access-control-allow-origin")], [204, allowed]);
    assertStringIncludes(open.get("access-control-allow-headers") ?? "", "authorization");
  }
  const post = { method: "POST", headers: { origin: "http://localhost:3000" }, body: "junk" };
  const refused = await headersOf(["http://localhost:3000"], post);
  assertEquals(
    [refused.status, refused.get("access-control-allow-origin")],
    [400, "http://localhost:3000"],
  );
  assertEquals(
    (await headersOf(["https://a.example"], post)).get("access-control-allow-origin"),
    null,
  );
});

Deno.test("readOptions() takes origins, and nothing else for them", () => {
  const read = (text: string) => {
    const options = readOptions([`--allow-origin=${text}`]);
    return options === "help" ? null : options.allowOrigin;
  };
  assertEquals(read("http://localhost:3000, https://a.example/"), [
    "http://localhost:3000",
    "https://a.example",
  ]);
  assertEquals(read("*"), ["*"]);
  for (const text of ["localhost:3000", "http://a.example/page", "a", "null"]) {
    assertThrows(() => read(text), Error, "expected an origin, for instance http://localhost:3000");
  }
});

Deno.test("a failure is 500, its cause in the log and not in the answer", async () => {
  const { ask, lines } = makeApp({}, {
    recognizer: {
      detect: () => Promise.resolve([]),
      recognizeMany: () => Promise.reject(new Error("the GPU at 0x1234 burns")),
    },
  });
  const body = await png(2, 2);
  const { status, json, headers } = await ask("/recognize", { method: "POST", body });
  const id = headers.get("x-request-id");
  assertEquals(status, 500);
  assertEquals(json, { error: `The server failed; its log says why, at request ${id}` });
  const [{ level, id: logged, error }] = lines;
  assertEquals([level, logged, error], ["error", id, "the GPU at 0x1234 burns"]);
});

Deno.test("a result that does not come in time is 504, and the next request is answered", async () => {
  const held = Promise.withResolvers<void>();
  let first = true;
  const { infer } = makeApp({ timeout: 0.05 }, {
    network: {
      served: {
        ...{ name: "fer", version: "1", size: 2, classes: ["a"], range: [-1, 1] },
        temperature: 1,
      },
      largestBatch: 8,
      async logits(images) {
        if (first) {
          first = false;
          await held.promise;
        }
        return images.map(() => new Float32Array([1]));
      },
    },
  });
  const { status, json } = await infer([0, 0, 0, 0]);
  assertEquals([status, json.error], [504, "The result did not come within 0.05 s"]);
  held.resolve();
  assertEquals((await infer([0, 0, 0, 0])).status, 200);
});

Deno.test("a full queue sends requests away before their bodies are read", async () => {
  const held = Promise.withResolvers<void>();
  const { infer, app } = makeApp({ queue: 1 }, {
    network: {
      served: {
        ...{ name: "fer", version: "1", size: 2, classes: ["a"], range: [-1, 1] },
        temperature: 1,
      },
      largestBatch: 1,
      async logits(images) {
        await held.promise;
        return images.map(() => new Float32Array([1]));
      },
    },
  });
  const answered = [infer([0, 0, 0, 0])];
  await new Promise((resolve) => setTimeout(resolve, 20));
  answered.push(infer([0, 0, 0, 0]));
  await new Promise((resolve) => setTimeout(resolve, 20));
  // This body never ends.
  const body = new ReadableStream({});
  const refused = await app.fetch(
    new Request("http://x/v2/models/fer/infer", { method: "POST", body }),
  );
  assertEquals([refused.status, refused.headers.get("retry-after")], [429, "1"]);
  assertEquals(await refused.json(), { error: "The queue is full" });
  held.resolve();
  assertEquals((await Promise.all(answered)).map(({ status }) => status), [200, 200]);
});

Deno.test("bodies that together take too much memory are sent away, and welcome later", async () => {
  // 32 bodies of 1,048 bytes at once.
  const { app, infer } = makeApp({ maxBody: 0.001, timeout: 60 });
  const open: ReadableStreamDefaultController<Uint8Array>[] = [];
  const slow = Array.from({ length: 32 }, async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        open.push(controller);
        controller.enqueue(new Uint8Array(1048));
      },
    });
    const init = { method: "POST", body };
    return (await app.fetch(new Request("http://x/v2/models/fer/infer", init))).status;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  const { status, headers, json } = await infer([0, 0, 0, 0]);
  assertEquals([status, headers.get("retry-after")], [429, "1"]);
  assertEquals(json.error, "There are too many long requests at once");
  for (const controller of open) controller.close();
  assertEquals(new Set(await Promise.all(slow)), new Set([400]));
  assertEquals((await infer([0, 0, 0, 0])).status, 200);
});

Deno.test("the server is not ready, and still answers, while it stops", async () => {
  const { ask, infer } = makeApp({}, { isReady: () => false });
  for (const path of ["/v2/health/ready", "/v2/models/fer/ready"]) {
    const { status, json } = await ask(path);
    assertEquals([status, json.ready], [503, false]);
  }
  assertEquals((await ask("/v2/health/live")).status, 200);
  assertEquals((await infer([0.5, 0, 0, 0])).status, 200);
});

Deno.test("every answer says not to guess its type and not to keep it", async () => {
  const { ask } = makeApp();
  for (const path of ["/v2", "/nowhere", "/recognize"]) {
    const { headers } = await ask(path);
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("cache-control"), "no-store");
    assertMatch(headers.get("x-request-id") ?? "", /^[\da-f-]{36}$/);
  }
});

Deno.test("a method that is not there is 405 and tells which is", async () => {
  const { ask, app } = makeApp();
  const cases: [string, string, string][] = [
    ["POST", "/v2", "GET, HEAD"],
    ["PUT", "/v2/models/fer/infer", "POST"],
    ["GET", "/recognize", "POST"],
    ["DELETE", "/metrics", "GET, HEAD"],
  ];
  for (const [method, path, allow] of cases) {
    const { status, headers } = await ask(path, { method });
    assertEquals([status, headers.get("allow")], [405, allow], path);
  }
  const head = await app.fetch(new Request("http://x/v2/health/live", { method: "HEAD" }));
  assertEquals([head.status, await head.text()], [200, ""]);
});
