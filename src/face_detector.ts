/**
 * Faces in pictures, without what they express.
 *
 * @module
 */
import { readPackagedWeights } from "./pretrained/packaged_weights.ts";
import { BlazeFace } from "./recognizer/blaze_face.ts";
import { BLAZE_FACE } from "./recognizer/blaze_face_file.ts";
import { detectFaces, type DetectorOptions, type Detectors } from "./recognizer/detector.ts";
import type { DetectedFace } from "./recognizer/face.ts";
import { type FrameInput, readFrame } from "./recognizer/frame.ts";
import { UltraLight } from "./recognizer/ultra_light.ts";
import { ULTRA_LIGHT } from "./recognizer/ultra_light_file.ts";

/** What {@linkcode FaceDetector.load} loads, and what the detector then looks for. */
export interface FaceDetectorOptions {
  /**
   * The most faces that are taken of a picture, those that are surest and largest.
   *
   * @default {50}
   */
  readonly maxFaces?: number;
  /**
   * How sure the detector must be that something is a face, above 0 and below 1.
   *
   * @default {0.7}
   */
  readonly minScore?: number;
  /**
   * The smallest faces to look for: a share of the picture's longer edge below 1, pixels from 1 on.
   * Smaller ones take longer: half the size about four times as long, up to `maxLooks`. Below 16
   * pixels none are looked for.
   *
   * @default {0.03}
   */
  readonly minSize?: number;
  /**
   * The most that a picture may cost, in looks at 480x480 pixels: where `minSize` would take more,
   * faces are found from a larger size on. The default takes one look at a picture of any size, for
   * `minSize` 0.015 about four.
   *
   * @default {4}
   */
  readonly maxLooks?: number;
  /**
   * A copy of the weight file of BlazeFace, which looks at faces closer: a path, a `file:` or `https:`
   * URL, or its bytes. For a bundle that serves it from elsewhere; its checksum is verified all the
   * same.
   *
   * @default The file in the package, at `recognizer/blaze_face.safetensors` beside the library's modules
   */
  readonly detector?: string | URL | Uint8Array;
  /**
   * Likewise of Ultra-Light RFB-320, which finds faces of all sizes.
   *
   * @default The file in the package, at `recognizer/ultra_light.safetensors` beside the library's modules
   */
  readonly farDetector?: string | URL | Uint8Array;
  /**
   * Whether to keep what comes over the network in the Web Cache API.
   *
   * @default {true}
   */
  readonly cache?: boolean;
}

/** What to look for, checked. */
function lookedFor(options: FaceDetectorOptions, what: string): DetectorOptions {
  const { maxFaces = 50, minScore = 0.7, minSize = 0.03, maxLooks = 4 } = options;
  const refuse = (wrong: string, expected: string): never => {
    throw new RangeError(`Cannot load ${what} with ${wrong}: expected ${expected}`);
  };
  if (!Number.isSafeInteger(maxFaces) || maxFaces < 1) {
    refuse(`maxFaces ${maxFaces}`, "an integer from 1 on");
  }
  if (!(minScore > 0 && minScore < 1)) {
    refuse(`minScore ${minScore}`, "a number between 0 and 1");
  }
  if (!(minSize > 0)) {
    refuse(`minSize ${minSize}`, "pixels from 1 on, or a share of the longer edge above 0");
  }
  if (!(maxLooks >= 1)) refuse(`maxLooks ${maxLooks}`, "a number from 1 on");
  return { maxFaces, minScore, minSize, maxLooks };
}

/** The detector's networks, and what to look for. */
export interface LoadedDetectors {
  /** The networks; whoever loads them disposes of them. */
  readonly detectors: Detectors;
  /** What to look for. */
  readonly options: DetectorOptions;
}

/**
 * Loads the detector's networks.
 *
 * @param options What to look for.
 * @param what What they are loaded for, in messages.
 * @returns The networks.
 * @throws {CheckpointError} When weights cannot be had.
 * @throws {RangeError} When an option is out of range.
 */
export async function loadDetectors(
  options: FaceDetectorOptions,
  what: string,
): Promise<LoadedDetectors> {
  const checked = lookedFor(options, what);
  const {
    // Bundlers take the files along for these very expressions.
    detector = new URL("./recognizer/blaze_face.safetensors", import.meta.url),
    farDetector = new URL("./recognizer/ultra_light.safetensors", import.meta.url),
    cache = true,
  } = options;
  const [near, far] = await Promise.all([
    readPackagedWeights(BLAZE_FACE, detector, cache),
    readPackagedWeights(ULTRA_LIGHT, farDetector, cache),
  ]);
  return { detectors: { near: new BlazeFace(near), far: new UltraLight(far) }, options: checked };
}

/**
 * Finds faces, and needs no network for expressions: to crop a data set's faces, for instance with
 * `frameFace()`. Where expressions are wanted too, `FerRecognizer` does both.
 *
 * @example
 * ```ts
 * import { FaceDetector } from "@fer/core/recognizer";
 *
 * using detector = await FaceDetector.load({ minSize: 0.05 });
 * const picture = { data: new Uint8Array(64 * 48).fill(128), width: 64, height: 48 };
 * console.assert((await detector.detect(picture)).length === 0);
 * ```
 */
export class FaceDetector {
  readonly #detectors: Detectors;
  readonly #options: DetectorOptions;
  #isDisposed = false;

  private constructor({ detectors, options }: LoadedDetectors) {
    this.#detectors = detectors;
    this.#options = options;
  }

  /**
   * Loads the detector, on tfjs's current backend: `webgpu` after `useWebGpu()`; `wasm` and `cpu`
   * work too.
   *
   * @param options What to look for.
   * @returns The detector. Call its `dispose()` when done, or declare it with `using`.
   * @throws {CheckpointError} When weights cannot be had.
   * @throws {RangeError} When an option is out of range.
   */
  static async load(options: FaceDetectorOptions = {}): Promise<FaceDetector> {
    return new FaceDetector(await loadDetectors(options, "a detector"));
  }

  /**
   * Finds the faces of a picture.
   *
   * @param image The picture.
   * @returns Its faces, those that are surest and largest first.
   * @throws {TypeError} When it is no picture, or the detector was disposed of.
   * @throws {RangeError} When it has no pixels.
   */
  async detect(image: FrameInput): Promise<DetectedFace[]> {
    return (await this.detectMany([image]))[0];
  }

  /**
   * Finds the faces of several pictures, in as few passes of the networks as possible.
   *
   * @param images The pictures.
   * @returns The faces of each, those that are surest and largest first.
   * @throws {TypeError} When one is no picture, or the detector was disposed of.
   * @throws {RangeError} When one has no pixels.
   */
  async detectMany(images: readonly FrameInput[]): Promise<DetectedFace[][]> {
    if (this.#isDisposed) throw new TypeError("Cannot detect: this detector was disposed of");
    const pictures = await Promise.all(images.map(readFrame));
    return await detectFaces(this.#detectors, pictures, this.#options);
  }

  /** Frees the detector. A second call does nothing. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#detectors.near.dispose();
    this.#detectors.far.dispose();
  }

  /** As `dispose()`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
