/**
 * Pages in a browser that must not complain.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { launchBrowser } from "../chromium.ts";

/**
 * Opens pages in a browser, which is to have nothing to complain of.
 *
 * @param test What to do with a function that opens an address.
 */
export async function inBrowser(
  test: (open: (url: string) => Promise<Page>) => Promise<void>,
): Promise<void> {
  const browser = await launchBrowser();
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
