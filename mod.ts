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
export {
  GpuDeviceLostError,
  GpuError,
  NoGpuAdapterError,
  useWebGpu,
  type WebGpu,
  type WebGpuOptions,
} from "./src/backend.ts";
export {
  decodeImage,
  drawnFaces,
  type DrawnFacesOptions,
  encodePng,
  FerDataset,
  loadFerCsv,
  type LoadFerCsvOptions,
  loadImageFolder,
  type LoadImageFolderOptions,
  type Usage,
  withFerPlus,
  withValidationSplit,
} from "./src/data.ts";
export { type Emotion, EMOTIONS, FERPLUS_CLASSES } from "./src/emotions.ts";
export {
  type Engine,
  EngineError,
  type EngineOptions,
  useEngine,
  type WasmFiles,
} from "./src/engine.ts";
export { evaluate, type EvaluateOptions, withMajorityLabels } from "./src/evaluate.ts";
export {
  explain,
  type ExplainOptions,
  type Explanation,
  overlayExplanation,
  type SquareMap,
} from "./src/explain.ts";
export type { Evaluation } from "./src/metrics.ts";
export {
  buildFerCnn,
  buildFerNet,
  CheckpointError,
  describeModel,
  describeNetwork,
  encodeModel,
  type FerCnnOptions,
  type FerModel,
  type FerNetOptions,
  type Labels,
  type LoadedModel,
  loadModel,
  type LoadModelOptions,
  type ModelDescription,
  type ModelMetadata,
  type NetworkDefinition,
  type Priors,
  type Reading,
  registerNetwork,
  saveModel,
  type SaveModelOptions,
} from "./src/model.ts";
export {
  type ClassProbability,
  type ImageInput,
  predict,
  predictDataset,
  type PredictDatasetOptions,
  type PredictOptions,
  type TestTimeAugmentation,
} from "./src/predict.ts";
export { hasPretrained, loadPretrained, type PretrainedOptions } from "./src/pretrained.ts";
export { Generator } from "./src/random.ts";
export {
  type Box,
  type DetectedFace,
  FaceDetector,
  type FaceQuality,
  FaceTracker,
  type FaceTrackerOptions,
  FerRecognizer,
  type FindsFaces,
  type FramedFace,
  frameFace,
  type FrameFaceOptions,
  type Point,
  type QualityIssue,
  type RecognizedFace,
  type RecognizeOptions,
  type RecognizerOptions,
  type TrackedFace,
  type VideoRecognizer,
} from "./src/recognizer.ts";
export { type Predictions, type ReportOptions, writeReport } from "./src/report.ts";
export {
  type AugmentationFactory,
  DEFAULT_TRAINING_CONFIG,
  type EpochLine,
  type Optimizer,
  type OptimizerFactory,
  RunDirectory,
  RunDirectoryError,
  type Schedule,
  type ScheduleFactory,
  type StepLine,
  type StopReason,
  Trainer,
  type TrainerOptions,
  type TrainingBegin,
  type TrainingCallback,
  type TrainingConfig,
  trainingConfig,
  TrainingDivergedError,
  type TrainingProgress,
  type TrainingResult,
  type ValidationResult,
} from "./src/train.ts";
export type { Image, Transform } from "./src/transforms.ts";
export { VERSION } from "./src/version.ts";
