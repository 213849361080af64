/**
 * Which parts of a face a network goes by.
 *
 * @module
 */
import { gradCam } from "./grad_cam.ts";
import { overlayImage, type OverlayOptions, type SquareMap } from "./overlay.ts";
import type { FerModel, Reading } from "../model/description.ts";
import type { LoadedModel } from "../model/model_file.ts";
import type { ClassProbability } from "../predict.ts";
import { type ImageBatchTensor, type ImageInput, readImages } from "../predict/image_input.ts";
import { readingOf } from "../model/reading.ts";
import { networkOf, ranked } from "../predict/network.ts";
import type { Image } from "../transforms/transform.ts";

/** What {@linkcode explain} explains. */
export interface ExplainOptions extends Reading {
  /**
   * The class whose evidence is looked for, by its name.
   *
   * @default the likeliest
   */
  readonly label?: string;
}

/** What a network says of a face, and where it sees it. */
export interface Explanation {
  /** The classes with their probabilities, the likeliest first, as `predict()` gives them. */
  readonly probabilities: readonly ClassProbability[];
  /** The class that the map is of. */
  readonly label: string;
  /**
   * How much each place speaks for that class, `[size, size]`, row by row: 1 where most, 0 where not
   * at all or against it. All zeros when nothing in the image speaks for it.
   */
  readonly map: Float32Array;
  /** The map's height and width: the model's, 48 by default. */
  readonly size: number;
}

/**
 * Shows which parts of a face speak for an expression: Grad-CAM (Selvaraju et al. 2017, "Grad-CAM:
 * Visual Explanations from Deep Networks via Gradient-based Localization").
 *
 * The channels of the last convolution, after normalization and activation and before pooling, are
 * summed, each weighted by the mean gradient of the class's logit; what is negative is cut off, the
 * rest is upsampled bilinearly and scaled so that its most is 1. So a map tells where, not how
 * much: maps of two images do not compare. It is as coarse as the last convolution's output (12 x 12
 * with `buildFerCnn()`, 6 x 6 with `buildFerNet()`), and all zeros when no place speaks for the
 * class.
 *
 * The model is as it was afterwards: BatchNorm's running statistics and dropout's counters do not
 * change. Works on tfjs's `webgpu`, `wasm` and `cpu` backends, with any model of this library whose
 * layers follow one another and have a convolution among them.
 *
 * @param model A model, or what `loadModel()` gave.
 * @param image A face that fills the image.
 * @param options The class.
 * @returns Probabilities and map.
 * @throws {TypeError} When the image is none, or the model has branches or no convolution.
 * @throws {RangeError} When the model has no such class, or gives no numbers.
 *
 * @example
 * ```ts
 * import { buildFerCnn, explain } from "@fer/core";
 *
 * const model = buildFerCnn({ filters: [4, 4, 4], hidden: 8 });
 * const face = { data: new Uint8Array(48 * 48).fill(128), width: 48, height: 48 };
 * const { label, map } = await explain(model, face, { label: "happy" });
 * console.assert(label === "happy" && map.length === 48 * 48);
 * ```
 */
export function explain(
  model: FerModel | LoadedModel,
  image: ImageInput,
  options?: ExplainOptions,
): Promise<Explanation>;
/**
 * Shows which parts of each of several faces speak for an expression.
 *
 * @param model A model, or what `loadModel()` gave.
 * @param images Faces of any sizes, or a tensor `[batch, height, width, channels]`.
 * @param options The class, for all of them.
 * @returns Probabilities and map of each.
 * @throws {TypeError} When one is no image, or the model has branches or no convolution.
 * @throws {RangeError} When the model has no such class, or gives no numbers.
 */
export function explain(
  model: FerModel | LoadedModel,
  images: readonly ImageInput[] | ImageBatchTensor,
  options?: ExplainOptions,
): Promise<Explanation[]>;
export async function explain(
  model: FerModel | LoadedModel,
  input: ImageInput | readonly ImageInput[] | ImageBatchTensor,
  { label, ...reading }: ExplainOptions = {},
): Promise<Explanation | Explanation[]> {
  const network = networkOf(model);
  const { classes } = readingOf(network, reading);
  if (label !== undefined && !classes.includes(label)) {
    throw new RangeError(
      `Cannot explain class ${label}: the model's classes are ${classes.join(", ")}`,
    );
  }
  const [images, isBatch] = await readImages(input);
  const labels = label === undefined ? undefined : images.map(() => classes.indexOf(label));
  const explanations = (await gradCam(network, images, labels, reading)).map((
    activation,
  ): Explanation => ({
    probabilities: ranked(classes, activation.probabilities),
    label: classes[activation.label],
    map: activation.map,
    size: activation.size,
  }));
  return isBatch ? explanations : explanations[0];
}

/**
 * Lays an explanation's map over the face that it is of: grey below, colours above.
 *
 * @param explanation What {@linkcode explain} gave for the image.
 * @param image The same image, in any form that `explain()` takes.
 * @param options Colours and how much of them.
 * @returns RGBA, fully opaque, of the image's size; `encodePng()` makes a file of it.
 * @throws {TypeError} When the image is none.
 * @throws {RangeError} When an option is out of range.
 *
 * @example
 * ```ts
 * import { buildFerCnn, encodePng, explain, overlayExplanation } from "@fer/core";
 *
 * const model = buildFerCnn({ filters: [4, 4, 4], hidden: 8 });
 * const face = { data: new Uint8Array(96 * 96).fill(128), width: 96, height: 96 };
 * const overlay = await overlayExplanation(await explain(model, face), face, { alpha: 0.8 });
 * console.assert(overlay.width === 96 && overlay.data.length === 4 * 96 * 96);
 * const png = await encodePng(overlay);
 * console.assert(png[1] === "P".charCodeAt(0));
 * ```
 */
export async function overlayExplanation(
  explanation: SquareMap,
  image: ImageInput,
  options: OverlayOptions = {},
): Promise<Image> {
  const [[read]] = await readImages(image);
  return overlayImage(explanation, read, options);
}
