/**
 * The shapes of what a model's layers give.
 *
 * @module
 */
import { describeModel, type FerModel } from "./description.ts";

/**
 * The output shape of every layer, with heights and widths that the model leaves open worked out.
 *
 * @param model The model.
 * @param size Height and width of the images; by default those that the model describes.
 * @returns By layer names; the batch is `null`.
 */
export function layerShapes(
  model: FerModel,
  size?: number,
): ReadonlyMap<string, readonly (number | null)[]> {
  const out = new Map<string, readonly (number | null)[]>();
  for (const layer of model.layers) {
    const before = layer.inboundNodes[0]?.inboundLayers ?? [];
    const inputs = before.map(({ name }) => [...out.get(name) ?? []]);
    if (inputs.length === 0 || inputs.some((shape) => shape.length === 0)) {
      const [batch, ...dimensions] = layer.outputShape as (number | null)[];
      const filled = dimensions.map((each) =>
        each ?? (size ??= describeModel(model).preprocessing.size)
      );
      out.set(layer.name, [batch, ...filled]);
      continue;
    }
    const shape = layer.computeOutputShape(inputs.length === 1 ? inputs[0] : inputs);
    out.set(layer.name, shape as (number | null)[]);
  }
  return out;
}

/** Whether a model leaves the height and width of its images open. */
export function takesAnySize(model: FerModel): boolean {
  const [, height, width] = model.inputs[0].shape;
  return height === null && width === null;
}

/**
 * Whether a model takes square images of a size: the one that it is built for or, where it leaves
 * sizes open, one that its pooling leaves a pixel of.
 *
 * @param model The model.
 * @param size Height and width, in pixels.
 */
export function takesSize(model: FerModel, size: number): boolean {
  const [, height, width] = model.inputs[0].shape;
  if (!takesAnySize(model)) return height === size && width === size;
  return [...layerShapes(model, size).values()].every(([, ...dimensions]) =>
    dimensions.every((each) => each === null || each >= 1)
  );
}
