/**
 * The networks that a model file or a recipe can name.
 *
 * @module
 */
import { CheckpointError } from "../checkpoint_error.ts";
import type { ArchitectureConfig, FerModel } from "../description.ts";
import type { NetworkDefinition } from "./definition.ts";
import { FER_CNN } from "./fer_cnn.ts";
import { FER_NET } from "./fer_net.ts";

/** The library's own: a new one is one line here. */
const OWN: readonly NetworkDefinition[] = [FER_CNN, FER_NET];

const registered = new Map(OWN.map((each) => [each.name, each]));

/**
 * All networks that can be named.
 *
 * @returns The library's own first, then those that the app registered.
 */
export function networks(): readonly NetworkDefinition[] {
  return [...registered.values()];
}

/**
 * Makes a network of the app's known by its name, so that model files and runs of it can be read.
 *
 * @param definition The network.
 * @throws {TypeError} When another network has that name.
 *
 * @example A network of one layer
 * ```ts
 * import { EMOTIONS } from "@fer/core";
 * import { buildArchitecture, describeNetwork, registerNetwork } from "@fer/core/model";
 * import * as tf from "@tensorflow/tfjs";
 *
 * registerNetwork({
 *   name: "linear",
 *   about: "one layer",
 *   build({ classes = EMOTIONS, size = 48, seed = 42 }) {
 *     const input = tf.input({ shape: [size, size, 1] });
 *     const flat = tf.layers.flatten().apply(input) as tf.SymbolicTensor;
 *     const kernelInitializer = tf.initializers.glorotUniform({ seed });
 *     const dense = tf.layers.dense({ name: "fc", units: classes.length, kernelInitializer });
 *     const model = tf.model({ inputs: input, outputs: dense.apply(flat) as tf.SymbolicTensor });
 *     const architecture = { name: "linear", options: { size, seed } };
 *     return describeNetwork(model, { architecture, classes, size });
 *   },
 * });
 * const model = buildArchitecture({ name: "linear", options: {} }, EMOTIONS);
 * console.assert(model.countParams() === (48 * 48 + 1) * 7);
 * model.dispose();
 * ```
 */
export function registerNetwork(definition: NetworkDefinition): void {
  const { name } = definition;
  const known = registered.get(name);
  if (known && known !== definition) {
    throw new TypeError(`Cannot register the network ${name}: there is another one of that name`);
  }
  registered.set(name, definition);
}

/**
 * Builds the network that a configuration names.
 *
 * @param config Name and options.
 * @param classes The class names, in the order of the logits.
 * @param weights Random ones, or zeros for weights that are about to be filled in.
 * @returns The model.
 * @throws {CheckpointError} When no architecture has that name.
 * @throws {RangeError} When an option is out of range.
 */
export function buildArchitecture(
  config: ArchitectureConfig,
  classes: readonly string[],
  weights: "random" | "zeros" = "random",
): FerModel {
  const definition = registered.get(config.name);
  if (!definition) {
    throw new CheckpointError(
      `Cannot build architecture ${config.name}: this version knows ` +
        [...registered.keys()].join(", "),
    );
  }
  return definition.build({ ...config.options, classes }, weights);
}
