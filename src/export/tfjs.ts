/**
 * Networks for tfjs without this library.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { describeModel, type FerModel } from "../model/description.ts";
import { fromFloat16, toFloat16 } from "../model/float16.ts";
import type { LoadedModel } from "../model/model_file.ts";
import { networkOf } from "../predict/network.ts";
import { VERSION } from "../version.ts";
import { writeNewFolder } from "./folder.ts";
import { LIBRARY, provenanceOf } from "./metadata.ts";
import { headNames, standardTopology, standardWeightName } from "./standard_layers.ts";

/** What a folder for tfjs is to hold. */
export interface TfjsOptions {
  /**
   * The licence of the weights, as an SPDX identifier, to be noted in `model.json`.
   *
   * @default none
   */
  readonly license?: string;
}

/** The longest file of weights, as tfjs's own converter has it: browsers cache such files. */
const SHARD_BYTES = 4 * 2 ** 20;

const isHalf = (values: Float32Array): boolean =>
  fromFloat16(toFloat16(values)).every((value, i) => Object.is(value, values[i]));

function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A weight as it is stored. */
interface StoredWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The last layer's weight, taken apart into those of the layers that it becomes. */
function byHead(
  { name, shape, values }: StoredWeight,
  heads: ReturnType<typeof headNames>,
  last: string,
): StoredWeight[] {
  const all = shape[shape.length - 1];
  return [...heads].map(([head, { start, units }]) => ({
    name: name.replace(`${last}/`, `${head}/`),
    shape: [...shape.slice(0, -1), units],
    values: values.filter((_, at) => at % all >= start && at % all < start + units),
  }));
}

/**
 * A network as the files of a folder that `tf.loadLayersModel()` reads without this library: of
 * tfjs's own layers, so that it can also be trained on.
 *
 * It takes and gives what the model does: float32 `[batch, height, width, 1]` and logits `[batch,
 * classes]`; a network that learned FER+'s votes too has a second output for its logits, `[batch, 8]`. Classes, preprocessing and temperature are in `getUserDefinedMetadata().fer`. Weights
 * that 16 bits hold exactly, as those of a model that was saved as F16, are stored in 16.
 *
 * @param model A model, or what `loadModel()` gave, whose data and metrics are then noted too.
 * @param options The licence.
 * @returns The files' bytes by their names: `model.json` and what it refers to.
 * @throws {TypeError} When the model was made by other means.
 *
 * @example
 * ```ts
 * import { buildFerNet } from "@fer/core/model";
 * import { encodeTfjs } from "@fer/core/export";
 * import { assertEquals } from "@std/assert";
 *
 * const model = buildFerNet({ filters: [2, 4] });
 * const files = await encodeTfjs(model);
 * assertEquals([...files.keys()], ["model.json", "group1-shard1of1.bin"]);
 * model.dispose();
 * ```
 */
export async function encodeTfjs(
  model: FerModel | LoadedModel,
  options: TfjsOptions = {},
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const network = networkOf(model);
  const description = describeModel(network);
  const last = network.outputs[0].sourceLayer.name;
  const weights = (await Promise.all(
    network.layers.flatMap((layer) =>
      layer.weights.map(async (weight): Promise<StoredWeight[]> => {
        const { shape } = weight.read();
        const values = await weight.read().data<"float32">();
        const stored = {
          name: standardWeightName(layer.getClassName(), weight.originalName),
          shape,
          values,
        };
        return layer.name === last ? byHead(stored, headNames(network, last), last) : [stored];
      })
    ),
  )).flat();
  const half = weights.every(({ values }) => isHalf(values));
  const data = concatenated(weights.map(({ values }) => {
    const stored = half ? toFloat16(values) : values;
    return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
  }));
  const count = Math.max(1, Math.ceil(data.length / SHARD_BYTES));
  const shards = Array.from({ length: count }, (_, i) =>
    [
      `group1-shard${i + 1}of${count}.bin`,
      data.slice(i * SHARD_BYTES, (i + 1) * SHARD_BYTES),
    ] as const);
  const quantization = half ? { quantization: { dtype: "float16" } } : {};
  const json = {
    format: "layers-model",
    generatedBy: `TensorFlow.js tfjs-layers v${tf.version_layers}`,
    convertedBy: `${LIBRARY} ${VERSION}`,
    modelTopology: standardTopology(network),
    weightsManifest: [{
      paths: shards.map(([name]) => name),
      weights: weights.map(({ name, shape }) => ({
        ...{ name, shape, dtype: "float32" },
        ...quantization,
      })),
    }],
    // predict() and the rest of this library take the loaded model for one of their own.
    userDefinedMetadata: { fer: description, export: provenanceOf(model, options.license) },
  };
  return new Map([["model.json", new TextEncoder().encode(JSON.stringify(json))], ...shards]);
}

/**
 * Writes a network as a folder that `tf.loadLayersModel()` reads without this library, whole or not
 * at all.
 *
 * @param model A model, or what `loadModel()` gave.
 * @param path The folder; where it is already there, it is empty.
 * @param options The licence.
 * @throws {TypeError} When the model was made by other means.
 * @throws {CheckpointError} When it cannot be written, or is there and not empty.
 */
export async function saveTfjs(
  model: FerModel | LoadedModel,
  path: string,
  options: TfjsOptions = {},
): Promise<void> {
  await writeNewFolder(path, await encodeTfjs(model, options));
}
