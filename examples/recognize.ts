// deno-lint-ignore-file no-console
/**
 * Finds the faces in pictures and recognizes what they express, with the network that comes with the
 * library or one's own.
 *
 *     deno run --allow-read --allow-env=XDG_RUNTIME_DIR examples/recognize.ts party.jpg other.png
 *     deno run --allow-read --allow-env=XDG_RUNTIME_DIR examples/recognize.ts --model model.safetensors party.jpg
 */
import { FerRecognizer, loadModel, useEngine } from "../mod.ts";

const files = [...Deno.args];
const model = files[0] === "--model" ? await loadModel(files.splice(0, 2)[1]) : undefined;

const engine = await useEngine();
// Faces from 0.03 of a photograph's longer edge on; `minSize` asks for smaller ones, or larger.
const recognizer = await FerRecognizer.load({ model });
await recognizer.warmUp();

for (const file of files) {
  // Encoded bytes, {data, width, height}, ImageBitmaps and tensors all do.
  const faces = await recognizer.recognize(await Deno.readFile(file));
  console.log(`${file}: ${faces.length === 1 ? "1 face" : `${faces.length} faces`}`);
  for (const { box, probabilities, quality } of faces) {
    const place = `${Math.round(box.width)} pixels wide at ${Math.round(box.x)},${
      Math.round(box.y)
    }`;
    // A face that is too dark or too small is no reason to guess.
    const [best] = probabilities ?? [];
    const what = best
      ? `${best.label} (${(100 * best.probability).toFixed(1)} %)`
      : `too ${quality.issues.join(" and ")} to tell`;
    console.log(`  ${place}: ${what}`);
  }
}

recognizer.dispose();
model?.model.dispose();
engine.dispose();
