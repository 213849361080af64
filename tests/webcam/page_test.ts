import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertNotEquals,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Page } from "playwright-core";
import { buildFerCnn, decodeImage, encodeModel, loadModel } from "../../mod.ts";
import { FerRecognizer, type RecognizedFace } from "../../src/recognizer.ts";
import { backgroundOf, hasBrowser } from "../chromium.ts";
import { PATIENCE, SOFTWARE_WEBGPU, visit } from "./browser.ts";
import { movingFace, pictureFile, type Scene } from "./clip.ts";
import { type Served, startTask } from "./task.ts";

/** Two faces side by side. */
const TWO: Scene = {
  width: 800,
  height: 400,
  faces: [{ index: 4, x: 80, y: 90 }, { index: 8, x: 460, y: 60 }],
};
const CAMERA = { permissions: ["camera"] };
/** Chromium's own remark on a software adapter. */
const ON_SOFTWARE = /powerPreference|software|fallback/i;

/** Parts of the browser's world that a function in the page uses. */
interface PageElement {
  getAttribute(name: string): string | null;
  readonly style: Record<string, string>;
  readonly scrollWidth: number;
  readonly clientWidth: number;
}

let folder = "";
let served: Served;
let model: Uint8Array;

/** A tiny network that is sure of what it says. */
async function tinyModel(): Promise<Uint8Array> {
  const network = buildFerCnn({ filters: [4, 6, 8], hidden: 16, seed: 3 });
  const last = network.layers[network.layers.length - 1];
  const [kernel, bias] = last.getWeights();
  last.setWeights([tf.mul(kernel, 40), bias]);
  const bytes = await encodeModel(network);
  network.dispose();
  return bytes;
}

/** What the library says of a picture, on tfjs's slow and simple backend. */
async function expectedFaces(picture: Uint8Array): Promise<RecognizedFace[]> {
  await tf.setBackend("cpu");
  const loaded = await loadModel(model);
  using recognizer = await FerRecognizer.load({ model: loaded });
  const faces = await recognizer.recognize(await decodeImage(picture), { anyQuality: true });
  loaded.model.dispose();
  return faces;
}

Deno.test.beforeAll(async () => {
  if (!hasBrowser) return;
  await tf.setBackend("cpu");
  folder = await Deno.makeTempDir({ prefix: "fer-webcam-" });
  model = await tinyModel();
  await Deno.writeFile(`${folder}/model.safetensors`, model);
  await Deno.writeFile(`${folder}/clip.y4m`, movingFace());
  served = await startTask(["--model", `${folder}/model.safetensors`]);
});

Deno.test.afterAll(async () => {
  await served?.[Symbol.asyncDispose]();
  if (folder) await Deno.remove(folder, { recursive: true });
});

/** A test that needs the browser. */
function browserTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `${name} (chromium)`, ignore: !hasBrowser, fn });
}

const text = async (page: Page, selector: string): Promise<string> =>
  (await page.locator(selector).first().innerText()).trim();

async function waitForText(page: Page, selector: string, pattern: RegExp): Promise<void> {
  await page.waitForFunction(
    ([selector, source]) => {
      const { document } = globalThis as unknown as {
        document: { querySelector(s: string): { textContent: string } | null };
      };
      return new RegExp(source).test(document.querySelector(selector)?.textContent ?? "");
    },
    [selector, pattern.source] as const,
    { timeout: PATIENCE },
  );
}

/** Drops a file onto the page as people do. */
async function drop(page: Page, name: string, type: string, bytes: Uint8Array): Promise<void> {
  const transfer = await page.evaluateHandle(([name, type, bytes]) => {
    const { DataTransfer, File } = globalThis as unknown as {
      DataTransfer: new () => { items: { add(file: File): void } };
      File: typeof globalThis.File;
    };
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(bytes)], name, { type }));
    return transfer;
  }, [name, type, [...bytes]] as const);
  await page.dispatchEvent("#stage", "drop", { dataTransfer: transfer });
}

/** What the cards say: each face's shares in percent, by expression. */
async function shares(page: Page): Promise<Record<string, number>[]> {
  const cards = page.locator("#faces .face");
  return await Promise.all(
    Array.from({ length: await cards.count() }, async (_, i) => {
      const rows = cards.nth(i).locator(".row");
      const labels = await rows.locator(".label").allInnerTexts();
      const values = await rows.locator(".value").allInnerTexts();
      return Object.fromEntries(labels.map((label, k) => [label, Number.parseFloat(values[k])]));
    }),
  );
}

/** Compares what the page shows of the two faces with what the library says of them. */
async function compare(page: Page, faces: readonly RecognizedFace[]): Promise<void> {
  assertEquals(faces.length, 2);
  await page.locator("#stage[data-faces='2']").waitFor();
  const found = await shares(page);
  const boxes = await page.locator(".box").evaluateAll((boxes) =>
    boxes.map((box) => {
      const { left, width } = (box as unknown as PageElement).style;
      return [left, width].map(Number.parseFloat);
    })
  );
  faces.forEach(({ box, probabilities }, i) => {
    assertAlmostEquals(boxes[i][0], 100 * box.x / TWO.width, 0.5);
    assertAlmostEquals(boxes[i][1], 100 * box.width / TWO.width, 0.5);
    for (const { label, probability } of probabilities ?? []) {
      // Half a percent by rounding, the rest by another order of sums.
      assertAlmostEquals(found[i][label], 100 * probability, 1.5);
    }
  });
}

browserTest(
  "the page follows a face before the camera, and says how fast",
  () =>
    visit(served.url, { clip: `${folder}/clip.y4m`, context: CAMERA }, async (page) => {
      await waitForText(page, "#engine", /^WebAssembly/);
      assertMatch(await text(page, "#info"), /fewer a second: (this browser|WebGPU found)/);
      await page.click("#camera");
      await page.locator(".box").waitFor({ state: "attached" });
      assertMatch(await text(page, ".tag"), /^[a-z]+\s*\d+ %$/);
      const [face] = await shares(page);
      assertEquals(Object.keys(face).length, 7);
      const sum = Object.values(face).reduce((a, b) => a + b);
      assert(sum >= 96 && sum <= 104, `${sum}`);
      assertEquals(await page.locator(".bars").first().locator("i").count(), 7);

      const left = () =>
        page.locator(".box").first().evaluate((box) => (box as unknown as PageElement).style.left);
      const before = await left();
      while (await left() === before) await page.waitForTimeout(100);

      await waitForText(page, "#rate", /^[\d.]+$/);
      assertMatch(await text(page, "#latency"), /^\d+ ms$/);
      await waitForText(page, "#past-reading", /^On average: [a-z]+ \d+ %/);
      const band = page.locator("#bands path").nth(3);
      assertMatch(await band.getAttribute("d") ?? "", /^M[\d.]+ [\d.]+L/);
      assertMatch(await text(page, "#spoken"), /^Face 1: [a-z]+, \d+ %\.$/);

      await page.click("#pause");
      await waitForText(page, "#pause", /^Go on$/);
      await page.click("#camera");
      assertEquals(await text(page, "#camera"), "Turn on camera");
      assertEquals(await page.locator(".box").count(), 0);
      assert(await page.locator("#welcome").isVisible());
      const isOn = await page.locator("#video").evaluate((video) =>
        (video as unknown as { srcObject: unknown }).srcObject !== null
      );
      assertEquals(isOn, false);
    }),
);

browserTest(
  "the page says of a dropped picture what the library says, and where it looked",
  () =>
    visit(served.url, {}, async (page) => {
      const picture = await pictureFile(TWO);
      const faces = await expectedFaces(picture);
      await page.check("#any-quality");
      await page.check("#grad-cam");
      await drop(page, "two.png", "image/png", picture);
      await compare(page, faces);
      assert(await page.locator("#past").isHidden());
      assertMatch(
        await page.locator("#picture").getAttribute("aria-label") ?? "",
        /^two\.png\. Face 1: [a-z]+, \d+ %\. Face 2: [a-z]+, \d+ %\.$/,
      );
      assert((await mostHeat(page)).some((heat) => heat > 150));
      await page.uncheck("#grad-cam");
      await page.locator(".heat").first().waitFor({ state: "hidden" });
      await drop(page, "none.png", "image/png", await pictureFile({ ...TWO, faces: [] }));
      await page.locator("#stage[data-faces='0']").waitFor();
      assertMatch(await text(page, "#empty"), /^No face was found in this picture/);
    }),
);

/** The most opaque place of each face's map, from 0 to 255. */
async function mostHeat(page: Page): Promise<number[]> {
  return await page.locator(".heat").evaluateAll((canvases) =>
    canvases.map((each) => {
      const canvas = each as unknown as {
        width: number;
        getContext(kind: "2d"): {
          getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray };
        };
      };
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.width);
      return data.reduce((most, value, i) => i % 4 === 3 ? Math.max(most, value) : most, 0);
    })
  );
}

browserTest(
  "the page computes on WebGPU what the library says, and goes on when the GPU is lost",
  () =>
    visit(
      `${served.url}?backend=webgpu`,
      { flags: SOFTWARE_WEBGPU, expected: ON_SOFTWARE },
      async (page) => {
        const picture = await pictureFile(TWO);
        const faces = await expectedFaces(picture);
        await waitForText(page, "#engine", /^WebGPU/);
        await page.check("#any-quality");
        await drop(page, "two.png", "image/png", picture);
        await compare(page, faces);
        await page.check("#grad-cam");
        await page.locator(".heat:not([hidden])").first().waitFor({ state: "attached" });
        assert((await mostHeat(page)).some((heat) => heat > 150));

        const session = await page.context().browser()?.newBrowserCDPSession();
        await session?.send("Browser.crashGpuProcess");
        await waitForText(page, "#alert", /The graphics card was lost/);
        await waitForText(page, "#engine", /^WebAssembly/);
        await drop(page, "again.png", "image/png", picture);
        await compare(page, faces);
      },
    ),
);

browserTest(
  "the page prefers WebAssembly to a WebGPU that computes on the processor",
  () =>
    visit(served.url, { flags: SOFTWARE_WEBGPU, expected: ON_SOFTWARE }, async (page) => {
      await waitForText(page, "#engine", /^WebAssembly/);
      assertMatch(await text(page, "#info"), /only WebGPU adapter computes on the processor/);
    }),
);

browserTest(
  "the page plays a dropped video over and over",
  () =>
    visit(served.url, {}, async (page) => {
      await drop(page, "start.png", "image/png", await pictureFile(TWO));
      await page.locator("#stage[data-faces='2']").waitFor();
      // The browser films the picture: there is no encoder of video here.
      const film = await page.locator("#picture").evaluate(async (element) => {
        interface Recorder {
          ondataavailable: (event: { data: Blob }) => void;
          onstop: () => void;
          start(): void;
          stop(): void;
        }
        const canvas = element as unknown as {
          captureStream(rate: number): unknown;
          getContext(kind: "2d"): { drawImage(image: unknown, x: number, y: number): void };
        };
        const { MediaRecorder } = globalThis as unknown as {
          MediaRecorder: new (stream: unknown, options: { mimeType: string }) => Recorder;
        };
        const recorder = new MediaRecorder(canvas.captureStream(10), { mimeType: "video/webm" });
        const parts: Blob[] = [];
        recorder.ondataavailable = ({ data }) => parts.push(data);
        const ended = new Promise<void>((resolve) => recorder.onstop = resolve);
        recorder.start();
        for (let i = 0; i < 10; i++) {
          canvas.getContext("2d").drawImage(canvas, 0, 0);
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        recorder.stop();
        await ended;
        return [...new Uint8Array(await new Blob(parts).arrayBuffer())];
      });
      await drop(page, "film.webm", "video/webm", Uint8Array.from(film));
      await page.locator("#stage[data-source='video'][data-faces='2']").waitFor();
      assert(
        await page.locator("#video").evaluate((v) => (v as unknown as { loop: boolean }).loop),
      );
      await waitForText(page, "#past-reading", /^On average: [a-z]+ \d+ %/);

      const [one, two] = [page.locator(".choose").nth(0), page.locator(".choose").nth(1)];
      const chosen = await one.getAttribute("aria-pressed") === "true" ? one : two;
      const other = chosen === one ? two : one;
      await other.click();
      assertEquals(await other.getAttribute("aria-pressed"), "true");
      assertEquals(await chosen.getAttribute("aria-pressed"), "false");
    }),
);

browserTest("the page says that a file is no picture", () =>
  visit(served.url, {}, async (page) => {
    await drop(page, "notes.txt", "text/plain", new TextEncoder().encode("hello"));
    await waitForText(page, "#alert", /Cannot open notes\.txt \(text\/plain\)/);
    await page.getByRole("button", { name: "Close this message" }).first().click();
    await drop(page, "broken.webm", "video/webm", new Uint8Array(64));
    await waitForText(page, "#alert", /Cannot play broken\.webm/);
    assert(await page.locator("#welcome").isVisible());
  }));

/** As many phones have it: a second camera does not start while one is on; a third never does. */
function oneCameraAtATime(): void {
  interface Track {
    readonly readyState: string;
  }
  interface Wish {
    readonly video: { readonly deviceId?: { readonly exact: string } };
  }
  const { navigator: { mediaDevices } } = globalThis as unknown as {
    navigator: {
      mediaDevices: { getUserMedia(wish: Wish): Promise<{ getTracks(): readonly Track[] }> };
    };
  };
  const open = mediaDevices.getUserMedia.bind(mediaDevices);
  let tracks: readonly Track[] = [];
  mediaDevices.getUserMedia = async (wish) => {
    const isBusy = tracks.some(({ readyState }) => readyState === "live");
    const { broken } = globalThis as unknown as { broken?: string };
    if (isBusy || (broken !== undefined && wish.video.deviceId?.exact === broken)) {
      throw new DOMException("Could not start video source", "NotReadableError");
    }
    const stream = await open(wish);
    tracks = stream.getTracks();
    return stream;
  };
}

browserTest(
  "the page changes between cameras of which one may be on, and back when one fails",
  () => {
    const flags = [
      "--use-fake-device-for-media-stream=device-count=3",
      "--use-fake-ui-for-media-stream",
    ];
    return visit(served.url, { context: CAMERA, flags, init: oneCameraAtATime }, async (page) => {
      await page.click("#camera");
      await page.locator("#choice").waitFor();
      const camera = () =>
        page.evaluate(() => {
          const { document } = globalThis as unknown as {
            document: {
              querySelector(selector: "#video"): {
                srcObject: { getVideoTracks(): { label: string; readyState: string }[] } | null;
              };
              querySelector(selector: "#cameras"): { selectedOptions: { textContent: string }[] };
            };
          };
          const [track] = document.querySelector("#video").srcObject?.getVideoTracks() ?? [];
          const [option] = document.querySelector("#cameras").selectedOptions;
          return [track?.label, track?.readyState, option?.textContent];
        });
      const change = async (index: number): Promise<void> => {
        await page.selectOption("#cameras", { index });
        await page.locator("#cameras:enabled").waitFor();
      };
      const names = await page.locator("#cameras option").allTextContents();
      assertEquals(names.length, 3);
      await change(1);
      assertEquals(await camera(), [names[1], "live", names[1]]);
      assertEquals(await page.locator("#alert").isVisible(), false);

      const last = await page.locator("#cameras option").nth(2).getAttribute("value");
      await page.evaluate(
        (id) => void ((globalThis as { broken?: string }).broken = id),
        last ?? "",
      );
      await change(2);
      await waitForText(page, "#alert", /The camera does not start\./);
      assertEquals(await camera(), [names[1], "live", names[1]]);
    });
  },
);

browserTest(
  "the page says that there is no camera",
  () =>
    visit(served.url, { context: CAMERA }, async (page) => {
      await page.click("#camera");
      await waitForText(page, "#alert", /No camera was found\..*still open a picture/);
      assertEquals(await text(page, "#camera"), "Turn on camera");
    }),
);

browserTest("the page says that the camera was denied", () =>
  visit(
    served.url,
    { clip: `${folder}/clip.y4m`, flags: ["--deny-permission-prompts"] },
    async (page) => {
      await page.click("#camera");
      await waitForText(page, "#alert", /The camera was not allowed\./);
    },
  ));

browserTest(
  "the page says that it was not loaded securely",
  () =>
    visit(served.url, { expected: /fer\.example|Cross-Origin-Opener-Policy/ }, async (page) => {
      await page.context().route("http://fer.example/**", async (route) => {
        const url = route.request().url().replace("http://fer.example/", served.url);
        await route.fulfill({ response: await route.fetch({ url }) });
      });
      await page.goto("http://fer.example/");
      await waitForText(page, "#alert", /This page was not loaded securely\./);
      assertEquals(await text(page, "#engine"), "Nothing");
      await page.click("#camera");
      await waitForText(page, "#alert", /Browsers give the camera to secure pages only/);
    }),
);

browserTest(
  "the page may connect to no other address",
  () =>
    visit(
      served.url,
      { expected: /Content Security Policy|Refused|127\.0\.0\.1/ },
      async (page) => {
        let heard = 0;
        await using elsewhere = Deno.serve(
          { hostname: "127.0.0.1", port: 0, onListen() {} },
          () => {
            heard++;
            return new Response("", { headers: { "access-control-allow-origin": "*" } });
          },
        );
        const url = `http://127.0.0.1:${elsewhere.addr.port}/`;
        const blocked = await page.evaluate(async (url) => {
          const isRefused = await fetch(url, { method: "POST", body: "a frame" })
            .then(() => false, () => true);
          const { Image } = globalThis as unknown as {
            Image: new () => { src: string; onload(): void; onerror(): void };
          };
          const image = new Image();
          const isImageRefused = new Promise<boolean>((resolve) => {
            image.onload = () => resolve(false);
            image.onerror = () => resolve(true);
          });
          image.src = url;
          return [isRefused, await isImageRefused];
        }, url);
        assertEquals(blocked, [true, true]);
        assertEquals(heard, 0);
      },
    ),
);

browserTest(
  "the page is worked with the keyboard alone",
  () =>
    visit(served.url, { clip: `${folder}/clip.y4m`, context: CAMERA }, async (page) => {
      const focused = () =>
        page.evaluate(() => {
          const { document } = globalThis as unknown as {
            document: { activeElement: { id: string; className: string; name?: string } | null };
          };
          const { id, className, name } = document.activeElement ?? { id: "", className: "" };
          return id || name || className;
        });
      const tab = async () => {
        await page.keyboard.press("Tab");
        return await focused();
      };
      await waitForText(page, "#engine", /^WebAssembly/);
      const order = [];
      for (let i = 0; i < 8; i++) order.push(await tab());
      assertEquals(
        order,
        ["skip", "theme", "close", "camera", "open", "grad-cam", "any-quality", "chart"],
      );
      await page.focus("#camera");
      await page.keyboard.press("Enter");
      await page.locator(".box").waitFor({ state: "attached" });
      await page.focus("#grad-cam");
      await page.keyboard.press("Space");
      assert(await page.isChecked("#grad-cam"));
      await page.locator(".heat:not([hidden])").first().waitFor({ state: "attached" });
      await waitForText(page, "#past-reading", /^On average/);
      await page.focus("#chart");
      await page.keyboard.press("End");
      const value = () => page.locator("#chart").getAttribute("aria-valuetext");
      assertMatch(await value() ?? "", /^Now: /);
      await page.keyboard.press("ArrowLeft");
      assertMatch(await value() ?? "", /^1 s ago: /);
      await page.keyboard.press("Home");
      assertEquals(await value(), "30 s ago: no face");
      await page.keyboard.press("Escape");
      assert(await page.locator("#cursor").isHidden());
    }),
);

browserTest(
  "the page has no fault that axe finds, by day and by night",
  () =>
    visit(served.url, { clip: `${folder}/clip.y4m`, context: CAMERA }, async (page) => {
      const { default: axe } = await import("axe-core");
      await page.evaluate(axe.source);
      const faults = () =>
        page.evaluate(async () => {
          const { axe } = globalThis as unknown as { axe: typeof import("axe-core") };
          const { violations } = await axe.run();
          return violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]);
        });
      await waitForText(page, "#engine", /^WebAssembly/);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        assertEquals(await faults(), []);
      }
      await page.check("#grad-cam");
      await page.click("#camera");
      await waitForText(page, "#past-reading", /^On average/);
      await page.click("#pause");
      await drop(page, "notes.txt", "text/plain", new Uint8Array(1));
      await waitForText(page, "#alert", /Cannot open/);
      for (const colorScheme of ["dark", "light"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        assertEquals(await faults(), []);
      }
    }),
);

browserTest(
  "the page comes in light and dark, keeps the choice, and fits a phone",
  () =>
    visit(served.url, { context: { viewport: { width: 360, height: 640 } } }, async (page) => {
      await page.emulateMedia({ colorScheme: "light" });
      const light = await backgroundOf(page);
      await page.emulateMedia({ colorScheme: "dark" });
      const dark = await backgroundOf(page);
      assertNotEquals(dark, light);
      await page.getByLabel("Light").check();
      assertEquals(await backgroundOf(page), light);
      await page.reload();
      assertEquals(await backgroundOf(page), light);
      assert(await page.getByLabel("Light").isChecked());

      await drop(page, "two.png", "image/png", await pictureFile(TWO));
      await page.locator("#stage[data-faces='2']").waitFor();
      const [width, room] = await page.locator("html").evaluate((html) => {
        const { scrollWidth, clientWidth } = html as unknown as PageElement;
        return [scrollWidth, clientWidth];
      });
      assert(width <= room, `${width} > ${room}`);
    }),
);
