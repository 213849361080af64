/**
 * How a configuration varies training images.
 *
 * @module
 */
import {
  CenterCrop,
  Compose,
  type Image,
  RandomErasing,
  standardAugmentation,
  strongAugmentation,
  strongWarpAugmentation,
  type Transform,
  warpAugmentation,
} from "../transforms.ts";

/** Mid-grey: 0 to the network. */
const GREY = 128;

/** A way to vary images that a configuration can name. */
export type AugmentationName = "none" | "standard" | "strong" | "warp" | "strongWarp";

/**
 * Makes what is done to each training image.
 *
 * @param size Height and width of the images that it gives.
 * @returns A transform of grey images of any size; undefined for images as they are.
 */
export type AugmentationFactory = (size: number) => Transform | undefined;

/** The ways that a configuration can name: a new one is one entry here, and its name above. */
export const AUGMENTATIONS: Readonly<Record<AugmentationName, AugmentationFactory>> = {
  none: () => undefined,
  standard: standardAugmentation,
  strong: strongAugmentation,
  warp: warpAugmentation,
  strongWarp: strongWarpAugmentation,
};

/** What training images are varied by. */
export interface AugmentationSettings {
  /** How, by name, or what makes it. */
  readonly augment: AugmentationName | AugmentationFactory;
  /** Height and width to train on; 0 for those of the images. */
  readonly trainCropSize: number;
  /** Probability of laying a grey rectangle over an image. */
  readonly erasing: number;
  /** Above 0, nothing is varied. */
  readonly overfitBatches: number;
}

/**
 * What is done to each training image.
 *
 * @param settings The augmentation, size of crops, erasing; none of it with `overfitBatches`.
 * @param size Height and width of the images.
 * @returns The transform; undefined for images as they are.
 */
export function augmentation(
  { augment, trainCropSize, erasing, overfitBatches }: AugmentationSettings,
  size: number,
): Transform | undefined {
  if (overfitBatches > 0) return undefined;
  const out = trainCropSize || size;
  const make = typeof augment === "string" ? AUGMENTATIONS[augment] : augment;
  const varied = make(out) ?? (out === size ? undefined : new CenterCrop(out));
  const steps: Transform[] = varied ? [varied] : [];
  if (erasing > 0) steps.push(new RandomErasing(erasing, { scale: [0.02, 0.2], value: GREY }));
  return steps.length > 0 ? new Compose<Image, Image>(steps) : undefined;
}
