/**
 * What the dashboard answers, and whom.
 *
 * @module
 */

/** What is served under one path. */
export interface Resource {
  /** Its media type. */
  readonly type: string;
  /** Its content. */
  readonly body: () => string | ReadableStream<Uint8Array>;
}

/**
 * Only what comes from the dashboard itself runs or is loaded; nothing is kept, framed, or given to
 * other sites.
 */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** The names under which a browser on this machine knows it. */
const LOCAL_NAMES = ["127.0.0.1", "localhost", "[::1]"];

/**
 * Whether a request was meant for this machine. A foreign site whose name was made to point here
 * (DNS rebinding) is told by its name; the port may be another one, of a tunnel.
 */
function isLocal(request: Request): boolean {
  const name = request.headers.get("host")?.replace(/:\d*$/, "").toLowerCase();
  return name !== undefined && LOCAL_NAMES.includes(name);
}

function plain(status: number, text: string, headers: Record<string, string> = {}): Response {
  const type = "text/plain; charset=utf-8";
  return new Response(`${text}\n`, {
    status,
    headers: { ...HEADERS, ...headers, "content-type": type },
  });
}

/**
 * Answers a request.
 *
 * @param request The request.
 * @param resources What there is, by path.
 * @returns The resource, or why there is none.
 */
export function answer(
  request: Request,
  resources: Readonly<Record<string, Resource>>,
): Response {
  if (!isLocal(request)) {
    return plain(403, "The dashboard answers to the names localhost and 127.0.0.1 only");
  }
  const { method } = request;
  if (method !== "GET" && method !== "HEAD") {
    return plain(405, "The dashboard can be read only", { allow: "GET, HEAD" });
  }
  const { pathname } = new URL(request.url);
  if (!Object.hasOwn(resources, pathname)) return plain(404, "There is no such page");
  const { type, body } = resources[pathname];
  return new Response(method === "HEAD" ? null : body(), {
    headers: { ...HEADERS, "content-type": type },
  });
}
