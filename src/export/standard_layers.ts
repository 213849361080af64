/**
 * A network's topology with tfjs's own layers in place of the library's.
 *
 * @module
 */
import { describeModel, type FerModel, headsOf } from "../model/description.ts";

type Json = Record<string, unknown>;

/** What of a topology concerns a layer. */
interface LayerTopology {
  readonly name: string;
  readonly class_name: string;
  readonly config: Json;
}

interface Topology {
  readonly config: Json & {
    readonly layers: readonly LayerTopology[];
    readonly output_layers: ReadonlyArray<readonly [name: string, node: number, tensor: number]>;
  };
}

/** The weights are about to be read from a file: to draw others first takes time. */
const ZEROS = { class_name: "Zeros", config: {} };
const ONES = { class_name: "Ones", config: {} };

/** The library's layers as tfjs's own. */
const STANDARD: Readonly<
  Record<string, (config: Json) => Pick<LayerTopology, "class_name"> & Json>
> = {
  FerBatchNorm2d: ({ name, trainable, epsilon, momentum }) => ({
    class_name: "BatchNormalization",
    config: {
      ...{ name, trainable, axis: -1, epsilon, momentum: 1 - Number(momentum) },
      ...{ center: true, scale: true, beta_initializer: ZEROS, gamma_initializer: ONES },
      ...{ moving_mean_initializer: ZEROS, moving_variance_initializer: ONES },
    },
  }),
  FerDropout: ({ name, trainable, rate }) => ({
    class_name: "Dropout",
    config: { name, trainable, rate, noise_shape: null, seed: null },
  }),
  FerDropout2d: ({ name, trainable, rate }) => ({
    class_name: "Dropout",
    // One draw for a whole channel.
    config: { name, trainable, rate, noise_shape: [null, 1, 1, null], seed: null },
  }),
};

/** What tfjs's own layers call the weights of the library's. */
const WEIGHTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  FerBatchNorm2d: {
    weight: "gamma",
    bias: "beta",
    running_mean: "moving_mean",
    running_var: "moving_variance",
  },
};

/** A layer of tfjs without the initializers, which may be the library's. */
function standardConfig(config: Json): Json {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      key.endsWith("_initializer") && value !== null ? ZEROS : value,
    ]),
  );
}

/**
 * A network's topology, as `model.json` holds it.
 *
 * @param model The network.
 * @returns JSON that tfjs reads without the library.
 */
export function standardTopology(model: FerModel): Json {
  const topology = model.toJSON(null, false) as unknown as Json & Topology;
  const layers = topology.config.layers.map((layer) => {
    const standard = Object.hasOwn(STANDARD, layer.class_name)
      ? STANDARD[layer.class_name](layer.config)
      : { config: standardConfig(layer.config) };
    return { ...layer, ...standard };
  });
  const [[last]] = topology.config.output_layers;
  const heads = headNames(model, last);
  return {
    ...topology,
    config: {
      ...topology.config,
      layers: layers.flatMap((layer) =>
        layer.name !== last ? [layer] : [...heads].map(([name, { units }]) => ({
          ...layer,
          name,
          config: { ...layer.config, name, units },
        }))
      ),
      output_layers: [...heads.keys()].map((name) => [name, 0, 0]),
    },
  };
}

/**
 * The layers that a network's last layer becomes, one an output.
 *
 * @param model The network.
 * @param last The last layer's name.
 * @returns By name, their first unit among those of the last layer, and how many they have.
 */
export function headNames(
  model: FerModel,
  last: string,
): ReadonlyMap<string, { readonly start: number; readonly units: number }> {
  return new Map(
    headsOf(describeModel(model)).map(({ labels, start, classes }) => [
      labels === "fer2013" ? last : `${last}_${labels}`,
      { start, units: classes.length },
    ]),
  );
}

/**
 * The name of a layer's weight once the layer is tfjs's own.
 *
 * @param className The layer's class.
 * @param name The weight's name, for instance `bn1/running_mean`.
 */
export function standardWeightName(className: string, name: string): string {
  const at = name.lastIndexOf("/") + 1;
  const names = Object.hasOwn(WEIGHTS, className) ? WEIGHTS[className] : {};
  return name.slice(0, at) + (names[name.slice(at)] ?? name.slice(at));
}
