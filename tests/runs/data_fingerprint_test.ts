import { assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { drawnFaces, FerDataset } from "../../src/data.ts";
import { buildFerCnn } from "../../src/model.ts";
import { RunDirectory, RunDirectoryError, Trainer } from "../../src/train.ts";
import { dataDifference, dataFingerprint } from "../../src/runs/data_fingerprint.ts";

const faces = drawnFaces(28, 7, { validation: 0.5, test: 0 });
const training = faces.split("Training");
const validation = faces.split("PublicTest");
const places = [...training.labels.keys()];
const changed = (more: Partial<FerDataset>): FerDataset => new FerDataset({ ...training, ...more });

/** Each change of what is trained on, and what is said of it. */
const CHANGES: ReadonlyArray<[what: string, data: FerDataset, said: string]> = [
  [
    "a class of another name",
    changed({ classes: training.classes.with(2, "dread") }),
    "classes angry, disgust, fear, happy, sad, surprise, neutral, " +
    "now angry, disgust, dread, happy, sad, surprise, neutral",
  ],
  ["a row fewer", training.subset(places.slice(1)), "14 training images, now 13"],
  [
    "two rows exchanged",
    training.subset([1, 0, ...places.slice(2)]),
    "the 14 training images are in another order",
  ],
  [
    "one pixel one level brighter",
    changed({ pixels: training.pixels.with(5000, training.pixels[5000] ^ 1) }),
    "the 14 training images have other pixels",
  ],
  [
    "one other label",
    changed({ labels: training.labels.with(3, (training.labels[3] + 1) % 7) }),
    "the 14 training images have other labels",
  ],
  [
    "other soft labels",
    changed({ softLabels: new Float32Array(14 * 7).fill(1 / 7) }),
    "the 14 training images have other votes",
  ],
  [
    "votes that are gone",
    changed({ softLabels: undefined, votes: undefined }),
    "the 14 training images have no votes any more",
  ],
];

for (const [what, data, said] of CHANGES) {
  Deno.test(`dataDifference() tells ${what}`, () => {
    const before = JSON.parse(JSON.stringify(dataFingerprint(training, validation)));
    assertEquals(dataDifference(before, dataFingerprint(data, validation)), said);
  });
}

Deno.test("dataDifference() finds none in the same data from another place, and tells validation", () => {
  const before = dataFingerprint(training, validation);
  assertEquals(dataDifference(before, dataFingerprint(changed({ source: "b" }), validation)), null);
  const fewer = validation.subset([0, 1, 2]);
  assertEquals(
    dataDifference(before, dataFingerprint(training, fewer)),
    "14 validation images, now 3",
  );
});

Deno.test("dataDifference() takes what a run of an older version says", () => {
  const now = dataFingerprint(training, validation);
  assertEquals(dataDifference({}, now), null);
  assertEquals(dataDifference({ classes: ["a"] }, now)?.startsWith("classes a, now angry"), true);
});

Deno.test("Trainer.fit() does not go on with other data, and leaves the run as it was", async () => {
  await tf.setBackend("cpu");
  const path = await Deno.makeTempDir();
  const fit = async (data: FerDataset, maxSteps: number, resume: boolean): Promise<void> => {
    const runDirectory = await RunDirectory.open(path, { resume });
    const model = buildFerCnn({ filters: [2, 2, 2], hidden: 2, seed: 1 });
    try {
      const config = { epochs: 2, batchSize: 7, augment: "none", workers: 0, maxSteps } as const;
      await new Trainer(model, config, { runDirectory }).fit(data, validation);
    } finally {
      model.dispose();
      runDirectory.close();
    }
  };
  const files = async () => {
    const names = [...Deno.readDirSync(path)].map(({ name }) => name).sort();
    return await Promise.all(
      names.map(async (name) => [name, await Deno.readFile(`${path}/${name}`)]),
    );
  };
  try {
    await fit(training, 1, false);
    const before = await files();
    for (const [what, data, said] of CHANGES) {
      const { message } = await assertRejects(() => fit(data, 2, true), RunDirectoryError);
      assertEquals(
        message,
        `Cannot go on with ${path}: the data are not those that the run began with: ${said}`,
      );
      assertEquals(await files(), before, what);
    }
    await fit(changed({ source: "elsewhere" }), 2, true);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});
