/**
 * Faces in pictures and video, and what they express: a face detector, the expression network on
 * what it finds, and identities over frames.
 *
 * @example
 * ```ts
 * import { buildFerCnn } from "@fer/core";
 * import { FerRecognizer } from "@fer/core/recognizer";
 *
 * // Or without `model`: the network that comes with the library.
 * const model = buildFerCnn({ filters: [4, 4, 4], hidden: 8 });
 * using recognizer = await FerRecognizer.load({ model });
 * const picture = { data: new Uint8Array(64 * 48).fill(128), width: 64, height: 48 };
 * console.assert((await recognizer.recognize(picture)).length === 0);
 * model.dispose();
 * ```
 *
 * @module
 */
export type {
  Box,
  DetectedFace,
  FaceCrop,
  FaceQuality,
  Point,
  QualityIssue,
  RecognizedFace,
} from "./recognizer/face.ts";
export type { FrameInput } from "./recognizer/frame.ts";
export { FaceDetector, type FaceDetectorOptions } from "./face_detector.ts";
export * from "./recognizer/frame_face.ts";
export type { RecognizeOptions } from "./recognizer/recognize_options.ts";
export * from "./recognizer/tracker.ts";
export { type VideoOptions, VideoRecognizer } from "./recognizer/video.ts";
export type { SquareMap } from "./explain/overlay.ts";
export type {
  ArchitectureConfig,
  FerModel,
  ModelDescription,
  Preprocessing,
} from "./model/description.ts";
export type { LoadedModel, ModelMetadata } from "./model/model_file.ts";
export type {
  ClassProbability,
  GreyTensor,
  ImageInput,
  ImageTensor,
  TestTimeAugmentation,
} from "./predict.ts";
export type { Image } from "./transforms/transform.ts";
export * from "./recognizer/recognizer.ts";
