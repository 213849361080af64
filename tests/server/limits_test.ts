import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parseMetrics } from "./prometheus.ts";
import { randomPixels, type ServerProcess, startServer, until } from "./server_process.ts";

const TOKEN = "s3cret-Token.1";

async function withServer(
  args: readonly string[],
  test: (server: ServerProcess) => Promise<void>,
  env?: Record<string, string>,
): Promise<void> {
  const server = await startServer(args, env);
  try {
    await test(server);
  } finally {
    const { code } = await server.stop();
    assertEquals([code, server.stderr()], [0, ""]);
  }
}

/** Asks for the logits of some images, as bytes. */
function infer(url: string, images: number, init: RequestInit = {}): Promise<Response> {
  const headers = { "inference-header-content-length": "0", ...init.headers };
  const body = randomPixels(images, 1);
  return fetch(`${url}/v2/models/fer/infer`, { method: "POST", body, ...init, headers });
}

async function errorOf(response: Response): Promise<string> {
  assertEquals(response.headers.get("content-type"), "application/json");
  const json = await response.json();
  assertEquals(Object.keys(json), ["error"]);
  return json.error;
}

async function figure(
  url: string,
  name: string,
  labels: Record<string, string> = {},
): Promise<number | undefined> {
  const families = parseMetrics(await (await fetch(`${url}/metrics`)).text());
  const family = name.replace(/_(?:sum|count)$/, "");
  const samples = (families.get(name) ?? families.get(family))?.samples ?? [];
  const isWanted = ([key, value]: [string, string]) => labels[key] === value;
  return samples.find((sample) =>
    sample.name === name && Object.entries(sample.labels).every(isWanted)
  )?.value;
}

Deno.test("the server sends away what it has no room or no time for", async (t) => {
  // Images wait for company for longer than requests may take: nothing is computed meanwhile.
  const args = ["--max-batch", "8", "--max-delay", "10000", "--queue", "5", "--timeout", "3"];
  const more = ["--max-body", "0.1", "--max-megapixels", "0.003"];
  await withServer([...args, ...more], async ({ url, log }) => {
    const waiting = () => figure(url, "fer_queue_images", { queue: "infer" });

    await t.step("a request past the queue's limit gets 429 and when to come back", async () => {
      const first = infer(url, 4);
      await until("four images wait", async () => await waiting() === 4);
      const refused = await infer(url, 2);
      assertEquals(refused.status, 429);
      assertMatch(refused.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
      assertEquals(
        await errorOf(refused),
        "The queue is full: 4 of 5 images wait, and 2 more came",
      );

      const late = await first;
      assertEquals(late.status, 503);
      assertMatch(late.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
      assertEquals(await errorOf(late), "The request's turn did not come within 3 s");
      assertEquals(await waiting(), 0);
    });

    await t.step("a request whose client has gone leaves the queue", async () => {
      const controller = new AbortController();
      const cancelled = infer(url, 3, { signal: controller.signal }).catch(({ name }) => name);
      await until("three images wait", async () => await waiting() === 3);
      controller.abort();
      assertEquals(await cancelled, "AbortError");
      await until("none waits", async () => await waiting() === 0);
      await until("the log tells of it", () => log.some(({ status }) => status === 499));
    });

    await t.step("more images than the queue ever takes get 413", async () => {
      const refused = await infer(url, 6);
      assertEquals(refused.status, 413);
      assertEquals(await errorOf(refused), "Expected at most 5 images in a request, got 6");
    });

    await t.step("a long body gets 413, announced, in chunks, or unpacked", async () => {
      const limit = Math.floor(0.1 * 2 ** 20);
      const bytes = new Uint8Array(limit + 1);
      const announced = await infer(url, 0, { body: bytes });
      assertEquals(announced.status, 413);
      assertEquals(
        await errorOf(announced),
        `The body is too long: expected at most ${limit} bytes, got ${limit + 1}`,
      );
      const chunked = await infer(url, 0, { body: new Blob([bytes]).stream() });
      assertEquals(chunked.status, 413);
      await chunked.body?.cancel();
      const zip = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
      const body = await new Response(zip).bytes();
      assert(body.length < 1000);
      const unpacked = await infer(url, 0, { body, headers: { "content-encoding": "gzip" } });
      assertEquals(unpacked.status, 413);
      assertStringIncludes(await errorOf(unpacked), "got more unpacked");
    });

    await t.step("a body that is packed in another way or damaged is refused", async () => {
      const brotli = await infer(url, 1, { headers: { "content-encoding": "br" } });
      assertEquals(brotli.status, 415);
      assertEquals(await errorOf(brotli), "Cannot unpack br: expected gzip, deflate or none");
      const damaged = await infer(url, 1, { headers: { "content-encoding": "gzip" } });
      assertEquals(damaged.status, 400);
      assertEquals(await errorOf(damaged), "Cannot unpack the body: it is no gzip, or cut off");
    });

    await t.step("a body that does not come gets 408", async () => {
      const { hostname, port } = new URL(url);
      using connection = await Deno.connect({ hostname, port: Number(port) });
      const head =
        "POST /v2/models/fer/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 9216\r\n\r\nab";
      await connection.write(new TextEncoder().encode(head));
      const buffer = new Uint8Array(1000);
      const length = await connection.read(buffer);
      const answer = new TextDecoder().decode(buffer.subarray(0, length ?? 0));
      assertMatch(answer, /^HTTP\/1\.1 408 [^]*"The body did not come within 3 s"/);
    });

    await t.step("a picture with too many pixels gets 413 before it is decoded", async () => {
      // 64x64 in its header, and nothing behind it.
      const png = Uint8Array.fromBase64("iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAAAAACPAi4C");
      const refused = await fetch(`${url}/recognize`, { method: "POST", body: png });
      assertEquals(refused.status, 413);
      assertStringIncludes(await errorOf(refused), "megapixels (64x64), the limit is 0.003");
    });
  });
});

Deno.test("the server answers whoever has the token, and health to everyone", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "fer-token-" });
  await Deno.writeTextFile(`${folder}/token`, `${TOKEN}\n`);
  await withServer(["--token-file", `${folder}/token`], async ({ url, log }) => {
    await t.step("health needs no token, all else does", async () => {
      for (const path of ["/v2/health/live", "/v2/health/ready", "/v2/models/fer/ready"]) {
        const response = await fetch(url + path);
        await response.body?.cancel();
        assertEquals(response.status, 200, path);
      }
      for (const path of ["/v2", "/v2/models/fer", "/metrics", "/recognize", "/nowhere"]) {
        const response = await fetch(url + path);
        assertEquals(response.status, 401, path);
        assertEquals(response.headers.get("www-authenticate"), "Bearer");
        assertStringIncludes(await errorOf(response), "Authorization: Bearer");
      }
      const refused = await infer(url, 1);
      assertEquals(refused.status, 401);
      await refused.body?.cancel();
    });

    await t.step("only the token itself will do", async () => {
      const status = async (authorization: string) => {
        const response = await fetch(`${url}/v2`, { headers: { authorization } });
        await response.body?.cancel();
        return response.status;
      };
      for (const good of [`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `Bearer  ${TOKEN} `]) {
        assertEquals(await status(good), 200, good);
      }
      const near = [TOKEN.slice(0, -1), `${TOKEN}x`, TOKEN.toUpperCase(), "", `${TOKEN} ${TOKEN}`];
      for (const bad of [...near.map((text) => `Bearer ${text}`), `Basic ${TOKEN}`, TOKEN]) {
        assertEquals(await status(bad), 401, bad);
      }
      const answer = await infer(url, 1, { headers: { authorization: `Bearer ${TOKEN}` } });
      assertEquals(answer.status, 200);
      await answer.body?.cancel();
    });

    await t.step("the token is in no line of the log", () => {
      assert(log.length > 10 && !JSON.stringify(log).includes(TOKEN));
      assertEquals(log.find(({ message }) => message === "listening")?.token, true);
    });
  });
  await Deno.remove(folder, { recursive: true });
});

Deno.test("the server logs and counts what it answers", async () => {
  const env = { FER_SERVER_TOKEN: TOKEN };
  await withServer(["--engine", "webgpu"], async ({ url, log }) => {
    const headers = { authorization: `Bearer ${TOKEN}`, "x-request-id": "my-id.1" };
    const answer = await infer(url, 3, { headers });
    assertEquals(answer.headers.get("x-request-id"), "my-id.1");
    await answer.body?.cancel();
    const odd = await infer(url, 3, { headers: { ...headers, "x-request-id": "a b" } });
    assertMatch(odd.headers.get("x-request-id") ?? "", /^[\da-f-]{36}$/);
    await odd.body?.cancel();
    const wrong = await infer(url, 0, { headers, body: "secret words" });
    assertEquals(wrong.status, 400);
    await wrong.body?.cancel();
    await until("three requests are logged", () => log.length >= 4);

    const [, first, , third] = log;
    const { time, ms, ...rest } = first;
    assertMatch(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert(Number(ms) > 0);
    assertEquals(rest, {
      ...{ level: "info", message: "request", id: "my-id.1", method: "POST" },
      ...{ route: "/v2/models/:model/infer", status: 200, bytes: 3 * 9216, images: 3 },
    });
    assertEquals([third.status, third.bytes], [400, 12]);
    assert(!JSON.stringify(log).includes("secret words"));

    const page = await fetch(`${url}/metrics`, { headers });
    assertEquals(page.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    const families = parseMetrics(await page.text());
    const value = (family: string, name: string, labels: Record<string, string>) =>
      families.get(family)?.samples.find((sample) =>
        sample.name === name &&
        Object.entries(labels).every(([key, each]) => sample.labels[key] === each)
      )?.value;
    const route = "/v2/models/:model/infer";
    const requests = (status: string) =>
      value("fer_http_requests_total", "fer_http_requests_total", { route, status });
    assertEquals([requests("200"), requests("400")], [2, 1]);
    const seconds = "fer_http_request_seconds";
    assertEquals(value(seconds, `${seconds}_count`, { route }), 3);
    assertEquals(value("fer_images_total", "fer_images_total", { queue: "infer" }), 6);
    assertEquals(value("fer_batch_images", "fer_batch_images_sum", { queue: "infer" }), 6);
    const types = Object.fromEntries([...families].map(([name, { type }]) => [name, type]));
    assertEquals(types, {
      fer_http_requests_total: "counter",
      fer_http_request_seconds: "histogram",
      fer_images_total: "counter",
      fer_batch_images: "histogram",
      fer_batch_requests_total: "counter",
      fer_batch_seconds: "histogram",
      fer_info: "gauge",
      fer_ready: "gauge",
      fer_gpu_memory_bytes: "gauge",
      fer_tensors: "gauge",
      process_resident_memory_bytes: "gauge",
      process_start_time_seconds: "gauge",
      fer_queue_images: "gauge",
      fer_running_images: "gauge",
      fer_queue_limit_images: "gauge",
      fer_images_per_second: "gauge",
    });
    assert((value("fer_gpu_memory_bytes", "fer_gpu_memory_bytes", {}) ?? 0) > 0);
    const started = value("process_start_time_seconds", "process_start_time_seconds", {}) ?? 0;
    assert(Math.abs(Date.now() / 1000 - started) < 600);
  }, env);
});
