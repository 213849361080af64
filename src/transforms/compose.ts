/**
 * Several transforms as one.
 *
 * @module
 */
import type { Generator } from "../random.ts";
import type { Image, Transform, TransformConfig } from "./transform.ts";

/**
 * Applies transforms one after the other, as `torchvision.transforms.Compose`.
 *
 * @typeParam Out What the last one gives.
 * @typeParam In What the first one takes.
 *
 * @example The recipe's training chain
 * ```ts
 * import { Generator } from "@fer/core";
 * import {
 *   Compose,
 *   Normalize,
 *   RandomHorizontalFlip,
 *   RandomResizedCrop,
 *   RandomRotation,
 *   ToTensor,
 * } from "@fer/core/transforms";
 *
 * const transform = new Compose([
 *   new RandomHorizontalFlip(),
 *   new RandomRotation(10),
 *   new RandomResizedCrop(48, { scale: [0.9, 1] }),
 *   new ToTensor(),
 *   new Normalize(0.5, 0.5),
 * ]);
 * const image = { data: new Uint8Array(48 * 48).fill(255), width: 48, height: 48 };
 * console.assert(transform.apply(image, new Generator(42)).data.length === 48 * 48);
 * ```
 */
export class Compose<Out = Image, In = Image> implements Transform<Out, In> {
  /** The transforms, in order. */
  readonly transforms: ReadonlyArray<Transform<unknown, never>>;

  /**
   * Chains transforms of different kinds.
   *
   * @param transforms The transforms; each takes what the one before gives.
   */
  constructor(
    transforms: readonly [
      Transform<unknown, In>,
      ...ReadonlyArray<Transform<unknown, never>>,
      Transform<Out, never>,
    ],
  );
  /**
   * Chains transforms of one kind.
   *
   * @param transforms Transforms that all take and give one kind.
   */
  constructor(transforms: ReadonlyArray<Transform<Out, In>>);
  constructor(transforms: ReadonlyArray<Transform<unknown, never>>) {
    if (!Array.isArray(transforms)) {
      throw new TypeError(`Cannot make Compose of ${typeof transforms}: expected an array`);
    }
    this.transforms = [...transforms];
  }

  /**
   * Applies the transforms in order.
   *
   * @param input What the first one takes.
   * @param generator Passed to each, so that each goes on drawing where the one before stopped.
   */
  apply(input: In, generator: Generator): Out {
    let value: unknown = input;
    for (const transform of this.transforms) value = transform.apply(value as never, generator);
    return value as Out;
  }

  /** The transforms as data. */
  toJSON(): TransformConfig {
    return { name: "Compose", transforms: this.transforms.map((each) => each.toJSON()) };
  }
}
