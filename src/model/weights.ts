/**
 * A model's weights under PyTorch's names and in PyTorch's layouts.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { CheckpointError } from "./checkpoint_error.ts";
import type { FerModel } from "./description.ts";
import type { TensorData } from "./safetensors.ts";
import type { FerVariable } from "./tensor.ts";

/** A model's weights on the host, as `state_dict()` of the PyTorch twin would name and lay them. */
export type StateDict = Map<string, TensorData>;

/** PyTorch's names for what tfjs's layers call otherwise. */
const FIELDS: Readonly<Record<string, string>> = { kernel: "weight" };

/** PyTorch counts batches beside the running statistics; nothing here depends on the count. */
const IGNORED = /\.num_batches_tracked$/;

interface Weight {
  readonly name: string;
  readonly variable: FerVariable;
  /** `toTorch[i]` is the tfjs axis that becomes PyTorch's axis i. */
  readonly toTorch: readonly number[];
}

/** The order of tfjs's axes that PyTorch has. */
function torchAxes(layer: tf.layers.Layer, field: string, rank: number): number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  if (field !== "kernel") return axes;
  // [height, width, in, out] to [out, in, height, width], and [in, out] to [out, in].
  if (layer.getClassName() === "Conv2D") return [3, 2, 0, 1];
  if (layer.getClassName() === "Dense") return [1, 0];
  throw new TypeError(
    `Cannot lay out the kernel of ${layer.name} for PyTorch: unknown layer ${layer.getClassName()}`,
  );
}

function weightsOf(model: FerModel): Weight[] {
  return model.layers.flatMap((layer) =>
    layer.weights.map((weight): Weight => {
      // A LayerVariable reads as the very variable behind it.
      const variable = weight.read();
      if (!(variable instanceof tf.Variable)) {
        throw new TypeError(`Cannot use weight ${weight.name} of ${layer.name}: not a variable`);
      }
      const field = weight.originalName.slice(weight.originalName.lastIndexOf("/") + 1);
      return {
        name: `${layer.name}.${FIELDS[field] ?? field}`,
        variable,
        toTorch: torchAxes(layer, field, variable.rank),
      };
    })
  );
}

/**
 * A model's variables under PyTorch's names: `conv1.weight`, `bn1.running_mean`, ...
 *
 * @param model The model; the variables remain its own, in tfjs's layouts.
 * @returns From input to output. Those that are trained have `trainable` set.
 */
export function namedWeights(model: FerModel): Map<string, FerVariable> {
  return new Map(weightsOf(model).map(({ name, variable }) => [name, variable]));
}

const permuted = (shape: readonly number[], axes: readonly number[]): number[] =>
  axes.map((axis) => shape[axis]);

/** The elements of a row-major array with its axes permuted, as `tf.transpose` would order them. */
function transposed(
  data: Float32Array,
  shape: readonly number[],
  axes: readonly number[],
): Float32Array {
  if (axes.every((axis, i) => axis === i)) return data;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const lengths = permuted(shape, axes);
  const steps = permuted(strides, axes);
  const out = new Float32Array(data.length);
  const index = lengths.map(() => 0);
  const last = lengths.length - 1;
  for (let to = 0, from = 0; to < out.length;) {
    for (let i = 0; i < lengths[last]; i++) out[to++] = data[from + i * steps[last]];
    // Counts the other indices up like the digits of a number.
    for (let axis = last - 1; axis >= 0; axis--) {
      from += steps[axis];
      if (++index[axis] < lengths[axis]) break;
      from -= steps[axis] * lengths[axis];
      index[axis] = 0;
    }
  }
  return out;
}

function inverse(axes: readonly number[]): number[] {
  return axes.map((_, axis) => axes.indexOf(axis));
}

/**
 * Copies a model's weights to the host, as its PyTorch twin's `state_dict()` would hold them:
 * convolutions `[out, in, height, width]`, linear layers `[out, in]`.
 *
 * @param model The model.
 * @returns Float32 tensors by PyTorch's names, from input to output.
 */
export async function toStateDict(model: FerModel): Promise<StateDict> {
  const entries = weightsOf(model).map(async ({ name, variable, toTorch }) => {
    const data = await variable.data<"float32">();
    const tensor: TensorData = {
      dtype: "F32",
      shape: permuted(variable.shape, toTorch),
      data: transposed(data, variable.shape, toTorch),
    };
    return [name, tensor] as const;
  });
  return new Map(await Promise.all(entries));
}

/** What {@linkcode loadStateDict} may leave out. */
export interface LoadStateDictOptions {
  /**
   * Leave the last layer as it is, whatever the tensors say: for fine-tuning to other classes.
   *
   * @default false
   */
  readonly keepHead?: boolean;
  /**
   * Also take tensors of a narrower network, with fewer filters, units or outputs: they fill the
   * first of each. New filters keep their random weights, and old ones do not listen to them at
   * first, so that the old outputs stay what they were (after Chen et al., "Net2Net", 2016).
   *
   * @default false
   */
  readonly widen?: boolean;
  /**
   * What to call the tensors in messages, for instance their file.
   *
   * @default "the state dict"
   */
  readonly source?: string;
}

/** Whether one shape has at most as many filters as another; what they look at is as large. */
function isNarrower(shape: readonly number[], than: readonly number[]): boolean {
  return shape.length === than.length &&
    shape.every((length, axis) => axis < 2 ? length <= than[axis] : length === than[axis]);
}

/** Values that fill the first of a variable's inputs and outputs; new outputs keep their own. */
function widened(values: tf.Tensor, variable: FerVariable): tf.Tensor {
  const { shape } = variable;
  if (`${values.shape}` === `${shape}`) return values;
  const padded = tf.pad(values, shape.map((length, axis) => [0, length - values.shape[axis]]));
  const outputs = shape[shape.length - 1];
  const isNew = tf.range(0, outputs).greaterEqual(values.shape[values.shape.length - 1]);
  return tf.add(padded, tf.mul(variable, tf.cast(isNew, "float32")));
}

/**
 * Fills a model with weights of its PyTorch twin: all of them, or none when one does not fit.
 *
 * @param model The model.
 * @param tensors F32, F16, BF16 or F64 tensors by PyTorch's names, in PyTorch's layouts. PyTorch's
 * `num_batches_tracked` is passed over.
 * @param options Whether to leave the last layer alone.
 * @throws {CheckpointError} When a tensor is missing, foreign or of another shape.
 */
export function loadStateDict(
  model: FerModel,
  tensors: ReadonlyMap<string, TensorData>,
  options: LoadStateDictOptions = {},
): void {
  const { keepHead = false, widen = false, source = "the state dict" } = options;
  const fail = (why: string): never => {
    throw new CheckpointError(`Cannot load ${source} into ${model.name}: ${why}`);
  };
  const all = weightsOf(model);
  const head = all[all.length - 1].name.split(".")[0];
  const isHead = (name: string) => name.startsWith(`${head}.`);
  const weights = all.filter(({ name }) => !keepHead || !isHead(name));

  const values = weights.map(({ name, variable, toTorch }) => {
    const tensor = tensors.get(name);
    if (!tensor) return fail(`tensor ${name} is missing`);
    const expected = permuted(variable.shape, toTorch);
    const fits = widen ? isNarrower(tensor.shape, expected) : `${tensor.shape}` === `${expected}`;
    if (!fits) {
      fail(
        `tensor ${name} has the shape [${tensor.shape}], expected [${expected}]` +
          (widen ? " or fewer filters" : ""),
      );
    }
    const { data, dtype } = tensor;
    if (!(data instanceof Float32Array || data instanceof Float64Array)) {
      return fail(`tensor ${name} has elements of type ${dtype}, expected F32`);
    }
    return {
      data: transposed(Float32Array.from(data), tensor.shape, inverse(toTorch)),
      shape: permuted(tensor.shape, inverse(toTorch)),
    };
  });
  const known = new Set(weights.map(({ name }) => name));
  for (const name of tensors.keys()) {
    if (known.has(name) || IGNORED.test(name) || (keepHead && isHead(name))) continue;
    fail(`it has no place for tensor ${name}`);
  }
  weights.forEach(({ variable }, i) => {
    const { data, shape } = values[i];
    tf.tidy(() => variable.assign(widened(tf.tensor(data, shape), variable)));
  });
}
