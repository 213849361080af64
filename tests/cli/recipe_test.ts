import { assert, assertEquals, assertLessOrEqual, assertStringIncludes } from "@std/assert";
import { trainingConfig } from "../../src/train.ts";
import { runTask, withFolder, writeFaces } from "./run_task.ts";

const RECIPE = new URL("../../recipes/fernet.json", import.meta.url);

/** FER-2013's training images. */
const TRAINING_IMAGES = 28_709;

Deno.test("recipes/fernet.json is a recipe of at most 700 TFLOP", async () => {
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
