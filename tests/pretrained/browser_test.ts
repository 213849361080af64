import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { copyPackage, programFolder, programOf, tinyWeights } from "./tiny_package.ts";

const EXECUTABLE = "/usr/bin/chromium";

async function bundle(folder: string): Promise<string> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform=browser", "-o", "bundle.js", "main.ts"],
    cwd: folder,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  return success ? "" : new TextDecoder().decode(stderr);
}

/** Whether there is a browser, and deno's bundler or a network to get it from. */
async function canRun(): Promise<boolean> {
  if (!await Deno.stat(EXECUTABLE).then(() => true, () => false)) return false;
  const folder = await programFolder();
  try {
    await Deno.writeTextFile(`${folder}/main.ts`, "export const nothing = 0;\n");
    return await bundle(folder) === "";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Opens a page in a browser of its own until the page has reported. */
async function open(url: string, profile: string, report: Promise<string>): Promise<string> {
  const args = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`, url];
  const browser = new Deno.Command(EXECUTABLE, { args, stdout: "null", stderr: "null" }).spawn();
  const timer = setTimeout(() => browser.kill(), 30_000);
  try {
    return await Promise.race([report, browser.status.then(() => "the browser ended")]);
  } finally {
    clearTimeout(timer);
    try {
      browser.kill();
    } catch { /* It has ended. */ }
    await browser.status;
  }
}

const NAME = "loadPretrained() works in a browser bundle, and fetches the weights once (chromium)";

Deno.test({ name: NAME, ignore: !await canRun() }, async () => {
  tf.env().set("PROD", true);
  await tf.setBackend("cpu");
  const weights = await tinyWeights();
  const folder = await programFolder();
  let reported = Promise.withResolvers<string>();
  let loads = 0;
  const html = { headers: { "content-type": "text/html" } };
  const script = { headers: { "content-type": "text/javascript" } };
  const page = `<script>
    globalThis.report = (body) => fetch("/report", { method: "POST", body });
    addEventListener("error", (event) => report(event.message));
    addEventListener("unhandledrejection", (event) => report(String(event.reason)));
  </script><script type="module" src="/app/bundle.js"></script>`;
  const app = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    switch (new URL(request.url).pathname) {
      case "/":
        return new Response(page, html);
      case "/report":
        reported.resolve(await request.text());
        return new Response();
      case "/app/bundle.js":
        return new Response(await Deno.readTextFile(`${folder}/bundle.js`), script);
      case "/app/pretrained/fernet.safetensors":
        loads++;
        return new Response(weights.bytes as Uint8Array<ArrayBuffer>);
      default:
        return new Response(null, { status: 404 });
    }
  });
  try {
    await copyPackage(weights, folder);
    const program = programOf("./mod.ts", "globalThis.report(result)");
    await Deno.writeTextFile(`${folder}/main.ts`, program);
    assertEquals(await bundle(folder), "");
    for (let visit = 0; visit < 2; visit++) {
      reported = Promise.withResolvers();
      const url = `http://127.0.0.1:${app.addr.port}/`;
      assertEquals(await open(url, `${folder}/profile`, reported.promise), '["drawn",7]');
      assertEquals(loads, 1);
    }
  } finally {
    await app.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
});
