/**
 * Debian's Chromium, where it is installed.
 *
 * @module
 */
import type { Browser, Page } from "playwright-core";

const EXECUTABLE = "/usr/bin/chromium";

/** Whether there is a browser. */
export const hasBrowser = await Deno.stat(EXECUTABLE).then(() => true, () => false);

/** Playwright, kept from looking at places that no permission but `--allow-all` opens. */
async function loadPlaywright(): Promise<typeof import("playwright-core")> {
  Deno.env.set("__IS_WSL_TEST__", "1");
  try {
    return await import("playwright-core");
  } finally {
    Deno.env.delete("__IS_WSL_TEST__");
  }
}

/**
 * Starts the browser.
 *
 * @param flags More flags for it.
 */
export async function launchBrowser(flags: readonly string[] = []): Promise<Browser> {
  const { chromium } = await loadPlaywright();
  return await chromium.launch({
    executablePath: EXECUTABLE,
    args: ["--no-sandbox", ...flags],
  });
}

/**
 * The colour behind a page's text.
 *
 * @param page The page.
 * @returns As CSS computes it.
 */
export function backgroundOf(page: Page): Promise<string> {
  return page.locator("body").evaluate((body) => {
    const view = globalThis as unknown as {
      getComputedStyle(element: unknown): { backgroundColor: string };
    };
    return view.getComputedStyle(body).backgroundColor;
  });
}
