/**
 * Transforms from data, so that a file or a worker can hold them.
 *
 * @module
 */
import { CenterCrop, type CenterCropOptions } from "./center_crop.ts";
import { Compose } from "./compose.ts";
import { FiveCrop, type FiveCropOptions } from "./five_crop.ts";
import { Grayscale, type GrayscaleOptions } from "./grayscale.ts";
import { Normalize, type NormalizeOptions } from "./normalize.ts";
import { RandomAffine, type RandomAffineOptions } from "./random_affine.ts";
import { RandomErasing, type RandomErasingOptions } from "./random_erasing.ts";
import {
  RandomHorizontalFlip,
  type RandomHorizontalFlipOptions,
} from "./random_horizontal_flip.ts";
import { RandomResizedCrop, type RandomResizedCropOptions } from "./random_resized_crop.ts";
import { RandomRotation, type RandomRotationOptions } from "./random_rotation.ts";
import { RandomWarp, type RandomWarpOptions } from "./random_warp.ts";
import { Resize, type ResizeOptions } from "./resize.ts";
import { TenCrop, type TenCropOptions } from "./ten_crop.ts";
import { ToTensor } from "./to_tensor.ts";
import type { Transform, TransformConfig } from "./transform.ts";

type AnyTransform = Transform<unknown, never>;

type Maker = (options: object) => AnyTransform;

/** How each is made of its options; the constructors check them. */
const MAKERS: ReadonlyMap<string, Maker> = new Map<string, Maker>(
  [
    ["CenterCrop", (options) => new CenterCrop(options as CenterCropOptions)],
    ["Compose", (options) => new Compose(stepsOf(options).map((step) => make(step)))],
    ["FiveCrop", (options) => new FiveCrop(options as FiveCropOptions)],
    ["Grayscale", (options) => new Grayscale(options as GrayscaleOptions)],
    ["Normalize", (options) => new Normalize(options as NormalizeOptions)],
    ["RandomAffine", (options) => new RandomAffine(options as RandomAffineOptions)],
    ["RandomErasing", (options) => new RandomErasing(options as RandomErasingOptions)],
    [
      "RandomHorizontalFlip",
      (options) => new RandomHorizontalFlip(options as RandomHorizontalFlipOptions),
    ],
    ["RandomResizedCrop", (options) => new RandomResizedCrop(options as RandomResizedCropOptions)],
    ["RandomRotation", (options) => new RandomRotation(options as RandomRotationOptions)],
    ["RandomWarp", (options) => new RandomWarp(options as RandomWarpOptions)],
    ["Resize", (options) => new Resize(options as ResizeOptions)],
    ["TenCrop", (options) => new TenCrop(options as TenCropOptions)],
    ["ToTensor", () => new ToTensor()],
  ],
);

const BUILT_IN: ReadonlySet<unknown> = new Set([
  CenterCrop,
  FiveCrop,
  Grayscale,
  Normalize,
  RandomAffine,
  RandomErasing,
  RandomHorizontalFlip,
  RandomResizedCrop,
  RandomRotation,
  RandomWarp,
  Resize,
  TenCrop,
  ToTensor,
]);

/**
 * Makes a transform again from what its `toJSON()` gave.
 *
 * @typeParam Out What comes out of it.
 * @typeParam In What goes in.
 * @param config Its name and options.
 * @returns The transform.
 * @throws {TypeError} When the name is none of this library's transforms.
 * @throws {RangeError} When an option is out of range.
 *
 * @example
 * ```ts
 * import { RandomRotation, transformFromJSON } from "@fer/core/transforms";
 *
 * const text = JSON.stringify(new RandomRotation(10));
 * const again = transformFromJSON(JSON.parse(text));
 * console.assert(JSON.stringify(again) === text);
 * ```
 */
export function transformFromJSON<Out = unknown, In = never>(
  config: TransformConfig,
): Transform<Out, In> {
  return make(config) as Transform<Out, In>;
}

function make(config: unknown): AnyTransform {
  const { name = undefined, ...options } = isObject(config) ? config : {};
  const maker = typeof name === "string" ? MAKERS.get(name) : undefined;
  if (maker === undefined) {
    throw new TypeError(
      `Cannot make a transform of ${JSON.stringify(name ?? config)}: ` +
        `expected one of ${[...MAKERS.keys()].join(", ")}`,
    );
  }
  return maker(options);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function stepsOf(options: object): unknown[] {
  if ("transforms" in options && Array.isArray(options.transforms)) return options.transforms;
  throw new TypeError("Cannot make Compose: expected an array of transforms");
}

/**
 * Whether a transform is made only of this library's, so that its JSON says all about it. Classes
 * derived from them are not: they may do anything.
 *
 * @param transform The transform.
 */
export function isBuiltIn(transform: Transform<unknown, never>): boolean {
  return transform instanceof Compose && transform.constructor === Compose
    ? transform.transforms.every(isBuiltIn)
    : BUILT_IN.has(transform.constructor);
}
