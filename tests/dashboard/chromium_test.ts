import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { useWebGpu } from "../../src/backend.ts";
import { auditDataset, drawnFaces } from "../../src/data.ts";
import { type Dashboard, type DashboardOptions, serveDashboard } from "../../src/dashboard.ts";
import { buildFerCnn } from "../../src/model.ts";
import { type EpochLine, RunDirectory, Trainer, type TrainingConfig } from "../../src/train.ts";
import { backgroundOf, hasBrowser } from "../chromium.ts";
import { inBrowser } from "./browser.ts";
import { allAngry, BEGIN, epochLine, progressAt } from "./made_up.ts";

/** Runs a browser test where there is one; playwright leaves timers behind. */
function browserTest(name: string, fn: () => Promise<void>): void {
  const ignore = !hasBrowser;
  Deno.test({
    name: `${name} (chromium)`,
    ignore,
    fn,
    sanitizeOps: false,
    sanitizeResources: false,
  });
}

const text = (page: Page, selector: string) => page.locator(selector).innerText();

async function waitForText(page: Page, selector: string, expected: string): Promise<void> {
  await page.locator(selector).filter({ hasText: expected }).waitFor();
}

/** A made-up training two epochs old, open in a browser. */
async function withMadeUp(
  test: (page: Page, dashboard: Dashboard) => Promise<void>,
  options: DashboardOptions = {},
): Promise<void> {
  await inBrowser(async (open) => {
    await using dashboard = serveDashboard({ port: 0, ...options });
    await dashboard.onTrainBegin?.(BEGIN);
    for (const epoch of [1, 2]) {
      await dashboard.onProgress?.(progressAt(10 * epoch));
      await dashboard.onEpochEnd?.(epochLine(epoch), allAngry());
    }
    const page = await open(dashboard.url);
    await waitForText(page, "#accuracy", "30.0%");
    await test(page, dashboard);
  });
}

browserTest(
  "the dashboard shows a training's figures, also when loaded anew and resumed",
  async () => {
    const gpu = await useWebGpu();
    const folder = await Deno.makeTempDir();
    const faces = drawnFaces(70, 7);
    const [training, validation] = [faces.split("Training"), faces.split("PublicTest")];
    const train = async (dashboard: Dashboard, config: Partial<TrainingConfig>) => {
      const resume = await Deno.stat(`${folder}/config.json`).then(() => true, () => false);
      const runDirectory = await RunDirectory.open(folder, { resume });
      const model = buildFerCnn({ filters: [2, 2, 4], hidden: 8, seed: 3 });
      const callbacks = [dashboard];
      try {
        const trainer = new Trainer(model, config, { gpu, runDirectory, callbacks });
        return await trainer.fit(training, validation);
      } finally {
        runDirectory.close();
        model.dispose();
      }
    };
    const config = { epochs: 3, batchSize: 16, workers: 0, maxSteps: 8, patience: 0 };
    const options = { port: 0, runDirectory: folder, audit: auditDataset(faces) };
    const check = async (page: Page, history: readonly EpochLine[], status: string) => {
      const last = history[history.length - 1];
      await waitForText(page, "#status", status);
      const percent = (value: number) => `${(100 * value).toFixed(1)}%`;
      assertEquals(await text(page, "#accuracy"), percent(last.valAccuracy));
      assertEquals(await text(page, "#f1"), last.valMacroF1.toFixed(3));
      assertEquals(await text(page, "#loss"), last.trainLoss.toFixed(3));
      assertMatch(await text(page, "#speed"), /^[\d,]+$/);
      assertMatch(await text(page, "#memory"), /^[\d.,]+ [MG]B$/);
      assertMatch(await text(page, "#place"), /^Epoch \d of 3, batch \d of 4/);
      const counts = await page.locator(".hit b, .miss b").allInnerTexts();
      assertEquals(counts.length, 49);
      assertEquals(counts.map(Number).reduce((a, b) => a + b), validation.length);
      const hits = await page.locator(".hit b").allInnerTexts();
      assertEquals(
        hits.map(Number).reduce((a, b) => a + b) / validation.length,
        last.valAccuracy,
      );
      assertEquals(await page.locator("#faces-list li").count(), 7);
      const right = await page.locator("#faces-list li.right").count();
      assertEquals(right + await page.locator("#faces-list li.wrong").count(), 7);
      const widths = await page.locator("#faces-list img").evaluateAll((images) =>
        images.map((image) => (image as unknown as { naturalWidth: number }).naturalWidth)
      );
      assertEquals(widths, new Array(7).fill(48));
      assertEquals(await page.locator("#charts svg path").count(), 7);
      await page.locator("summary").click();
      const rows = page.locator("#figures tbody tr");
      assertEquals(await rows.count(), history.length);
      assertEquals(await rows.first().locator("td").nth(3).innerText(), percent(last.valAccuracy));
      assertMatch(await text(page, "[aria-labelledby=data]"), /duplicates have the same pixels/);
    };
    try {
      await inBrowser(async (open) => {
        await using dashboard = serveDashboard(options);
        const page = await open(dashboard.url);
        await waitForText(page, "#status", "Preparing");
        const { history } = await train(dashboard, config);
        assertEquals(history.length, 2);
        await check(page, history, "Ended: the limit of steps is reached");
        await page.reload();
        await check(page, history, "Ended: the limit of steps is reached");
      });
      await inBrowser(async (open) => {
        await using dashboard = serveDashboard(options);
        const page = await open(dashboard.url);
        const { history } = await train(dashboard, { ...config, maxSteps: 0 });
        assertEquals(history.length, 3);
        await check(page, history, "Ended: the last epoch is done");
        assertMatch(await text(page, "#place"), /went on at step 8$/);
      });
    } finally {
      gpu.dispose();
      await Deno.remove(folder, { recursive: true });
    }
  },
);

browserTest(
  "the dashboard's charts are read with the arrow keys",
  () =>
    withMadeUp(async (page) => {
      const chart = page.locator("#charts figure").first();
      assertMatch(
        await chart.locator("svg").getAttribute("aria-label") ?? "",
        /^Loss: validation from 1\.800 to 1\.700; training 1\.500\./,
      );
      assertEquals(await chart.locator(".key.first b").innerText(), "1.700");
      await chart.locator("svg").focus();
      await page.keyboard.press("Home");
      assertEquals(await chart.locator(".key.first b").innerText(), "1.800");
      assertMatch(await chart.locator("[aria-live]").innerText(), /^epoch 1: validation 1\.800/);
      await page.keyboard.press("Escape");
      assertEquals(await chart.locator(".key.first b").innerText(), "1.700");
    }),
);

browserTest(
  "the dashboard follows what changes and says when it is over",
  () =>
    withMadeUp(async (page, dashboard) => {
      assertEquals(await text(page, "#status"), "Training");
      assertMatch(await page.title(), /^50%, epoch 2 – /);
      await dashboard.onEpochEnd?.(epochLine(3), allAngry());
      await waitForText(page, "#accuracy", "40.0%");
      await dashboard.close();
      await waitForText(page, "#status", "Ended early: its terminal says why");
      assertEquals(await text(page, "#accuracy"), "40.0%");
    }),
);

browserTest(
  "the dashboard comes in light and dark, and fits a phone",
  () =>
    withMadeUp(async (page) => {
      await page.emulateMedia({ colorScheme: "light" });
      const light = await backgroundOf(page);
      await page.emulateMedia({ colorScheme: "dark" });
      assertNotEquals(await backgroundOf(page), light);
      await page.setViewportSize({ width: 360, height: 640 });
      const [width, room] = await page.locator("html").evaluate((html) => {
        const { scrollWidth, clientWidth } = html as unknown as Record<string, number>;
        return [scrollWidth, clientWidth];
      });
      assert(width <= room, `${width} > ${room}`);
    }),
);
