/**
 * Faces in pictures and video, and what they express: a face detector, the expression network on
 *
 * @module
 */
import { explain } from "../explain.ts";
import { withMemoryAdvice } from "../gpu/errors.ts";
import { type FaceDetectorOptions, loadDetectors, type LoadedDetectors } from "../face_detector.ts";
import {
  describeModel,
  type FerModel,
  type Labels,
  type Priors,
  type Reading,
} from "../model/description.ts";
import { refusalBehind } from "../kernels/program.ts";
import type { LoadedModel } from "../model/model_file.ts";
import { predict } from "../predict.ts";
import { networkOf } from "../predict/network.ts";
import { loadPretrained } from "../pretrained.ts";
import { cropOf } from "./alignment.ts";
import { cutOut } from "./crop.ts";
import { detectFaces, type DetectorOptions, type Detectors } from "./detector.ts";
import type { DetectedFace, Point, RecognizedFace } from "./face.ts";
import { type FrameInput, readFrame } from "./frame.ts";
import { qualityOf } from "./quality.ts";
import type { RecognizeOptions } from "./recognize_options.ts";
import { VideoDetector, type VideoOptions, VideoRecognizer } from "./video.ts";
import { readingForAnyFaces } from "./reading.ts";
import type { Image } from "../transforms/transform.ts";

/** What {@linkcode FerRecognizer.load} loads, and what the recognizer then looks for. */
export interface RecognizerOptions extends Reading, FaceDetectorOptions {
  /**
   * The expression network: a model, or what `loadModel()` gave. It stays the caller's to dispose
   * of.
   *
   * @default what `loadPretrained()` gives
   */
  readonly model?: FerModel | LoadedModel;
  /**
   * Whose labels the answers follow.
   *
   * @default {"both"} where the network learned FER+'s votes too, else "fer2013"
   */
  readonly labels?: Labels;
  /**
   * How frequent each class is taken to be.
   *
   * @default {"uniform"} where the network learned FER+'s votes too, else "training"
   */
  readonly priors?: Priors;
}

/** A face on its way from the detector to the network. */
interface Sighting {
  readonly face: Omit<RecognizedFace, "probabilities">;
  readonly grey: Image;
  readonly isWanted: boolean;
}

/** Cuts a face out of its picture and judges it. */
function sight(face: DetectedFace, picture: Image, size: number, anyQuality: boolean): Sighting {
  const crop = cropOf(face);
  const grey = cutOut(picture, crop, size);
  const quality = qualityOf(face, crop, grey, picture);
  const isWanted = anyQuality || quality.issues.length === 0;
  return { face: { ...face, crop, quality }, grey, isWanted };
}

/** Detector and expression network together. */
export class FerRecognizer {
  readonly #network: FerModel;
  readonly #detectors: Detectors;
  readonly #options: DetectorOptions;
  readonly #reading: Reading;
  readonly #owned: FerModel | null;
  #isDisposed = false;

  private constructor(
    network: FerModel,
    reading: Reading,
    { detectors, options }: LoadedDetectors,
    owned: FerModel | null,
  ) {
    this.#network = network;
    this.#reading = reading;
    this.#detectors = detectors;
    this.#options = options;
    this.#owned = owned;
  }

  /**
   * Loads the detector and, unless it is given, the expression network, on tfjs's current backend:
   * `webgpu` after `useWebGpu()`; `wasm` and `cpu` work too.
   *
   * In a clone it reads files (`--allow-read`); from JSR it fetches them once (`--allow-net`) and
   * then works offline; a browser fetches them relative to the module.
   *
   * @param options The network, and what to look for.
   * @returns The recognizer. Call its `dispose()` when done, or declare it with `using`.
   * @throws {CheckpointError} When weights cannot be had, or this version carries no network.
   * @throws {RangeError} When an option is out of range.
   */
  static async load(options: RecognizerOptions = {}): Promise<FerRecognizer> {
    const loaded = await loadDetectors(options, "a recognizer");
    const owned = options.model ? null : (await loadPretrained({ cache: options.cache })).model;
    const network = networkOf(options.model ?? owned as FerModel);
    const reading = readingForAnyFaces(network, options);
    return new FerRecognizer(network, reading, loaded, owned);
  }

  /**
   * Goes the whole way twice on a made-up picture: the GPU compiles its programs, JavaScript's engine
   * the code. The first picture then takes no longer than later ones, unless it asks for `tta`: its
   * programs are compiled at its first use.
   *
   * @returns When it is done. Without a GPU that can be seconds, once: drivers keep what they compiled.
   */
  async warmUp(): Promise<void> {
    this.#check("warm up");
    const { size } = describeModel(this.#network).preprocessing;
    const [width, height] = [640, 480];
    const picture = { data: new Uint8Array(4 * width * height), width, height };
    const at = (x: number, y: number): Point => ({ x, y });
    const face = {
      box: { x: 270, y: 190, width: 100, height: 100 },
      score: 1,
      landmarks: [
        at(300, 220),
        at(340, 220),
        at(320, 240),
        at(320, 260),
        at(270, 230),
        at(370, 230),
      ],
    };
    for (let round = 0; round < 2; round++) {
      await this.detect(picture);
      const { grey } = sight(face, picture, size, true);
      await predict(this.#network, grey);
    }
  }

  /**
   * Finds the faces of a picture, without their expressions.
   *
   * @param image The picture.
   * @returns Its faces, those that are surest and largest first.
   * @throws {TypeError} When it is no picture, or the recognizer was disposed of.
   * @throws {RangeError} When it has no pixels.
   */
  async detect(image: FrameInput): Promise<DetectedFace[]> {
    this.#check("detect");
    return (await detectFaces(this.#detectors, [await readFrame(image)], this.#options))[0];
  }

  /**
   * Recognizes the expressions of a picture's faces.
   *
   * @param image The picture.
   * @param options What to tell.
   * @returns Its faces, those that are surest and largest first.
   * @throws {TypeError} When it is no picture, or the recognizer was disposed of.
   * @throws {RangeError} When it has no pixels, or the model gives no numbers.
   */
  async recognize(image: FrameInput, options: RecognizeOptions = {}): Promise<RecognizedFace[]> {
    return (await this.recognizeMany([image], options))[0];
  }

  /**
   * Recognizes the expressions of several pictures' faces, all of them in as few passes of the
   * networks as possible.
   *
   * @param images The pictures.
   * @param options What to tell.
   * @returns The faces of each, those that are surest and largest first.
   * @throws {TypeError} When one is no picture, or the recognizer was disposed of.
   * @throws {RangeError} When one has no pixels, or the model gives no numbers.
   */
  async recognizeMany(
    images: readonly FrameInput[],
    options: RecognizeOptions = {},
  ): Promise<RecognizedFace[][]> {
    this.#check("recognize");
    const pictures = await Promise.all(images.map(readFrame));
    try {
      return await this.#express(await this.#see(pictures, options), options);
    } catch (error) {
      const edge = Math.max(...pictures.map(({ width, height }) => Math.max(width, height)));
      const what = pictures.length === 1
        ? `a picture of ${pictures[0].width}x${pictures[0].height}`
        : `${pictures.length} pictures at once, their longest edge ${edge}`;
      throw withMemoryAdvice(
        await refusalBehind(error),
        `Cannot recognize ${what}`,
        pictures.length === 1
          ? "Look for fewer faces: maxFaces, maxLooks"
          : "Recognize fewer at once",
      );
    }
  }

  /**
   * Recognizes the expressions in frame after frame. A frame is asked for when what was recognized
   * in the one before has been taken.
   *
   * @param frames The frames.
   * @param options What to tell.
   * @returns The faces of each frame, those that are surest and largest first.
   */
  async *recognizeStream(
    frames: AsyncIterable<FrameInput>,
    options: RecognizeOptions = {},
  ): AsyncGenerator<RecognizedFace[]> {
    for await (const frame of frames) yield await this.recognize(frame, options);
  }

  /**
   * Makes a recognizer of one video. It looks where faces were in the frame before, which takes a part
   * of the time of looking at all of it, and for other faces every so often.
   *
   * @param options How often it looks for other faces.
   * @returns The video's recognizer; it ends with this one.
   * @throws {TypeError} When the recognizer was disposed of.
   * @throws {RangeError} When `lookEvery` is below 0 or no number.
   *
   * @example
   * ```ts
   * import { buildFerCnn } from "@fer/core";
   * import { FaceTracker, FerRecognizer } from "@fer/core/recognizer";
   *
   * const model = buildFerCnn({ filters: [4, 4, 4], hidden: 8 });
   * using recognizer = await FerRecognizer.load({ model });
   * const [video, tracker] = [recognizer.forVideo(), new FaceTracker()];
   * const frame = { data: new Uint8Array(64 * 48).fill(128), width: 64, height: 48 };
   * for (const seconds of [0, 0.04, 0.08]) {
   *   const faces = tracker.update(await video.recognize(frame, seconds), seconds);
   *   console.assert(faces.length === 0);
   * }
   * model.dispose();
   * ```
   */
  forVideo(options: VideoOptions = {}): VideoRecognizer {
    this.#check("recognize a video");
    const detector = new VideoDetector(this.#detectors, this.#options, options);
    return new VideoRecognizer(detector, async (frame, seconds, wanted) => {
      this.#check("recognize");
      const picture = await readFrame(frame);
      const faces = await detector.detect(picture, seconds);
      return (await this.#express([this.#cutOut(picture, faces, wanted)], wanted))[0];
    });
  }

  /** Finds the faces of pictures and cuts them out. */
  async #see(pictures: readonly Image[], options: RecognizeOptions): Promise<Sighting[][]> {
    const found = await detectFaces(this.#detectors, pictures, this.#options);
    return found.map((faces, i) => this.#cutOut(pictures[i], faces, options));
  }

  #cutOut(
    picture: Image,
    faces: readonly DetectedFace[],
    { anyQuality = false }: RecognizeOptions,
  ): Sighting[] {
    const { size } = describeModel(this.#network).preprocessing;
    return faces.map((face) => sight(face, picture, size, anyQuality));
  }

  /** Recognizes what the faces express, in one batch. */
  async #express(
    sightings: readonly Sighting[][],
    { gradCam = false, tta = false }: RecognizeOptions,
  ): Promise<RecognizedFace[][]> {
    const wanted = sightings.flat().filter(({ isWanted }) => isWanted);
    const greys = wanted.map(({ grey }) => grey);
    const results = new Map<Sighting, Pick<RecognizedFace, "probabilities" | "map">>();
    if (wanted.length > 0) {
      const explained = gradCam ? await explain(this.#network, greys, this.#reading) : null;
      const ranked = explained && tta === false
        ? explained.map(({ probabilities }) => probabilities)
        : await predict(this.#network, greys, { tta, ...this.#reading });
      ranked.forEach((probabilities, i) => {
        if (!explained) return results.set(wanted[i], { probabilities });
        const { map, size } = explained[i];
        results.set(wanted[i], { probabilities, map: { map, size } });
      });
    }
    return sightings.map((faces) =>
      faces.map((sighting) => ({
        ...sighting.face,
        probabilities: null,
        ...results.get(sighting),
      }))
    );
  }

  /** Frees the detector, and the network if it came with the library. A second call does nothing. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#detectors.near.dispose();
    this.#detectors.far.dispose();
    this.#owned?.dispose();
  }

  /** Refuses what cannot be done any more. */
  #check(what: string): void {
    if (!this.#isDisposed) return;
    throw new TypeError(`Cannot ${what}: this recognizer was disposed of`);
  }

  /** As `dispose()`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
