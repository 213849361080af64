import { assertEquals } from "@std/assert";
import { startServer, until } from "./server_process.ts";

/** Sends what it is given, with pauses between, and gives what is answered until the end. */
async function send(url: string, parts: readonly string[], isPatient: boolean): Promise<string> {
  const { hostname, port } = new URL(url);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  try {
    const bytes = new TextEncoder();
    for (const part of parts) {
      await connection.write(bytes.encode(part));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    if (!isPatient) return "";
    const buffer = new Uint8Array(4096);
    const length = await connection.read(buffer) ?? 0;
    return new TextDecoder().decode(buffer.subarray(0, length));
  } finally {
    connection.close();
  }
}

Deno.test("what a client breaks off or garbles is its own fault, in the log and the figures", async () => {
  const server = await startServer();
  try {
    const post = "POST /recognize HTTP/1.1\r\nHost: x\r\n";
    const gzip = "Content-Encoding: gzip\r\n";
    const statuses = () =>
      server.log.filter(({ message }) => message === "request").map(({ status }) => status);
    // Gone in the middle of a body of known length, of chunks, and of a packed body.
    await send(server.url, [`${post}Content-Length: 5000\r\n\r\n`, "half a picture"], false);
    await send(server.url, [`${post}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`], false);
    await send(server.url, [`${post}${gzip}Content-Length: 500\r\n\r\n`, "\x1f"], false);
    await until("three clients have gone", () => statuses().length === 3);
    assertEquals(statuses(), [499, 499, 499]);
    // A chunk without a length.
    for (const more of ["", gzip]) {
      const parts = [
        `${post}${more}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`,
        "zz\r\nabc\r\n",
      ];
      await send(server.url, parts, true);
    }
    await until("five are answered", () => statuses().length === 5);
    assertEquals(statuses().slice(3), [400, 400]);
    assertEquals(server.log.filter(({ level }) => level === "error"), []);
    const figures = await (await fetch(`${server.url}/metrics`)).text();
    assertEquals(figures.includes('status="5'), false);
  } finally {
    const { code } = await server.stop();
    assertEquals([code, server.stderr()], [0, ""]);
  }
});
