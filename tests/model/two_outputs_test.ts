import { assert, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  buildFerCnn,
  buildFerNet,
  CheckpointError,
  describeModel,
  encodeModel,
  loadModel,
  loadModelWeights,
  readSafetensors,
  toStateDict,
  writeSafetensors,
} from "../../src/model.ts";
import { FERPLUS_CLASSES } from "../../src/emotions.ts";
import { calibrate } from "../../src/model/description.ts";
import { assertClose, logitsOf, noise, normalized, seeminglyTrained } from "../export/networks.ts";

tf.env().set("PROD", true);
await tf.setBackend("cpu");

const BUILDERS = {
  buildFerCnn: (ferPlus: boolean) => buildFerCnn({ filters: [2, 3], hidden: 4, size: 8, ferPlus }),
  buildFerNet: (ferPlus: boolean) => buildFerNet({ filters: [2, 3], size: 8, ferPlus }),
};

for (const [name, build] of Object.entries(BUILDERS)) {
  Deno.test(`${name}() with ferPlus gives eight more logits from one last layer`, async () => {
    const [one, two] = [build(false), build(true)];
    assertEquals(one.outputShape, [null, 7]);
    assertEquals(two.outputShape, [null, 15]);
    const last = [...await toStateDict(two)].filter(([key]) => /^fc2?\.weight/.test(key)).pop();
    assertEquals(last?.[1].shape[0], 15);
    assertEquals(describeModel(two).ferPlus?.classes, [...FERPLUS_CLASSES]);
    assertEquals(describeModel(one).ferPlus, undefined);
    assertEquals("ferPlus" in describeModel(one).architecture.options, false);
    one.dispose();
    two.dispose();
  });

  Deno.test(`loadModel() gives back what encodeModel() was told of ${name}()'s outputs`, async () => {
    const model = await seeminglyTrained(build(true), 1);
    const shares = [0.1, 0.1, 0.1, 0.3, 0.2, 0.1, 0.1];
    const ofVotes = { temperature: 0.8, classShares: [...shares.slice(1), 0.05, 0.05] };
    calibrate(model, { temperature: 1.5, classShares: shares }, ofVotes);
    const loaded = await loadModel(await encodeModel(model));
    const { classShares, ferPlus, temperature } = describeModel(loaded.model);
    assertEquals({ classShares, temperature }, { classShares: shares, temperature: 1.5 });
    assertEquals(ferPlus, { classes: [...FERPLUS_CLASSES], ...ofVotes });
    const pixels = normalized(noise(3 * 64, 2));
    assertEquals(logitsOf(loaded.model, pixels, 3, 8), logitsOf(model, pixels, 3, 8));
    model.dispose();
    loaded.model.dispose();
  });
}

Deno.test("loadModel() takes a state dict of fifteen outputs for a network of both label sets", async () => {
  const model = await seeminglyTrained(buildFerNet({ filters: [2, 3], ferPlus: true }), 1);
  const { tensors } = readSafetensors(await encodeModel(model));
  const { model: loaded, metadata } = await loadModel(writeSafetensors(tensors));
  assertEquals(metadata.classes.length, 7);
  assertEquals(metadata.ferPlus?.classes.length, 8);
  const pixels = normalized(noise(2 * 48 * 48, 2));
  assertEquals(logitsOf(loaded, pixels, 2, 48), logitsOf(model, pixels, 2, 48));
  model.dispose();
  loaded.dispose();
});

Deno.test("loadModel() refuses class shares that are not one a class", async () => {
  const model = buildFerNet({ filters: [2], ferPlus: true });
  const { tensors, metadata } = readSafetensors(await encodeModel(model));
  for (
    const [key, value] of Object.entries({
      classShares: [0.5, 0.5],
      ferPlus: { classes: ["a", "b"], temperature: 0 },
      reading: { labels: "all" },
    })
  ) {
    const bytes = writeSafetensors(tensors, { ...metadata, [key]: JSON.stringify(value) });
    await assertRejects(() => loadModel(bytes), CheckpointError, `metadata ${key} is`);
  }
  model.dispose();
});

Deno.test("loadModelWeights() with widen fills a wider network that says the same", async () => {
  for (
    const [narrow, wide] of [
      [
        buildFerNet({ filters: [2, 3], size: 8 }),
        buildFerNet({ filters: [3, 5], size: 8, ferPlus: true, seed: 9 }),
      ],
      [
        buildFerCnn({ filters: [2, 3], hidden: 4, size: 8 }),
        buildFerCnn({ filters: [4, 5], hidden: 7, size: 8, ferPlus: true, seed: 9 }),
      ],
    ]
  ) {
    await seeminglyTrained(narrow, 1);
    const bytes = await encodeModel(narrow);
    await loadModelWeights(wide, bytes, { widen: true });
    const pixels = normalized(noise(4 * 64, 2));
    const logits = logitsOf(wide, pixels, 4, 8);
    const first = Array.from({ length: 4 }, (_, i) => [...logits.slice(i * 15, i * 15 + 7)]).flat();
    assertClose(first, logitsOf(narrow, pixels, 4, 8), 1e-5);
    // What is new is not all zeros, or it would never learn.
    const weights = await toStateDict(wide);
    const filters = [...weights].filter(([name]) => /^conv(1|1_1)\.weight$/.test(name)).map(
      ([, { data }]) => data as Float32Array,
    );
    assert(filters.every((data) => data.slice(-9).every((each) => each !== 0)));
    narrow.dispose();
    wide.dispose();
  }
});

Deno.test("loadModelWeights() with widen refuses a network that is wider or looks at more", async () => {
  const wide = await encodeModel(buildFerNet({ filters: [4, 5] }));
  const model = buildFerNet({ filters: [3, 5] });
  const before = await toStateDict(model);
  await assertRejects(
    () => loadModelWeights(model, wide, { widen: true }),
    CheckpointError,
    "tensor conv1_1.weight has the shape [4,1,3,3], expected [3,1,3,3] or fewer filters",
  );
  assertEquals(await toStateDict(model), before);
  model.dispose();
});
