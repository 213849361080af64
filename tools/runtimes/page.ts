/**
 * The built page in Chromium.
 *
 * @module
 */
import { launchBrowser } from "../../tests/chromium.ts";
import type { Result } from "./compare.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html",
  js: "text/javascript",
  wasm: "application/wasm",
};

/** Gives a folder's files. */
async function answer(folder: string, url: string): Promise<Response> {
  const { pathname } = new URL(url);
  const path = pathname === "/" ? "/index.html" : pathname;
  try {
    const type = TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "application/octet-stream";
    return new Response(await Deno.readFile(folder + path), { headers: { "content-type": type } });
  } catch {
    return new Response(null, { status: path === "/favicon.ico" ? 204 : 404 });
  }
}

/**
 * Opens a page and waits for what it answers.
 *
 * @param folder The built page's folder.
 * @throws {Error} When it fails, or complains in the console.
 */
export async function runPage(folder: string): Promise<Result> {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    ({ url }) => answer(folder, url),
  );
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`http://127.0.0.1:${server.addr.port}/`);
    const body = page.locator("body[data-result]");
    await body.waitFor({ state: "attached", timeout: 120_000 }).catch(() => {
      throw new Error(`it did not answer in two minutes: ${complaints.join("; ")}`);
    });
    const result: Result = JSON.parse(await body.getAttribute("data-result") ?? "{}");
    if ("failed" in result) throw new Error(String(result.failed));
    if (complaints.length > 0) throw new Error(`it wrote to the console: ${complaints.join("; ")}`);
    return result;
  } finally {
    await browser.close();
    await server.shutdown();
  }
}
