/**
 * Trains and runs facial-expression recognition on WebGPU.
 *
 * @example Train on drawn faces, save, predict
 * ```ts
 * import { buildFerCnn, drawnFaces, predict, saveModel, Trainer, useWebGpu } from "@fer/core";
 *
 * const gpu = await useWebGpu();
 * const faces = drawnFaces(64, 42); // or: await loadFerCsv("fer2013.csv.gz")
 * const model = buildFerCnn({ filters: [4, 8, 16], hidden: 32 });
 * const trainer = new Trainer(model, { epochs: 1, batchSize: 16, workers: 0 }, { gpu });
 * await trainer.fit(faces.split("Training"), faces.split("PublicTest"));
 *
 * const folder = await Deno.makeTempDir();
 * await saveModel(model, `${folder}/model.safetensors`);
 * const [best] = await predict(model, faces.image(0));
 * console.assert(best.probability > 1 / 7);
 * await Deno.remove(folder, { recursive: true });
 * gpu.dispose();
 * ```
 *
 * @module
 */
export * from "./src/emotions.ts";
export * from "./src/random.ts";
export * from "./src/backend.ts";
export * from "./src/engine.ts";
export * from "./src/data.ts";
export * from "./src/transforms.ts";
export * from "./src/model.ts";
export * from "./src/train.ts";
export * from "./src/metrics.ts";
export * from "./src/evaluate.ts";
export * from "./src/predict.ts";
export * from "./src/pretrained.ts";
export * from "./src/explain.ts";
export * from "./src/recognizer.ts";
export * from "./src/report.ts";
export * from "./src/dashboard.ts";
export { VERSION } from "./src/version.ts";
