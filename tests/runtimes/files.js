// What needs a disk: the same in Deno, Node and Bun.
import { buildFerNet, loadFerCsv, loadImageFolder, loadModel, predict, saveModel } from "@fer/core";
import { saveOnnx, savePyTorch, saveTfjs } from "@fer/core/export";
import { useEngine } from "@fer/core";

async function refusal(work) {
  try {
    await work();
    return "nothing was refused";
  } catch (error) {
    return error.message;
  }
}

/**
 * Reads and writes what the library reads and writes.
 *
 * @param folder With `faces.csv` and a folder `images` of classes; what is written goes there too.
 */
export async function handleFiles(folder) {
  const engine = await useEngine({ engine: "wasm" });
  const rows = await loadFerCsv(`${folder}/faces.csv`);
  const images = await loadImageFolder(`${folder}/images`);
  const model = buildFerNet({ filters: [2, 4], seed: 3 });
  const file = `${folder}/model.safetensors`;
  await saveModel(model, file);
  const loaded = await loadModel(file);
  const again = await loadModel(new URL(`file://${file}`));
  const [best] = await predict(loaded, rows.image(0));
  const [same] = await predict(again, rows.image(0));
  await saveOnnx(loaded.model, `${folder}/model.onnx`);
  await saveTfjs(loaded.model, `${folder}/tfjs`);
  await savePyTorch(file, `${folder}/torch.safetensors`);
  const errors = [
    await refusal(() => loadFerCsv("/no/such/faces.csv")),
    await refusal(() => loadImageFolder("/no/such/folder")),
    await refusal(() => loadModel("/no/such/model.safetensors")),
    await refusal(() => loadModel("/")),
    await refusal(() => saveModel(model, "/no/such/folder/model.safetensors")),
  ];
  engine.dispose();
  return {
    rows: rows.length,
    sum: rows.pixels.reduce((sum, each) => sum + each, 0),
    classes: images.classes,
    names: images.names,
    label: best.label,
    probability: best.probability,
    isSame: best.probability === same.probability,
    errors,
  };
}
