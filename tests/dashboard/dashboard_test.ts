import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { DashboardError, serveDashboard } from "../../src/dashboard.ts";
import { auditDataset } from "../../src/data.ts";
import { Listener } from "./events.ts";
import { allAngry, BEGIN, epochLine, progressAt, VALIDATION } from "./made_up.ts";

/** Asks a server with a head of the test's own, which `fetch()` would not send. */
async function ask(url: string, head: string): Promise<string> {
  const { port } = new URL(url);
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  await connection.write(new TextEncoder().encode(`${head}\r\nConnection: close\r\n\r\n`));
  return await new Response(connection.readable).text();
}

async function stateOf(url: string) {
  return await (await fetch(`${url}state.json`)).json();
}

Deno.test("serveDashboard() serves a page, its style and its program, and nothing else", async () => {
  await using dashboard = serveDashboard({ port: 0, audit: auditDataset(VALIDATION) });
  assertMatch(dashboard.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  const page = await fetch(dashboard.url);
  assertEquals(page.headers.get("content-type"), "text/html; charset=utf-8");
  const text = await page.text();
  assert(text.startsWith("<!doctype html>"));
  assertStringIncludes(text, "No two splits share an image's pixels.");
  for (const [, path] of text.matchAll(/(?:href|src)="([^"#]+)"/g)) {
    if (path.startsWith("data:")) continue;
    assertMatch(path, /^[\w.]+$/);
    const part = await fetch(dashboard.url + path);
    assertEquals(part.status, 200);
    await part.body?.cancel();
  }
  const other = await fetch(`${dashboard.url}deno.json`);
  assertEquals([other.status, await other.text()], [404, "There is no such page\n"]);
});

Deno.test("serveDashboard() lets the page load and run nothing from elsewhere", async () => {
  await using dashboard = serveDashboard({ port: 0 });
  const { headers, body } = await fetch(dashboard.url);
  await body?.cancel();
  const policy = headers.get("content-security-policy") ?? "";
  for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]) {
    assertStringIncludes(policy, rule);
  }
  assert(!policy.includes("unsafe"));
  assertEquals(headers.get("cache-control"), "no-store");
  assertEquals(headers.get("cross-origin-resource-policy"), "same-origin");
});

Deno.test("serveDashboard() answers to the names of this machine alone", async () => {
  await using dashboard = serveDashboard({ port: 0 });
  const get = (host: string) => ask(dashboard.url, `GET /state.json HTTP/1.1\r\nHost: ${host}`);
  // The port of a tunnel is another one.
  for (const host of ["127.0.0.1", "localhost:9000", "LOCALHOST"]) {
    assertStringIncludes(await get(host), "HTTP/1.1 200 OK");
  }
  for (const host of ["rebound.example", "localhost.rebound.example", "127.0.0.1.example:4848"]) {
    const answer = await get(host);
    assertStringIncludes(answer, "HTTP/1.1 403 Forbidden");
    assert(!answer.includes('"run"'));
  }
});

Deno.test("serveDashboard() can be read only", async () => {
  await using dashboard = serveDashboard({ port: 0 });
  const post = await fetch(dashboard.url, { method: "POST", body: "x" });
  assertEquals([post.status, post.headers.get("allow")], [405, "GET, HEAD"]);
  await post.body?.cancel();
  const head = await fetch(dashboard.url, { method: "HEAD" });
  assertEquals([head.status, await head.text()], [200, ""]);
});

Deno.test("serveDashboard() names a port that is taken and says what to do", async () => {
  await using first = serveDashboard({ port: 0 });
  const port = Number(new URL(first.url).port);
  assertThrows(
    () => serveDashboard({ port }),
    DashboardError,
    `Cannot serve the dashboard on port ${port}: another program listens on it. Name another ` +
      "port, or none to have a free one found",
  );
});

Deno.test("serveDashboard() finds a free port when none is named", async () => {
  await using first = serveDashboard();
  await using second = serveDashboard();
  assert(first.url !== second.url);
  assertEquals((await stateOf(second.url)).plan, null);
});

Deno.test("serveDashboard() refuses what is no port", () => {
  assertThrows(
    () => serveDashboard({ port: 65536 }),
    RangeError,
    "Cannot serve the dashboard on port 65536: expected an integer from 0 to 65535",
  );
});

Deno.test("a dashboard sends all that is known, then every change", async () => {
  await using dashboard = serveDashboard({ port: 0 });
  const page = await Listener.to(dashboard.url);
  assertEquals((await page.next())?.data.plan, null);
  await dashboard.onTrainBegin?.(BEGIN);
  const begun = await page.next();
  assertEquals(begun?.event, "state");
  assertEquals(begun?.data.plan, {
    epochs: 4,
    batches: 10,
    trainingImages: 76,
    validationImages: 21,
    scheduler: "plateau",
    classes: ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"],
    resumedAt: 0,
  });
  await dashboard.onProgress?.(progressAt(1, { loss: 2 }));
  const first = await page.next();
  assertEquals(first?.event, "update");
  assertEquals(first?.data.progress.step, 1);
  assertEquals(first?.data.steps, [{ step: 1, loss: 2, lr: 1e-3, imagesPerSecond: 80 }]);
  assert(first?.data.memory.host > 1e6);
  // Within a second of the last change nothing is sent; the epoch's end brings it along.
  await dashboard.onProgress?.(progressAt(10, { loss: 1 }));
  await dashboard.onEpochEnd?.(epochLine(1), allAngry());
  const second = await page.next();
  assertEquals(second?.data.progress.step, 10);
  assertEquals(second?.data.progress.loss, 1);
  assertEquals(second?.data.epochs, [epochLine(1)]);
  assertEquals(second?.data.confusion, {
    epoch: 1,
    counts: Array.from({ length: 7 }, () => [3, 0, 0, 0, 0, 0, 0]),
  });
  await page.close();
});

Deno.test("a dashboard shows two faces of each class and what the network makes of them", async () => {
  await using dashboard = serveDashboard({ port: 0 });
  await dashboard.onTrainBegin?.(BEGIN);
  await dashboard.onEpochEnd?.(epochLine(1), allAngry());
  const { faces, predictions } = await stateOf(dashboard.url);
  const labels = faces.map((face: { label: number }) => face.label);
  assertEquals(labels, [0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6]);
  assertMatch(faces[0].image, /^data:image\/png;base64,/);
  assertEquals(predictions.epoch, 1);
  assertEquals(predictions.probabilities[13], [0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]);
});

Deno.test("a dashboard shows no faces when none are wanted", async () => {
  await using dashboard = serveDashboard({ port: 0, faces: 0 });
  await dashboard.onTrainBegin?.(BEGIN);
  await dashboard.onEpochEnd?.(epochLine(1), allAngry());
  const { faces, predictions } = await stateOf(dashboard.url);
  assertEquals([faces, predictions.probabilities], [[], []]);
});

Deno.test("a dashboard tells a page that is loaded anew all that came before", async () => {
  await using dashboard = serveDashboard({ port: 0 });
  await dashboard.onTrainBegin?.(BEGIN);
  await dashboard.onProgress?.(progressAt(10));
  for (const epoch of [1, 2, 3]) await dashboard.onEpochEnd?.(epochLine(epoch), allAngry());
  for (let load = 0; load < 2; load++) {
    const page = await Listener.to(dashboard.url);
    const state = await page.next();
    assertEquals(state?.event, "state");
    assertEquals(state?.data.epochs.length, 3);
    assertEquals(state?.data.steps.length, 1);
    assertEquals(state?.data.progress.step, 10);
    assertEquals(state?.data.faces.length, 14);
    await page.close();
  }
});

Deno.test("a dashboard of a run that goes on shows what its folder knows", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const run = `${folder}/third try`;
    await Deno.mkdir(run);
    const step = { type: "step", epoch: 1, loss: 1.7, lr: 2e-3, imagesPerSecond: 64, seconds: 4 };
    const lines = [{ ...step, step: 5 }, { ...step, step: 8 }, epochLine(1)];
    await Deno.writeTextFile(
      `${run}/metrics.jsonl`,
      lines.map((line) => JSON.stringify(line) + "\n").join(""),
    );
    const machine = { adapter: "an adapter" };
    const config = { machine, startedAt: "2026-07-11T18:30:05.000Z" };
    await Deno.writeTextFile(`${run}/config.json`, JSON.stringify(config));
    await Deno.writeTextFile(
      `${run}/evaluation.json`,
      JSON.stringify(allAngry().evaluation),
    );
    await using dashboard = serveDashboard({ port: 0, runDirectory: run });
    await dashboard.onTrainBegin?.({ ...BEGIN, epoch: 2, step: 10 });
    await dashboard.onProgress?.(progressAt(11));
    await dashboard.onEpochEnd?.(epochLine(2), allAngry());
    const state = await stateOf(dashboard.url);
    assertEquals(state.run, {
      name: "third try",
      source: VALIDATION.source,
      adapter: "an adapter",
      startedAt: "2026-07-11T18:30:05.000Z",
    });
    assertEquals(state.plan.resumedAt, 10);
    assertEquals(state.epochs, [epochLine(1), epochLine(2)]);
    assertEquals(state.steps.map((point: { step: number }) => point.step), [5, 8, 11]);
    assertEquals(state.steps[0], { step: 5, loss: 1.7, lr: 2e-3, imagesPerSecond: 64 });
    assertEquals(state.confusion.epoch, 2);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a dashboard does not end a training whose folder it cannot read", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/config.json`, "{");
    await using dashboard = serveDashboard({ port: 0, runDirectory: folder });
    await dashboard.onTrainBegin?.(BEGIN);
    assertEquals((await stateOf(dashboard.url)).plan.epochs, 4);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a dashboard that is closed says so, ends its pages and frees its port", async () => {
  const dashboard = serveDashboard({ port: 0 });
  const page = await Listener.to(dashboard.url);
  await page.next();
  await dashboard.close();
  await dashboard.close();
  assertEquals(await page.next(), { event: "update", data: { end: { stopped: null } } });
  assertEquals(await page.next(), null);
  await assertRejects(() => fetch(dashboard.url), TypeError);
  await using again = serveDashboard({ port: Number(new URL(dashboard.url).port) });
  assertEquals(again.url, dashboard.url);
});

Deno.test("a dashboard says why training ended", async () => {
  await using dashboard = serveDashboard({ port: 0 });
  await dashboard.onTrainBegin?.(BEGIN);
  await dashboard.onTrainEnd?.({
    stopped: "earlyStopping",
    history: [],
    best: null,
    steps: 10,
    seconds: 1,
    probabilities: null,
  });
  assertEquals((await stateOf(dashboard.url)).end, { stopped: "earlyStopping" });
});

Deno.test("a dashboard closes in a moment when a page reads nothing of what it is sent", async () => {
  const dashboard = serveDashboard({ port: 0 });
  await dashboard.onTrainBegin?.(BEGIN);
  const port = Number(new URL(dashboard.url).port);
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const head = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n";
  await connection.write(new TextEncoder().encode(head));
  // A page that fell behind is let go; the others hear on.
  const page = await Listener.to(dashboard.url);
  await page.next();
  let updates = 0;
  const reading = (async () => {
    while (await page.next()) updates++;
  })();
  for (let epoch = 1; epoch <= 600; epoch++) {
    await dashboard.onEpochEnd?.(epochLine(epoch), allAngry());
    await new Promise((resolve) => setTimeout(resolve));
  }
  await dashboard.close();
  await reading;
  assertEquals(updates, 601);
  connection.close();
});
