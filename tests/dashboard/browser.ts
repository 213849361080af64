/**
 * Debian's Chromium, where it is installed.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";

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
 * Opens pages in a browser, which is to have nothing to complain of.
 *
 * @param test What to do with a function that opens an address.
 */
export async function inBrowser(
  test: (open: (url: string) => Promise<Page>) => Promise<void>,
): Promise<void> {
  const { chromium } = await loadPlaywright();
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: ["--no-sandbox"] });
  const complaints: string[] = [];
  try {
    await test(async (url) => {
      const page = await browser.newPage();
      page.on("console", (message) => complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(String(error)));
      await page.goto(url);
      return page;
    });
  } finally {
    await browser.close();
  }
  assertEquals(complaints, []);
}
