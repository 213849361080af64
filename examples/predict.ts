// deno-lint-ignore-file no-console
/**
 * Recognizes the expression in images.
 *
 *     deno run --allow-read examples/predict.ts model.safetensors face.jpg other.png
 */
import { loadModel, predict, useEngine } from "../mod.ts";

const [path = "model.safetensors", ...files] = Deno.args;

const engine = await useEngine();
const { model } = await loadModel(path);

// Encoded bytes, {data, width, height} and tensors all do, one by one or many at once.
const images = await Promise.all(files.map((file) => Deno.readFile(file)));
const results = await predict(model, images);
results.forEach(([best, second], i) => {
  const show = ({ label, probability }: typeof best) =>
    `${label} (${(100 * probability).toFixed(1)} %)`;
  console.log(`${files[i]}: ${show(best)}, perhaps ${show(second)}`);
});

model.dispose();
engine.dispose();
