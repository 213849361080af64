/**
 * The socket: connections, how long they may take, and what is said to those that garble HTTP.
 *
 * @module
 */
import { getRequestListener } from "@hono/node-server";
import { lookup } from "node:dns/promises";
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import { isIP, isIPv6 } from "node:net";
import type { Duplex } from "node:stream";
import type { ServerOptions } from "./options.ts";

/** What a connection tells the routes, besides the request. */
export interface Connection {
  /** Whether what came over it was no HTTP in the end; else a client that breaks off has gone. */
  readonly isGarbled?: () => boolean;
}

/** A server that listens. */
export interface Listener {
  /** The address. */
  readonly hostname: string;
  /** The port. */
  readonly port: number;
  /** Takes no more connections, and resolves when what was accepted is answered. */
  shutdown(): Promise<void>;
}

/** Milliseconds that a connection stays for another request: proxies keep theirs for a minute. */
const KEEP_ALIVE = 65_000;

/** The share of the time limit after which connections are looked at again, in milliseconds. */
const CHECKS = { share: 0.1, least: 50, most: 2000 } as const;

/**
 * Answers by hand what never became a request, and closes its connection. Where headers did not come
 * in time it closes without a word, as nginx does.
 */
function turnAway(socket: Duplex, code: string): void {
  if (!code.startsWith("HPE_") || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, error] = code === "HPE_HEADER_OVERFLOW"
    ? [431, "The request's headers are too long"]
    : [400, "Cannot read the request: it is not sent as HTTP has it"];
  const body = JSON.stringify({ error });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    // Whoever does not close the other half would keep the connection.
    () => socket.destroy(),
  );
}

async function isAllowed(host: string, port: number): Promise<boolean> {
  const name = isIPv6(host) ? `[${host}]` : host;
  return (await Deno.permissions.query({ name: "net", host: `${name}:${port}` })).state ===
    "granted";
}

/** Refuses what Deno's `node:http` would refuse where nobody can catch it. */
async function checkPermission(host: string, port: number): Promise<void> {
  const needed = [host];
  let isFitting = await isAllowed(host, port);
  if (isFitting && isIP(host) === 0) {
    const address = await lookup(host).then((found) => found.address, (error) => {
      if (error.code === "EPERM") return null;
      throw error;
    });
    if (address !== null) needed.push(address);
    isFitting = address !== null && await isAllowed(address, port);
  }
  if (isFitting) return;
  throw new Deno.errors.NotCapable(
    `it needs the permission --allow-net=${needed}; examples/server/README.md shows how`,
  );
}

async function open(server: Server, host: string, port: number): Promise<void> {
  await checkPermission(host, port);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "EADDRINUSE" ? "another program listens there" : message;
}

/**
 * Listens on Node's server, which closes connections whose headers do not end; Deno's own waits for
 * ever.
 *
 * @param options Where, and how long headers may take: as long as an answer.
 * @param answer The routes.
 * @returns The server, once it listens.
 * @throws When it cannot listen there.
 */
export async function listen(
  { host, port, timeout, maxConnections }: ServerOptions,
  answer: (request: Request, connection: Connection) => Response | Promise<Response>,
): Promise<Listener> {
  const garbled = new WeakSet<Duplex>();
  const limit = 1000 * timeout;
  const listener = getRequestListener((request, { incoming }) => {
    const { socket } = incoming as IncomingMessage;
    return answer(request, { isGarbled: () => garbled.has(socket) });
  }, {
    overrideGlobalObjects: false,
    errorHandler: (error) =>
      Response.json({ error: `Cannot read the request: ${(error as Error).message}` }, {
        status: 400,
      }),
  });
  const server = createServer({
    headersTimeout: limit,
    // The routes give a body as long again.
    requestTimeout: 3 * limit,
    connectionsCheckingInterval: Math.min(
      Math.max(CHECKS.share * limit, CHECKS.least),
      CHECKS.most,
    ),
    keepAliveTimeout: KEEP_ALIVE,
  }, (incoming, outgoing) => void listener(incoming, outgoing));
  server.maxConnections = maxConnections;
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const { code = "" } = error;
    if (code.startsWith("HPE_")) garbled.add(socket);
    turnAway(socket, code);
  });
  try {
    await open(server, host, port);
  } catch (error) {
    throw new Error(`Cannot listen on ${host}, port ${port}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new TypeError(`Cannot tell the port of ${address}`);
  }
  return {
    hostname: address.address,
    port: address.port,
    shutdown: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}
