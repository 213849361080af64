import { assert, assertEquals, assertLessOrEqual, assertStringIncludes } from "@std/assert";
import { drawnFaces, EMOTIONS, USAGES } from "../../src/data.ts";
import { trainingConfig } from "../../src/train.ts";
import { OWN_RECIPES, readRecipe } from "../../cli/recipe.ts";
import { runTask, withFolder, writeFaces } from "./run_task.ts";

const RECIPE = new URL("../../recipes/fernet-labels.json", import.meta.url);

const JOINT = new URL("../../recipes/fernet-ferplus.json", import.meta.url);

/** FER-2013's training images. */
const TRAINING_IMAGES = 28_709;

Deno.test("recipes/fernet-labels.json is a recipe of at most 700 TFLOP", async () => {
  const { architecture, ...settings } = JSON.parse(await Deno.readTextFile(RECIPE));
  const { epochs, trainCropSize, optimizer, augment } = trainingConfig(settings);
  assertEquals([architecture.name, optimizer, augment], ["ferNet", "muon", "warp"]);
  let [channels, edge, products] = [1, trainCropSize, 0];
  for (const filters of architecture.options.filters) {
    products += 9 * edge * edge * (channels * filters + filters * filters);
    [channels, edge] = [filters, edge >> 1];
  }
  products += 7 * channels;
  assertEquals(products, 81_563_392);
  // A multiply-add is two operations; the gradients of inputs and of weights cost as much again each.
  assertLessOrEqual(6 * products * TRAINING_IMAGES * epochs, 700e12);
});

Deno.test("the recipes that come along are known by their names too", async () => {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(new URL("./", RECIPE))) files.push(name);
  const names = files.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -5));
  assertEquals([...OWN_RECIPES].sort(), names.sort());
  for (const name of OWN_RECIPES) {
    const path = new URL(`./${name}.json`, RECIPE).pathname;
    assertEquals(await readRecipe(name, {}), await readRecipe(path, {}));
  }
});

Deno.test("train with Muon on crops, evaluate and predict on views work one after the other", async () => {
  await withFolder(async (folder) => {
    await writeFaces(`${folder}/faces.csv`, 40);
    const recipe = {
      ...JSON.parse(await Deno.readTextFile(RECIPE)),
      architecture: { name: "ferNet", options: { filters: [2, 4] } },
      batchSize: 8,
      epochs: 2,
      decayEpochs: 1,
      workers: 0,
    };
    await Deno.writeTextFile(`${folder}/tiny.json`, JSON.stringify(recipe));
    const run = async (task: "train" | "evaluate" | "predict", ...args: string[]) => {
      const { code, stdout, stderr } = await runTask(task, args, { cwd: folder });
      assertEquals([code, stderr], [0, ""]);
      return stdout;
    };
    const data = "--data=faces.csv";
    await run("train", "--recipe=tiny.json", data, "--run-dir=run", "--quiet", "--max-steps=3");
    await run("train", "--resume=run", "--quiet", "--max-steps=0", "--epochs=3");
    const { config, command } = JSON.parse(await Deno.readTextFile(`${folder}/run/config.json`));
    assertEquals([config.optimizer, config.trainCropSize, config.epochs], ["muon", 40, 3]);
    assertEquals(command.slice(-2), ["--epochs", "3"]);

    const model = "--model=run/best.safetensors";
    const [plain, views] = await Promise.all(
      [[], ["--tta"]].map(async (tta) =>
        JSON.parse(await run("evaluate", data, model, "--json", ...tta))
      ),
    );
    assert(plain.loss !== views.loss);
    const face = new URL("face.png", import.meta.url).pathname;
    assertStringIncludes(await run("predict", face, model, "--tta"), " %");
  });
});

Deno.test("train --votes, evaluate --labels and predict --labels read two outputs", async () => {
  await withFolder(async (folder) => {
    await writeFaces(`${folder}/faces.csv`, 40);
    const faces = drawnFaces(40, 7);
    const header = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear," +
      "contempt,unknown,NF";
    // Everybody votes for the label; in FER+'s order of columns.
    const columns = [6, 3, 5, 4, 0, 1, 2, 7, 8, 9];
    const rows = Array.from(faces.labels, (label, i) => {
      const votes = columns.map((column) => column === label ? 10 : 0);
      return `${USAGES[faces.usages[i]]},fer${i}.png,${votes}`;
    });
    await Deno.writeTextFile(`${folder}/votes.csv`, [header, ...rows].join("\n"));
    const recipe = {
      ...JSON.parse(await Deno.readTextFile(JOINT)),
      architecture: { name: "ferNet", options: { filters: [2, 4] } },
      ...{ batchSize: 8, epochs: 1, decayEpochs: 0, fullSizeEpochs: 0, workers: 0 },
    };
    await Deno.writeTextFile(`${folder}/tiny.json`, JSON.stringify(recipe));
    const start = ["--recipe=tiny.json", "--data=faces.csv", "--quiet", "--max-steps=2"];

    const lost = await runTask("train", start, { cwd: folder });
    assertEquals(lost.code, 1);
    assertStringIncludes(lost.stderr, "Cannot find FER+'s votes for faces.csv: there is no ");
    assertStringIncludes(lost.stderr, "fer2013new.csv");
    const vain = await runTask("train", [...start, "--votes=votes.csv", "--fer-plus-weight=0"], {
      cwd: folder,
    });
    assertEquals(vain.code, 2);
    assertStringIncludes(vain.stderr, "Cannot use --votes without --fer-plus-weight");

    const run = async (task: "train" | "evaluate" | "predict", ...args: string[]) => {
      const { code, stdout, stderr } = await runTask(task, args, { cwd: folder });
      assertEquals([code, stderr], [0, ""]);
      return stdout;
    };
    // One output first; the second network begins with its filters.
    await run("train", ...start, "--fer-plus-weight=0", "--run-dir=one");
    const wider = { ...recipe, architecture: { name: "ferNet", options: { filters: [3, 4] } } };
    await Deno.writeTextFile(`${folder}/tiny.json`, JSON.stringify(wider));
    await run(
      "train",
      ...start,
      "--votes=votes.csv",
      "--init=one/best.safetensors",
      "--run-dir=two",
    );
    const { config, architecture } = JSON.parse(
      await Deno.readTextFile(`${folder}/two/config.json`),
    );
    assertEquals([config.votes, config.ferPlusWeight], ["votes.csv", 0.5]);
    assertEquals([architecture.options.filters, architecture.options.ferPlus], [[3, 4], true]);
    await run("train", "--resume=two", "--quiet", "--max-steps=3");

    const model = "--model=two/best.safetensors";
    const ofVotes = ["--data=faces.csv", "--votes=votes.csv", "--labels=ferplus", model];
    const scores = JSON.parse(await run("evaluate", ...ofVotes, "--json"));
    assertEquals(Object.keys(scores.perClass).at(-1), "contempt");
    assertStringIncludes(await run("evaluate", ...ofVotes), "Barsoum et al. 2016");
    const face = new URL("face.png", import.meta.url).pathname;
    const both = await run("predict", face, model, "--labels=both", "--priors=uniform", "--json");
    assertEquals(Object.keys(JSON.parse(both.trim().split("\n").at(-1) ?? "").probabilities), [
      ...EMOTIONS,
    ]);
    const one = await runTask("predict", [face, "--model=one", "--labels=both"], { cwd: folder });
    assertEquals(one.code, 1);
    assertStringIncludes(one.stderr, "has one output, it did not learn FER+'s votes");
  });
});

Deno.test("recipes/fernet.json is the network that comes along, with its two outputs", async () => {
  const { architecture, ...settings } = JSON.parse(
    await Deno.readTextFile(new URL("./fernet.json", RECIPE)),
  );
  const { epochs, decayEpochs, ferPlusWeight, logitAdjustment } = trainingConfig(settings);
  assertEquals([epochs, decayEpochs, ferPlusWeight, logitAdjustment], [9, 8, 0.5, 0]);
  assertEquals(architecture.options.filters, [32, 64, 128, 256]);
});

Deno.test("recipes/fernet-ferplus.json is a recipe of at most two million parameters", async () => {
  const { architecture: { name, options }, ...settings } = JSON.parse(
    await Deno.readTextFile(JOINT),
  );
  assertEquals(trainingConfig(settings).ferPlusWeight, 0.5);
  assertEquals(name, "ferNet");
  let [channels, parameters] = [1, 0];
  for (const filters of options.filters) {
    // Two convolutions without bias, and of each channel a scale, a shift, a mean and a variance.
    parameters += 9 * (channels * filters + filters * filters) + 8 * filters;
    channels = filters;
  }
  assertEquals(parameters + 15 * (channels + 1), 1_779_183);
});

Deno.test("train takes the network that --network names, and refuses what does not fit it", async () => {
  await withFolder(async (folder) => {
    await writeFaces(`${folder}/faces.csv`, 20);
    await Deno.writeTextFile(
      `${folder}/tiny.json`,
      JSON.stringify({
        architecture: { name: "ferNet", options: { filters: [2, 2] } },
        workers: 0,
        batchSize: 8,
      }),
    );
    const train = (...args: string[]) =>
      runTask("train", ["--recipe=tiny.json", "--quiet", "--fast-dev-run", ...args], {
        cwd: folder,
      });
    const kept = await train("--data=faces.csv", "--run-dir=a", "--network=ferNet");
    assertEquals([kept.code, kept.stderr], [0, ""]);
    const { architecture } = JSON.parse(await Deno.readTextFile(`${folder}/a/config.json`));
    assertEquals([architecture.name, architecture.options.filters], ["ferNet", [2, 2]]);

    const other = await train("--data=faces.csv", "--network=ferCnn", "--train-crop-size=40");
    assertEquals(
      [other.code, other.stderr],
      [1, "error: Cannot train on crops of 40x40: the network takes 48x48\n"],
    );
    const init = await train("--network=ferNet", "--init=a/best.safetensors");
    assertEquals(init.code, 2);
    assertStringIncludes(init.stderr, "--network");
  });
});
