// deno-lint-ignore-file no-console
/**
 * Measures a model on a split of FER-2013.
 *
 *     deno run --allow-read examples/evaluate.ts model.safetensors fer2013.csv.gz PublicTest
 *
 * The second argument may also be a number: so many drawn faces, which need no download.
 */
import { drawnFaces, evaluate, loadFerCsv, loadModel, type Usage, useEngine } from "../mod.ts";

const [path = "model.safetensors", source = "700", usage = "PublicTest"] = Deno.args;
const faces = /^\d+$/.test(source) ? drawnFaces(Number(source), 42) : await loadFerCsv(source);

const engine = await useEngine({ purpose: "batches" });
const { model } = await loadModel(path);
const result = await evaluate(model, faces.split(usage as Usage), {
  tta: true,
  training: faces.split("Training"),
});

const percent = (fraction: number) => `${(100 * fraction).toFixed(1)} %`;
const [low, high] = result.accuracyInterval;
console.log(`${result.n} images: accuracy ${percent(result.accuracy)}`);
console.log(`in 95 of 100 such samples between ${percent(low)} and ${percent(high)}`);
if (result.leakFree) {
  console.log(`on images that Training does not have: ${percent(result.leakFree.accuracy)}`);
}
for (const [name, { recall, support }] of Object.entries(result.perClass)) {
  console.log(`${name.padEnd(9)} ${percent(recall)} of ${support}`);
}

model.dispose();
engine.dispose();
