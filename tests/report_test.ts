import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FerDataset } from "../src/data/dataset.ts";
import { auditDataset } from "../src/data/audit.ts";
import { EMOTIONS, FERPLUS_CLASSES } from "../src/emotions.ts";
import { evaluateProbabilities } from "../src/metrics.ts";
import { Generator } from "../src/random.ts";
import { type Predictions, writeReport } from "../src/report.ts";
import { html } from "../src/report/html.ts";
import { pngUri } from "../src/report/png.ts";
import { duration, jsonWords, words } from "../src/report/wording.ts";

const SIZE = 8;

function predictions(classes: readonly string[] = EMOTIONS): Predictions {
  const generator = new Generator(3);
  const n = 60;
  const labels = Int8Array.from({ length: n }, (_, i) => i % classes.length);
  const probabilities = new Float32Array(n * classes.length);
  labels.forEach((label, i) => {
    const row = classes.map((_, k) => Math.exp(generator.normal() + (k === label ? 1 : 0)));
    const sum = row.reduce((a, b) => a + b);
    row.forEach((value, k) => probabilities[i * classes.length + k] = value / sum);
  });
  const pixels = Uint8Array.from({ length: n * SIZE * SIZE }, () => generator.integer(256));
  const usages = new Uint8Array(n).fill(1);
  const dataset = new FerDataset({
    pixels,
    labels,
    usages,
    classes,
    size: SIZE,
    source: "made up",
  });
  return { probabilities, dataset };
}

function config(classes: readonly string[] = EMOTIONS, dataset?: FerDataset) {
  return {
    libraryVersion: "0.1.0",
    startedAt: "2026-01-02T03:04:05.678Z",
    command: ["deno", "task", "train", "--data", "my faces.csv"],
    architecture: { name: "ferCnn", options: { filters: [64, 128, 256] } },
    config: { epochs: 60, batchSize: 64, lr: 1e-3, maxMinutes: null, fastDevRun: false },
    parameters: 5_094_151,
    data: { source: "faces.csv", classes, trainingImages: 28_709, validationImages: 60 },
    audit: dataset && auditDataset(dataset),
    machine: { adapter: "llvmpipe", isSoftware: true, cores: 2 },
  };
}

function metrics(epochs: number): string {
  let lines = "";
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const step = { type: "step", epoch, step: epoch * 10 - 5, loss: 2 / epoch, lr: 1e-3 };
    const end = {
      type: "epoch",
      epoch,
      step: epoch * 10,
      trainLoss: 2 / epoch,
      trainAccuracy: 0.5,
      valLoss: epoch === 2 ? null : 1.9 / epoch,
      valAccuracy: 0.4,
      valMacroF1: 0.35,
      lr: 10 ** -(2 + epoch),
      imagesPerSecond: 1234.5,
      seconds: epoch * 30,
      best: epoch === 2,
      partial: false,
    };
    lines += `${JSON.stringify(step)}\n${JSON.stringify(end)}\n`;
  }
  return lines;
}

async function withRun(
  files: Readonly<Record<string, string>>,
  test: (run: string) => Promise<void>,
): Promise<void> {
  const run = await Deno.makeTempDir({ prefix: "fer_report_" });
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${run}/${name}`, text);
    }
    await test(run);
  } finally {
    await Deno.remove(run, { recursive: true });
  }
}

async function report(run: string, options = {}): Promise<string> {
  const path = await writeReport(run, options);
  assertEquals(path, `${run}/report.html`);
  return await Deno.readTextFile(path);
}

function text(page: string): string {
  return page.replace(/<style>.*?<\/style>/s, "").replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
}

function complete(): { readonly files: Record<string, string>; readonly made: Predictions } {
  const made = predictions();
  const evaluation = evaluateProbabilities(made.probabilities, made.dataset.labels, {
    classes: EMOTIONS,
    leakFree: [0, 1, 2, 3],
  });
  const files = {
    "config.json": JSON.stringify(config(EMOTIONS, made.dataset)),
    "metrics.jsonl": metrics(3),
    "evaluation.json": JSON.stringify(evaluation),
  };
  return { files, made };
}

Deno.test("writeReport() shows the second output of a run that learned FER+'s votes", async () => {
  const { files, made } = complete();
  const voted = predictions(FERPLUS_CLASSES);
  const evaluation = evaluateProbabilities(voted.probabilities, voted.dataset.labels, {
    classes: FERPLUS_CLASSES,
  });
  const scores = { valLoss: 0.5, valAccuracy: 0.8125, valMacroF1: 0.625 };
  const lines = metrics(3).replace(/"valMacroF1":0.35/g, `$&,"ferPlus":${JSON.stringify(scores)}`);
  const double = {
    ...files,
    "metrics.jsonl": lines,
    "evaluation_ferplus.json": JSON.stringify(evaluation),
  };
  await withRun(double, async (run) => {
    const page = text(await report(run, { predictions: made }));
    assertStringIncludes(page, "On the 60 validation images on whose class most");
    assertStringIncludes(page, "contempt");
    assertStringIncludes(page, "FER+ accuracy FER+ macro-F1");
    assertStringIncludes(page, "81.3% 0.625");
  });
  await withRun(files, async (run) => {
    assertEquals(text(await report(run, { predictions: made })).includes("FER+"), false);
  });
  const broken = { ...double, "evaluation_ferplus.json": "{}" };
  await withRun(broken, async (run) => {
    await assertRejects(() => report(run), SyntaxError, "evaluation_ferplus.json");
  });
});

Deno.test("writeReport() shows every part of a complete run", async () => {
  const { files, made } = complete();
  await withRun(files, async (run) => {
    const page = await report(run, { predictions: made });
    const headings = [...page.matchAll(/<h2[^>]*>([^<]*)<\/h2>/g)].map(([, heading]) => heading);
    assertEquals(headings, [
      "Curves",
      "Confusion matrix",
      "Classes",
      "Calibration",
      "Worst mistakes",
      "Surest successes",
      "Data",
      "Configuration",
      "Machine and program",
    ]);
    const shown = text(page);
    const { accuracy } = JSON.parse(files["evaluation.json"]);
    assertStringIncludes(shown, `Accuracy ${(accuracy * 100).toFixed(1)}% 95% interval`);
    assertStringIncludes(shown, "the 4 images whose pixels are not in the training split");
    assertStringIncludes(shown, "Epochs 3 of 60 at most, best: 2");
    assertStringIncludes(shown, "Time 1 min 30 s 30 steps");
    assertStringIncludes(shown, "deno task train --data &#39;my faces.csv&#39;");
    assertStringIncludes(shown, "batch size 64");
    assertStringIncludes(shown, "filters 64, 128, 256 parameters 5,094,151");
    assertStringIncludes(shown, "No two splits share an image");
    assert(!page.includes('class="missing"'));
    assertEquals(page.match(/<svg role="img" aria-label="/g)?.length, 6);
  });
});

Deno.test("writeReport() loads nothing and runs nothing", async () => {
  const { files, made } = complete();
  await withRun(files, async (run) => {
    const page = await report(run, { predictions: made });
    assert(
      !/<script|<link|@import|\bsrc="(?!data:image\/png)|href=|url\((?!#)|\bon\w+=/.test(page),
    );
    assertStringIncludes(
      page,
      `content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`,
    );
    assertStringIncludes(page, "prefers-color-scheme: dark");
  });
});

Deno.test("writeReport() names every image and every table", async () => {
  const { files, made } = complete();
  await withRun(files, async (run) => {
    const page = await report(run, { predictions: made });
    for (const [image] of page.matchAll(/<img [^>]*>/g)) assert(/ alt="[^"]+"/.test(image), image);
    const count = (pattern: RegExp) => page.match(pattern)?.length ?? 0;
    assert(count(/<table/g) >= 4);
    assertEquals(count(/<caption/g), count(/<table/g));
    assertEquals(count(/<figcaption/g), count(/<figure\b/g));
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    assertEquals(new Set(ids).size, ids.length);
  });
});

Deno.test("writeReport() leaves photographs out where told to", async () => {
  const { files, made } = complete();
  await withRun(files, async (run) => {
    const page = await report(run, { predictions: made, photos: false });
    assert(!page.includes("<img") && !page.includes("data:image"));
    assertStringIncludes(text(page), "Photographs were left out");
    const withPhotos = await report(run, { predictions: made });
    assertStringIncludes(withPhotos, 'src="data:image/png;base64,');
  });
});

Deno.test("writeReport() gives the same page for the same run", async () => {
  const { files, made } = complete();
  await withRun(files, async (run) => {
    assertEquals(
      await report(run, { predictions: made }),
      await report(run, { predictions: made }),
    );
  });
});

Deno.test("writeReport() without images says what the reader misses", async () => {
  await withRun(complete().files, async (run) => {
    const shown = text(await report(run));
    assertStringIncludes(
      shown,
      "The reliability diagram needs the network&#39;s probabilities. This report was made without",
    );
    assertStringIncludes(
      shown,
      "The mistakes need the network&#39;s probabilities. This report was made without",
    );
  });
});

Deno.test("writeReport() of a run without an epoch shows its steps", async () => {
  const [step] = metrics(1).split("\n");
  const files = { "config.json": JSON.stringify(config()), "metrics.jsonl": `${step}\n` };
  await withRun(files, async (run) => {
    const page = await report(run);
    assertStringIncludes(text(page), "No epoch has ended yet: what is known is the training loss");
    assertStringIncludes(page, 'aria-label="Loss: training loss 2.000, step 5 to 5."');
    assertStringIncludes(text(page), "There is no evaluation of this run yet");
    assertStringIncludes(text(page), "The data was not audited");
  });
});

Deno.test("writeReport() of a run before its first step says so", async () => {
  await withRun({ "config.json": JSON.stringify(config()) }, async (run) => {
    assertStringIncludes(text(await report(run)), "no step was logged");
    const { dataset } = predictions();
    assertStringIncludes(text(await report(run, { dataset })), "There are no best weights yet");
  });
});

Deno.test("writeReport() does without config.json", async () => {
  await withRun({ "metrics.jsonl": metrics(2) }, async (run) => {
    const shown = text(await report(run));
    assertStringIncludes(shown, "config.json is missing or says nothing of the data");
    assertStringIncludes(shown, "config.json is missing or names no machine");
    assertStringIncludes(shown, "Accuracy 40.0% validation, epoch 2");
  });
});

Deno.test("writeReport() passes over a line that a crash cut off", async () => {
  await withRun({ "metrics.jsonl": `${metrics(2)}{"type":"step","ep` }, async (run) => {
    assertStringIncludes(text(await report(run)), "Epochs 2");
  });
});

Deno.test("writeReport() escapes whatever comes from files", async () => {
  const evil = `<img src=x onerror="alert('1')">&amp;`;
  const classes = [evil, "__proto__", "<b>happy</b>"];
  const made = predictions(classes);
  const { probabilities, dataset } = made;
  const said = {
    ...config(classes, dataset),
    command: evil,
    startedAt: evil,
    config: { [evil]: evil, nested: { [evil]: [evil] } },
    data: { source: evil, classes },
    machine: { adapter: evil, [evil]: 1 },
    libraryVersion: evil,
  };
  const files = {
    "config.json": JSON.stringify(said),
    "metrics.jsonl": metrics(1),
    "evaluation.json": JSON.stringify(
      evaluateProbabilities(probabilities, dataset.labels, { classes }),
    ),
  };
  await withRun(files, async (run) => {
    for (const options of [{ predictions: made }, { predictions: made, photos: false }, {}]) {
      const page = await report(run, options);
      assert(!page.includes("<img src=x") && !page.includes("<b>happy"));
      assertStringIncludes(
        page,
        "&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;",
      );
      assertStringIncludes(page, "__proto__");
    }
  });
});

Deno.test("writeReport() refuses a folder that is none or holds no run", async () => {
  await assertRejects(
    () => writeReport("/nowhere/at/all"),
    Deno.errors.NotFound,
    "Cannot report on /nowhere/at/all: there is no such folder",
  );
  await withRun({ "notes.txt": "" }, async (run) => {
    await assertRejects(() => writeReport(run), Deno.errors.NotFound, "it holds no config.json");
    assertEquals([...Deno.readDirSync(run)].map(({ name }) => name), ["notes.txt"]);
  });
});

Deno.test("writeReport() names a malformed file and keeps the older report", async () => {
  for (const text of ["{", "[1]", "<html>"]) {
    await withRun({ "config.json": text, "report.html": "old" }, async (run) => {
      await assertRejects(() => writeReport(run), SyntaxError, `Cannot read ${run}/config.json`);
      assertEquals(await Deno.readTextFile(`${run}/report.html`), "old");
    });
  }
  for (const text of ["nonsense\n", "null\n", '{"type":"day"}\n']) {
    await withRun({ "metrics.jsonl": text }, async (run) => {
      await assertRejects(() => writeReport(run), SyntaxError, `Cannot read ${run}/metrics.jsonl`);
    });
  }
  const evaluation = JSON.parse(complete().files["evaluation.json"]);
  for (const wrong of [{}, { ...evaluation, confusion: [[1]] }, { ...evaluation, ece: null }]) {
    await withRun({ "evaluation.json": JSON.stringify(wrong) }, async (run) => {
      await assertRejects(() => writeReport(run), SyntaxError, `${run}/evaluation.json`);
    });
  }
});

Deno.test("writeReport() computes from best.safetensors what it is given images for", async () => {
  const tf = await import("@tensorflow/tfjs");
  const { buildFerCnn, saveModel } = await import("../src/model.ts");
  const { drawnFaces } = await import("../src/data.ts");
  await tf.setBackend("cpu");
  await withRun({ "metrics.jsonl": metrics(2) }, async (run) => {
    const model = buildFerCnn({ filters: [2, 2, 2], hidden: 4, seed: 1 });
    await saveModel(model, `${run}/best.safetensors`);
    model.dispose();
    const before = tf.memory().numTensors;
    const page = await report(run, { dataset: drawnFaces(14, 1) });
    assertEquals(tf.memory().numTensors, before);
    assertStringIncludes(text(page), "14 validation images");
    assertStringIncludes(page, 'aria-label="Reliability diagram of 15 bins');
    assertStringIncludes(page, 'alt="Face labelled');

    const faces = drawnFaces(14, 1);
    const leaky = await report(run, { dataset: faces, training: faces.subset([0, 1, 2]) });
    assertStringIncludes(text(leaky), "the 11 images whose pixels are not in the training split");

    const { dataset } = predictions(["a", "b"]);
    await assertRejects(() => writeReport(run, { dataset }), TypeError, "its classes are a, b");
  });
});

Deno.test("writeReport() lays over each face what the best weights go by", async () => {
  const tf = await import("@tensorflow/tfjs");
  const { buildFerCnn, saveModel } = await import("../src/model.ts");
  const { drawnFaces } = await import("../src/data.ts");
  const { explain, overlayExplanation } = await import("../src/explain.ts");
  const { predict } = await import("../src/predict.ts");
  await tf.setBackend("cpu");
  await withRun({ "metrics.jsonl": metrics(2) }, async (run) => {
    const model = buildFerCnn({ filters: [2, 2, 3], hidden: 4, seed: 2 });
    await saveModel(model, `${run}/best.safetensors`);
    const dataset = drawnFaces(14, 1);
    const before = tf.memory().numTensors;
    const page = await report(run, { dataset });
    assertEquals(tf.memory().numTensors, before);
    const pictures = [...page.matchAll(/<img src="([^"]*)" alt="([^"]*)"/g)];
    const faces = pictures.filter(([, , alt]) => alt.startsWith("Face labelled"));
    const overlays = pictures.filter(([, , alt]) => alt.startsWith("What speaks for"));
    assertEquals(overlays.length, faces.length);
    assertEquals(pictures.length, 2 * faces.length);
    assertStringIncludes(page, "Grad-CAM");

    // The overlay of the first mistake, made by the public functions.
    const place = Number(text(page).match(/image (\d+)/)?.[1]) - 1;
    const face = dataset.image(place);
    const [{ label }] = await predict(model, face);
    const { data, width, height } = await overlayExplanation(await explain(model, face), face);
    assertEquals(overlays[0][2], `What speaks for ${label} in it`);
    assertEquals(overlays[0][1], await pngUri({ data, width, height }));

    const apart = await report(run, { dataset, explain: false });
    assertEquals(apart.match(/<img /g)?.length, faces.length);
    assert(!apart.includes("Grad-CAM"));
    const without = await report(run, { dataset, photos: false });
    assert(!without.includes("<img") && !without.includes("Grad-CAM"));
    model.dispose();
  });
});

Deno.test("writeReport() explains predictions that it is given, where there are best weights", async () => {
  const tf = await import("@tensorflow/tfjs");
  const { buildFerCnn, saveModel } = await import("../src/model.ts");
  await tf.setBackend("cpu");
  const { files, made } = complete();
  await withRun(files, async (run) => {
    assert(!(await report(run, { predictions: made })).includes("What speaks for"));
    const model = buildFerCnn({ filters: [2, 2], hidden: 4, seed: 1, size: SIZE + 4 });
    await saveModel(model, `${run}/best.safetensors`);
    model.dispose();
    assertStringIncludes(await report(run, { predictions: made }), "What speaks for");
    // Without photographs the weights are not looked at.
    await Deno.writeTextFile(`${run}/best.safetensors`, "no model");
    await report(run, { predictions: made, photos: false });
  });
});

Deno.test("writeReport() shows the surest success of each class, and names those without", async () => {
  const classes = ["calm", "cross", "keen"];
  const rows = [[0.5, 0.3, 0.2], [0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.1, 0.2, 0.7]];
  const dataset = new FerDataset({
    pixels: new Uint8Array(4 * SIZE * SIZE),
    labels: Int8Array.of(0, 0, 1, 2),
    usages: new Uint8Array(4).fill(1),
    classes,
    size: SIZE,
    source: "made up",
  });
  const made = { probabilities: rows.flat(), dataset };
  await withRun({ "metrics.jsonl": metrics(1) }, async (run) => {
    const shown = text(await report(run, { predictions: made }));
    assertStringIncludes(shown, "No image of cross is recognized.");
    assertStringIncludes(shown, "calm 80% image 2");
    assertStringIncludes(shown, "keen 70% image 4");
    const listed = text(await report(run, { predictions: made, photos: false }));
    assertStringIncludes(listed, "Class Image Confidence calm 2 80.0% keen 4 70.0%");
  });
});

Deno.test("html escapes text, keeps markup and writes nothing for nothing", () => {
  const inner = html`<b>${"<&>\"'"}</b>`;
  const page = html`<p title="${'a"b'}">${inner}${[1, inner]}${null}${undefined}${false}${0}</p>`;
  assertEquals(
    page.toString(),
    '<p title="a&quot;b"><b>&lt;&amp;&gt;&quot;&#39;</b>1<b>&lt;&amp;&gt;&quot;&#39;</b>0</p>',
  );
});

Deno.test("pngUri() writes a PNG that another decoder reads", async () => {
  const pixels = Uint8Array.from({ length: 5 * 3 }, (_, i) => i * 17);
  const uri = await pngUri({ data: pixels, width: 5, height: 3 });
  const bytes = new Uint8Array(await (await fetch(uri)).arrayBuffer());
  // Width, height, 8 bits, grey, as the PNG specification orders them.
  assertEquals([...bytes.subarray(16, 29)], [0, 0, 0, 5, 0, 0, 0, 3, 8, 0, 0, 0, 0]);
  const { decodeImage } = await import("../src/data/decode.ts");
  const image = await decodeImage(bytes);
  assertEquals([image.width, image.height], [5, 3]);
  const channels = image.data.length / 15;
  assertEquals(Uint8Array.from(pixels, (_, i) => image.data[i * channels]), pixels);
});

Deno.test("durations, names and values are worded for people", () => {
  assertEquals([0.25, 42, 95, 1320, 4334, 7200].map(duration), [
    "0.3 s",
    "42 s",
    "1 min 35 s",
    "22 min",
    "1 h 12 min",
    "2 h 0 min",
  ]);
  assertEquals(["batchSize", "os", "isSoftware", "lr", "PublicTest"].map(words), [
    "batch size",
    "os",
    "is software",
    "lr",
    "PublicTest",
  ]);
  assertEquals(
    jsonWords({ size: 48, mean: [0.5, true], more: null, none: [] }),
    "size 48, mean 0.5, yes, more none, none none",
  );
});
