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
import type { TrainingConfig } from "./config.ts";

/** Mid-grey: 0 to the network. */
const GREY = 128;

const AUGMENTATIONS = {
  standard: standardAugmentation,
  strong: strongAugmentation,
  warp: warpAugmentation,
  strongWarp: strongWarpAugmentation,
} as const;

/**
 * What is done to each training image.
 *
 * @param config The augmentation, size of crops, erasing; none of it with `overfitBatches`.
 * @param size Height and width of the images.
 * @returns The transform; undefined for images as they are.
 */
export function augmentation(
  { augment, trainCropSize, erasing, overfitBatches }: Pick<
    TrainingConfig,
    "augment" | "trainCropSize" | "erasing" | "overfitBatches"
  >,
  size: number,
): Transform | undefined {
  if (overfitBatches > 0) return undefined;
  const out = trainCropSize || size;
  const steps: Transform[] = [];
  if (augment !== "none") steps.push(AUGMENTATIONS[augment](out));
  else if (out !== size) steps.push(new CenterCrop(out));
  if (erasing > 0) steps.push(new RandomErasing(erasing, { scale: [0.02, 0.2], value: GREY }));
  return steps.length > 0 ? new Compose<Image, Image>(steps) : undefined;
}
