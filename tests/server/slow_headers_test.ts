import { assert, assertEquals, assertMatch } from "@std/assert";
import { startServer } from "./server_process.ts";

/** Opens a connection, sends a text, and drips one letter more every so often; reads to its end. */
async function drip(url: string, text: string, letter?: string): Promise<[string, number]> {
  const { hostname, port } = new URL(url);
  const started = performance.now();
  const connection = await Deno.connect({ hostname, port: Number(port) });
  const encoder = new TextEncoder();
  if (text !== "") await connection.write(encoder.encode(text));
  const timer = letter === undefined ? undefined : setInterval(
    () => connection.write(encoder.encode(letter)).catch(() => {}),
    200,
  );
  try {
    let answer = "";
    const buffer = new Uint8Array(4096);
    for (;;) {
      const length = await connection.read(buffer).catch(() => null);
      if (length === null) return [answer, (performance.now() - started) / 1000];
      answer += new TextDecoder().decode(buffer.subarray(0, length));
    }
  } finally {
    clearInterval(timer);
    connection.close();
  }
}

Deno.test("connections whose headers never end are closed, and others are answered", async () => {
  const server = await startServer(["--timeout", "2"]);
  try {
    const head = "POST /recognize HTTP/1.1\r\nHost: x\r\nX-A: ";
    const slow = [
      ...Array.from({ length: 50 }, () => drip(server.url, head)),
      drip(server.url, head, "a"),
      drip(server.url, "POST /reco"),
      drip(server.url, ""),
    ];
    const response = await fetch(`${server.url}/v2/health/live`);
    assertEquals([response.status, await response.json()], [200, { live: true }]);
    for (const [answer, seconds] of await Promise.all(slow)) {
      assert(seconds > 1.5 && seconds < 10, `closed after ${seconds} s`);
      assertEquals(answer, "");
    }
  } finally {
    const { code } = await server.stop();
    assertEquals([code, server.stderr()], [0, ""]);
  }
});

Deno.test("what is no HTTP gets 400, headers without measure get 431, and both are closed", async () => {
  const server = await startServer();
  try {
    const cases: [string, RegExp][] = [
      ["\x16\x03\x01\x02\x00\r\n\r\n", /^HTTP\/1\.1 400 [^]*"Cannot read the request: it is not/],
      ["GET /v2 HTTP/1.1\r\nHost: a b\r\n\r\n", /^HTTP\/1\.1 400 [^]*"error":/],
      [
        `GET /v2 HTTP/1.1\r\nHost: x\r\nX-A: ${"a".repeat(40_000)}\r\n\r\n`,
        /^HTTP\/1\.1 431 [^]*"The request's headers are too long"/,
      ],
    ];
    for (const [text, expected] of cases) {
      const close = text.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
      const [answer] = await drip(server.url, close);
      assertMatch(answer, expected);
    }
  } finally {
    const { code } = await server.stop();
    assertEquals([code, server.stderr()], [0, ""]);
  }
});

Deno.test("connections past --max-connections are closed, until others have ended", async () => {
  const server = await startServer(["--max-connections", "3"]);
  try {
    const { hostname, port } = new URL(server.url);
    const open = () => Deno.connect({ hostname, port: Number(port) });
    const three = await Promise.all([open(), open(), open()]);
    const [answer] = await drip(server.url, "GET /v2 HTTP/1.1\r\nHost: x\r\n\r\n");
    assertEquals(answer, "");
    for (const connection of three) connection.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const again = "GET /v2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assertMatch((await drip(server.url, again))[0], /^HTTP\/1\.1 200 /);
  } finally {
    const { code } = await server.stop();
    assertEquals([code, server.stderr()], [0, ""]);
  }
});
