/**
 * What the page's server answers, and whom.
 *
 * @module
 */
import type { Resource } from "./build.ts";

/** Only what comes from this address runs, is loaded or is connected to: nothing can leave. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types worker",
].join("; ");

const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY,
  "permissions-policy": "camera=(self), microphone=(), geolocation=(), display-capture=()",
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** The names under which a browser on this machine knows it. */
const LOCAL_NAMES = ["127.0.0.1", "localhost", "[::1]"];

/** Foreign sites whose names were made to point here (DNS rebinding) are told by their names. */
function isLocal(request: Request): boolean {
  const name = request.headers.get("host")?.replace(/:\d*$/, "").toLowerCase();
  return name !== undefined && LOCAL_NAMES.includes(name);
}

function plain(status: number, text: string, more: Record<string, string> = {}): Response {
  const headers = { ...HEADERS, ...more, "content-type": "text/plain; charset=utf-8" };
  return new Response(`${text}\n`, { status, headers });
}

/**
 * Answers a request.
 *
 * @param request The request.
 * @param files What there is, by path.
 * @returns The file, or why there is none.
 */
export function answer(request: Request, files: ReadonlyMap<string, Resource>): Response {
  if (!isLocal(request)) {
    return plain(403, "This page answers to the names localhost and 127.0.0.1 only");
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return plain(405, "Only GET and HEAD are answered", { allow: "GET, HEAD" });
  }
  const file = files.get(new URL(request.url).pathname);
  if (!file) return plain(404, "There is no such file");
  const headers = {
    ...HEADERS,
    "content-type": file.type,
    "content-length": String(file.body.length),
  };
  return new Response(request.method === "HEAD" ? null : file.body, { headers });
}
