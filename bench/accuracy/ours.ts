/**
 * A network of this library: the packaged one, or that of a file.
 *
 * @module
 */
import { FerDataset } from "../../src/data.ts";
import { loadModel } from "../../src/model.ts";
import { predictDataset } from "../../src/predict.ts";
import { loadPretrained } from "../../src/pretrained.ts";
import { FERNET } from "../../src/pretrained/fernet.ts";
import { sha256 } from "../../src/pretrained/packaged_weights.ts";
import { VERSION } from "../../src/version.ts";
import { takePart } from "./contestant.ts";
import { PACKAGED } from "./entrants.ts";

async function load(name: string): ReturnType<typeof loadOne> {
  if (name === PACKAGED) {
    const { model, metadata } = await loadPretrained();
    const { bytes = 0, sha256 } = FERNET ?? {};
    return { model, metadata, bytes, sha256 };
  }
  return await loadOne(name);
}

async function loadOne(path: string) {
  const bytes = await Deno.readFile(path);
  const { model, metadata } = await loadModel(path);
  return {
    model,
    metadata,
    bytes: bytes.length,
    sha256: await sha256(bytes) as string | undefined,
  };
}

await takePart("fer", async ({ size }, [name, tta]) => {
  const { model, metadata, bytes, sha256 } = await load(name);
  const { classes } = metadata;
  return {
    version: `@fer/core ${VERSION}, ${metadata.architecture.name}`,
    classes,
    bytes,
    sha256,
    parameters: model.countParams(),
    temperature: metadata.temperature,
    async probabilities(pixels, count) {
      const dataset = new FerDataset({
        pixels,
        size,
        classes,
        labels: new Int8Array(count),
        usages: new Uint8Array(count),
        source: "images",
      });
      return await predictDataset(model, dataset, { tta: tta === "tta" });
    },
  };
});
