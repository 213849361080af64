/**
 * The dashboard's address: a port of this machine that no other machine can reach.
 *
 * @module
 */

/** Thrown when the dashboard cannot be served, for instance because its port is taken. */
export class DashboardError extends Error {
  /** The class's name. */
  override readonly name = "DashboardError";
}

/** The address that only this machine can reach. */
const HOSTNAME = "127.0.0.1";
/** The first port that is tried: faces are 48x48. */
const FIRST_PORT = 4848;
/** Ports that are tried before the system chooses. */
const TRIED_PORTS = 10;

function refusal(port: number, cause: unknown): DashboardError {
  const reason = cause instanceof Deno.errors.AddrInUse
    ? "another program listens on it. Name another port, or none to have a free one found"
    : cause instanceof Deno.errors.NotCapable
    ? `it needs the permission --allow-net=${HOSTNAME}`
    : (cause as Error).message;
  return new DashboardError(`Cannot serve the dashboard on port ${port}: ${reason}`, { cause });
}

function listenOn(port: number, handler: Deno.ServeHandler): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({
    hostname: HOSTNAME,
    port,
    // By default Deno prints both the address and what goes wrong.
    onListen: () => {},
    onError: () => new Response("The dashboard failed\n", { status: 500 }),
  }, handler);
}

/**
 * Serves on 127.0.0.1.
 *
 * @param port The port, 0 for any; when left out, the first free one of a few, or else any.
 * @param handler What answers.
 * @returns The server.
 * @throws {DashboardError} When the port is taken or may not be used.
 * @throws {RangeError} When there is no such port.
 */
export function listen(
  port: number | undefined,
  handler: Deno.ServeHandler,
): Deno.HttpServer<Deno.NetAddr> {
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65535)) {
    throw new RangeError(
      `Cannot serve the dashboard on port ${port}: expected an integer from 0 to 65535`,
    );
  }
  const ports = port !== undefined
    ? [port]
    : [...Array.from({ length: TRIED_PORTS }, (_, i) => FIRST_PORT + i), 0];
  for (const each of ports) {
    try {
      return listenOn(each, handler);
    } catch (error) {
      const isLast = each === ports.at(-1);
      if (isLast || !(error instanceof Deno.errors.AddrInUse)) throw refusal(each, error);
    }
  }
  throw new DashboardError("Cannot serve the dashboard: there is no port");
}

/**
 * Ends a server; a page that no longer reads what it is sent is not waited for.
 *
 * @param server The server.
 * @param grace Milliseconds in which answers under way may end.
 */
export async function stopListening(server: Deno.HttpServer, grace = 500): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, grace);
  await Promise.race([server.shutdown(), promise]);
  clearTimeout(timer);
}
