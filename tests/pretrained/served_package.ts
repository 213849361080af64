/**
 * The package as a registry serves it: its published files over HTTP, bare imports resolved.
 *
 * @module
 */
import manifest from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);

/** Where the package lies on the server. */
export const BASE = `/${manifest.name}/${manifest.version}`;

/** A running server. */
export interface ServedPackage {
  /** The address of the package's folder, without a slash at its end. */
  readonly url: string;
  /** The paths that were asked for, in this order, without the package's folder. */
  readonly requests: readonly string[];
  /** Stops it. */
  close(): Promise<void>;
}

/** Whether a file is published. */
function isPublished(path: string): boolean {
  return manifest.publish.include.some((entry) =>
    entry.endsWith("/") ? path.startsWith(entry) : path === entry
  );
}

/** A module with its bare imports written out, as publishing does. */
function writeOut(code: string): string {
  return code.replace(/((?:from|import\(|import)\s*")([^"]+)"/g, (whole, before, name: string) => {
    for (const [key, target] of Object.entries(manifest.imports)) {
      if (name === key) return `${before}${target}"`;
      if (name.startsWith(`${key}/`)) return `${before}${target}${name.slice(key.length)}"`;
    }
    return whole;
  });
}

/**
 * Serves the package on 127.0.0.1.
 *
 * @param files Files to serve instead of, or besides, those of the package.
 * @returns The server.
 */
export function servePackage(files: ReadonlyMap<string, string | Uint8Array>): ServedPackage {
  const requests: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const path = pathname.slice(BASE.length + 1);
    requests.push(path);
    const own = files.get(path);
    if (own instanceof Uint8Array) return new Response(own as Uint8Array<ArrayBuffer>);
    if (own === undefined && !isPublished(path)) return new Response(null, { status: 404 });
    try {
      if (own === undefined && !path.endsWith(".ts")) {
        return new Response(await Deno.readFile(new URL(path, ROOT)));
      }
      const text = own ?? await Deno.readTextFile(new URL(path, ROOT));
      const headers = { "content-type": "application/typescript; charset=utf-8" };
      return new Response(path.endsWith(".ts") ? writeOut(text) : text, { headers });
    } catch {
      return new Response(null, { status: 404 });
    }
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}${BASE}`,
    requests,
    close: () => server.shutdown(),
  };
}
