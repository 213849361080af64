import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { loadModel, readSafetensors } from "../../src/model.ts";
import { sha256 } from "../../src/pretrained/packaged_weights.ts";
import { renderCard } from "../../tools/model_card/card.ts";
import { MissingFieldError } from "../../tools/model_card/json_fields.ts";
import { type CardPaths, readSources } from "../../tools/model_card/sources.ts";
import { runTask, withFolder } from "../cli/run_task.ts";
import { comparisonOf, writeRun } from "./made_up_run.ts";

tf.env().set("PROD", true);
await tf.setBackend("cpu");

const PROJECT = { license: "MIT", library: "@fer/core" };

/** A project with a packaged network and all that a card needs. */
async function packaged(folder: string): Promise<CardPaths> {
  await writeRun(`${folder}/runs/fernet-42`);
  const output = await runTask("package-weights", ["runs/fernet-42"], { cwd: folder });
  assertEquals([output.code, output.stderr], [0, ""]);
  const run = `${folder}/docs/runs/fernet-42`;
  const weights = `${folder}/src/pretrained/fernet.safetensors`;
  const accuracy = `${run}/accuracy.json`;
  const comparison = comparisonOf(await sha256(await Deno.readFile(weights)), "PublicTest");
  await Deno.writeTextFile(accuracy, JSON.stringify(comparison));
  return { run, weights, accuracy, privateAccuracy: null };
}

Deno.test("package-weights writes F16 weights, their checksum and what the card needs", async () => {
  await withFolder(async (folder) => {
    const { run, weights } = await packaged(folder);
    const bytes = await Deno.readFile(weights);
    const { tensors } = readSafetensors(bytes);
    assertEquals(new Set([...tensors.values()].map(({ dtype }) => dtype)), new Set(["F16"]));
    const { model, metadata } = await loadModel(weights);
    model.dispose();
    assertEquals(metadata.data, {
      source: "fer.csv.gz",
      trainedOn: { split: "Training", images: 8_765 },
      selectedOn: { split: "PublicTest", images: 210 },
    });
    const metrics = metadata.metrics as Record<string, unknown>;
    assertEquals(
      [metrics.epoch, metrics.epochs, metrics.seed, metrics.selection],
      [2, 3, 42, "the epoch with the largest macro-F1 on PublicTest"],
    );
    const { FERNET } = await import(`file://${folder}/src/pretrained/fernet.ts`);
    assertEquals(FERNET, {
      file: "fernet.safetensors",
      bytes: bytes.length,
      sha256: await sha256(bytes),
    });
    const config = await Deno.readTextFile(`${run}/config.json`);
    assertEquals(config.includes("/home/me") || config.includes("/x/"), false);
    assertStringIncludes(config, '"--data=fer.csv.gz"');
    const evaluation = (path: string) => Deno.readTextFile(`${path}/evaluation.json`);
    assertEquals(await evaluation(run), await evaluation(`${folder}/runs/fernet-42`));
  });
});

Deno.test("model-card has the figures of other people's pictures, of the same weights alone", async () => {
  await withFolder(async (folder) => {
    const paths = await packaged(folder);
    const without = renderCard(await readSources(paths), PROJECT);
    assertEquals(without.includes("### On other people's pictures"), false);
    const faces = `${paths.run}/faces.json`;
    const write = (weights: string) => {
      const machine = { adapter: "WebAssembly", cores: 2, date: "2026-11-29T09:10:11Z" };
      const expression = { n: 10, found: 9, refused: 1, refusedRight: 1, right: 6, macroF1: 0.5 };
      const sizes = [{ from: 0.06, to: null, faces: 8, found: 6 }];
      const ours = { pictures: 12, medianMs: 20, false: 3, sizes, expression };
      const part = { ours, machine };
      return Deno.writeTextFile(faces, JSON.stringify({ weights, finding: part, telling: part }));
    };
    await write(await sha256(await Deno.readFile(paths.weights)));
    const card = renderCard(await readSources({ ...paths, faces }), PROJECT);
    assertMatch(
      card,
      /### On other people's pictures\n\n[^]*\| this library \| 0\.750 \| 0\.750 \| 3 \| 20 \|\n/,
    );
    assertMatch(card, /\| this library \| 9 \| 1 \| 1 \| 6 \| 0\.600 \|/);
    await write("0".repeat(64));
    await assertRejects(
      () => readSources({ ...paths, faces }),
      MissingFieldError,
      "run deno task faces-figures",
    );
  });
});

Deno.test("package-weights refuses a network that is too large, and writes nothing", async () => {
  await withFolder(async (folder) => {
    await writeRun(`${folder}/big`, { filters: [32, 64, 512] });
    const { code, stderr } = await runTask("package-weights", ["big"], { cwd: folder });
    assertEquals(code, 1);
    assertMatch(stderr, /^error: Cannot package big.* bytes, at most 4,200,000 may be carried\n$/);
    assertEquals(await Deno.stat(`${folder}/src`).catch(() => null), null);
  });
});

Deno.test("package-weights says what a run lacks", async () => {
  await withFolder(async (folder) => {
    await writeRun(`${folder}/run`);
    await Deno.remove(`${folder}/run/evaluation.json`);
    const { code, stderr } = await runTask("package-weights", ["run"], { cwd: folder });
    assertEquals([code, stderr], [1, "error: Cannot read run/evaluation.json: no such file\n"]);
  });
});

Deno.test("model-card writes the same bytes for the same files", async () => {
  await withFolder(async (folder) => {
    await packaged(folder);
    const write = async (out: string) => {
      const { code, stderr } = await runTask(
        "model-card",
        ["--run=docs/runs/fernet-42", `--out=${out}`],
        { cwd: folder },
      );
      assertEquals([code, stderr], [0, ""]);
      return await Deno.readTextFile(`${folder}/${out}`);
    };
    const card = await write("one.md");
    assertEquals(await write("two.md"), card);
    assertEquals(/undefined|NaN|null|\[object/.test(card), false);
    // Front matter, then the sections of Mitchell et al.
    assertMatch(card, /^---\nlicense: mit\n[^]*model-index:\n[^]*\n---\n\n# FerNet\n/);
    assertEquals([...card.matchAll(/^## (.*)$/gm)].map(([, title]) => title), [
      ...["Model details", "Intended use", "Factors", "Metrics", "Evaluation data"],
      ...["Training data", "Quantitative analyses", "Ethical considerations"],
      ...["Caveats and recommendations", "How to reproduce"],
    ]);
    for (
      const part of ["Article 5(1)(f)", "2024/1689", "@vladmandic/human", "face-api is missing"]
    ) {
      assertStringIncludes(card, part);
    }
    assertStringIncludes(card, "- 20 images of PublicTest (9.5 %) are in Training too, 19 with");
    assertStringIncludes(card, "3 epochs in 3 h 0 min on a GPU, 8 cores");
    assertStringIncludes(card, "The network's logits are divided by 0.800, fitted on PublicTest");
    assertStringIncludes(card, "deno task train --data=fer.csv.gz --run-dir 42");
    assertStringIncludes(card, "PrivateTest, the test split, has not been looked at");
    assertStringIncludes(card, "how much of the accuracy is luck is not known");
  });
});

Deno.test("a card's figures are those of the files", async () => {
  await withFolder(async (folder) => {
    const paths = await packaged(folder);
    const { contestants } = JSON.parse(await Deno.readTextFile(paths.accuracy));
    const [plain, augmented] = contestants;
    const card = renderCard(await readSources(paths), PROJECT);
    const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
    for (const { evaluation } of [plain, augmented]) {
      const [low, high] = evaluation.accuracyInterval.map(percent);
      assertStringIncludes(card, `| ${percent(evaluation.accuracy)} | ${low} to ${high} |`);
    }
    const { precision, recall, f1, support } = plain.evaluation.perClass.happy;
    const cells = [...[precision, recall, f1].map(percent), support];
    assertStringIncludes(card, `| happy | ${cells.join(" | ")} |`);
    assertStringIncludes(card, `| happy | ${plain.evaluation.confusion[3].join(" | ")} |`);
    // The made-up run has the same probabilities in F32 and F16.
    assertStringIncludes(card, "Rounding changes accuracy by +0.00 points");

    await writeRun(`${paths.run}/../fernet-43`, { seed: 43, skill: 0.5 });
    await writeRun(`${paths.run}/../other`, { seed: 44, filters: [2, 2, 2, 2] });
    const sources = await readSources(paths);
    assertEquals(sources.seeds.map(({ seed }) => seed), [42, 43]);
    assertMatch(
      renderCard(sources, PROJECT),
      /From the worst to the best seed it is \d+\.\d points/,
    );

    const comparison = comparisonOf(plain.sha256, "PrivateTest");
    await Deno.writeTextFile(`${folder}/private.json`, JSON.stringify(comparison));
    const opened = await readSources({ ...paths, privateAccuracy: `${folder}/private.json` });
    const text = renderCard(opened, PROJECT);
    assertStringIncludes(text, "### Accuracy on PrivateTest");
    assertStringIncludes(text, "split: PrivateTest");
  });
});

Deno.test("a card is not made of files that do not belong together", async () => {
  await withFolder(async (folder) => {
    const paths = await packaged(folder);
    const right = JSON.parse(await Deno.readTextFile(paths.accuracy));
    const wrong: ReadonlyArray<readonly [change: Record<string, unknown>, why: string]> = [
      [{ quick: true }, "quick run"],
      [{ data: { ...right.data, usage: "Training" } }, "it is of Training, expected PublicTest"],
      [{ contestants: right.contestants.slice(1) }, "without tta is missing"],
      [comparisonOf("0".repeat(64), "PublicTest"), "it is of weights with SHA-256 0000"],
    ];
    for (const [change, why] of wrong) {
      await Deno.writeTextFile(paths.accuracy, JSON.stringify({ ...right, ...change }));
      await assertRejects(() => readSources(paths), MissingFieldError, why);
    }
    await Deno.writeTextFile(paths.accuracy, JSON.stringify(right));
    await writeRun(paths.run, { skill: 0.4 });
    await assertRejects(
      () => readSources(paths),
      MissingFieldError,
      "packaged weights are of a run",
    );
  });
});

/** Every place in a JSON value, as keys from the outside in; of lists the first element. */
function placesIn(value: unknown): string[][] {
  if (typeof value !== "object" || value === null) return [];
  const keys = Array.isArray(value) ? ["0"].slice(0, value.length) : Object.keys(value);
  return keys.flatMap((key) => [
    ...(Array.isArray(value) ? [] : [[key]]),
    ...placesIn((value as Record<string, unknown>)[key]).map((rest) => [key, ...rest]),
  ]);
}

Deno.test("a field that is missing is an error that names it, or was not needed", async () => {
  await withFolder(async (folder) => {
    const paths = await packaged(folder);
    const card = renderCard(await readSources(paths), PROJECT);
    let errors = 0;
    for (
      const path of [paths.accuracy, `${paths.run}/config.json`, `${paths.run}/evaluation.json`]
    ) {
      const text = await Deno.readTextFile(path);
      for (const place of placesIn(JSON.parse(text))) {
        const changed = JSON.parse(text);
        const parent = place.slice(0, -1).reduce((each, key) => each[key], changed);
        const key = place[place.length - 1];
        delete parent[key];
        await Deno.writeTextFile(path, JSON.stringify(changed));
        try {
          const without = renderCard(await readSources(paths), PROJECT);
          // Of the settings whatever is there is shown.
          if (place[0] !== "config") assertEquals(without, card, place.join("."));
        } catch (error) {
          if (!(error instanceof MissingFieldError)) throw error;
          assertStringIncludes(error.message, key, place.join("."));
          assertEquals(error.message.includes("\n"), false);
          errors++;
        }
      }
      await Deno.writeTextFile(path, text);
    }
    assert(errors > 80, `${errors}`);
  });
});

Deno.test("a card names the runs that its weights went through, oldest first", async () => {
  await withFolder(async (folder) => {
    const paths = await packaged(folder);
    const config = `${paths.run}/config.json`;
    const beginFrom = async (init: string) => {
      const read = JSON.parse(await Deno.readTextFile(config));
      await Deno.writeTextFile(
        config,
        JSON.stringify({ ...read, config: { ...read.config, init } }),
      );
    };
    await beginFrom("runs/fernet-42-1/best.safetensors");
    await assertRejects(
      () => readSources(paths),
      MissingFieldError,
      "it began from runs/fernet-42-1/best.safetensors, expected the best.safetensors of an earlier",
    );
    await writeRun(`${paths.run}/../fernet-42-1`, { seed: 7 });
    const card = renderCard(await readSources(paths), PROJECT);
    assertStringIncludes(card, "6 epochs in 2 runs: 3 epochs in 3 h 0 min on a GPU, 8 cores. Then");
    const trained = [...card.matchAll(/^deno task train .*$/gm)].map(([line]) => line);
    assertEquals(trained.map((line) => /\d+$/.exec(line)?.[0]), ["7", "42"]);

    await beginFrom("runs/fernet-42/best.safetensors");
    await assertRejects(() => readSources(paths), MissingFieldError, "an earlier run beside it");
  });
});

Deno.test("a card's commands say what older versions did without saying, and where a run was cut", async () => {
  await withFolder(async (folder) => {
    const paths = await packaged(folder);
    const config = `${paths.run}/config.json`;
    const { config: settings, ...rest } = JSON.parse(await Deno.readTextFile(config));
    const { logitAdjustment, fastDevRun, ...older } = settings;
    assertEquals([logitAdjustment, fastDevRun], [0, false]);
    const commandOf = async (changes: Record<string, unknown>) => {
      await Deno.writeTextFile(
        config,
        JSON.stringify({ ...rest, config: { ...older, ...changes } }),
      );
      return (await readSources(paths)).run.command.slice(6);
    };
    assertEquals(await commandOf({}), ["--logit-adjustment", "0"]);
    // Three epochs are done, of one step each by the file.
    const cut = { logitAdjustment, epochs: 9, patience: 0 };
    assertEquals(await commandOf(cut), ["--max-steps", "1"]);
    assertEquals(await commandOf({ ...cut, epochs: 3 }), []);
    assertEquals(await commandOf({ ...cut, patience: 7 }), []); // it stopped by itself
  });
});
