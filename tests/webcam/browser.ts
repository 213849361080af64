/**
 * The page in Debian's Chromium, where it is installed; its camera plays a clip.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { BrowserContextOptions, Page } from "playwright-core";
import { launchBrowser } from "../chromium.ts";

/** Milliseconds that anything may take: the machine may be slow and busy. */
export const PATIENCE = 120_000;

/** Chromium's WebGPU on the processor. */
export const SOFTWARE_WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** How a page is opened. */
export interface Visit {
  /** The clip that the camera plays; no camera when left out. */
  readonly clip?: string;
  /** More flags for the browser. */
  readonly flags?: readonly string[];
  /** What the browser emulates, grants and so on. */
  readonly context?: BrowserContextOptions;
  /** What runs in the page before the page's own programs. */
  readonly init?: () => void;
  /** Complaints in the console that are expected. */
  readonly expected?: RegExp;
}

/**
 * Opens a page in a browser of its own. Afterwards there must be nothing in the console, and no
 * request to any other address.
 *
 * @param url The page.
 * @param visit Camera, flags, permissions.
 * @param test What to do there.
 */
export async function visit(
  url: string,
  { clip, flags = [], context = {}, init, expected }: Visit,
  test: (page: Page) => Promise<void>,
): Promise<void> {
  const camera = clip
    ? ["--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${clip}`]
    : [];
  const browser = await launchBrowser([...camera, ...flags]);
  const complaints: string[] = [];
  const elsewhere: string[] = [];
  const complain = (text: string) => {
    if (!expected?.test(text)) complaints.push(text);
  };
  const { origin } = new URL(url);
  try {
    const page = await (await browser.newContext(context)).newPage();
    page.setDefaultTimeout(PATIENCE);
    if (init) await page.addInitScript(init);
    page.on("console", (message) => complain(message.text()));
    page.on("pageerror", (error) => complain(String(error)));
    const hear = (from: string) => {
      const isOurs = from.startsWith(`${origin}/`) || from.startsWith(`blob:${origin}/`);
      if (!isOurs && !expected?.test(from)) elsewhere.push(from);
    };
    page.on("worker", (worker) => hear(worker.url()));
    // A context hears of its workers' requests too.
    page.context().on("request", (request) => hear(request.url()));
    await page.goto(url);
    await test(page);
  } finally {
    await browser.close();
  }
  assertEquals({ complaints, elsewhere }, { complaints: [], elsewhere: [] });
}
