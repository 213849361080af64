/**
 * The networks that a model file can name.
 *
 * @module
 */
import { CheckpointError } from "./checkpoint_error.ts";
import type { ArchitectureConfig, FerModel } from "./description.ts";
import { assembleFerCnn } from "./fer_cnn.ts";
import { assembleFerNet } from "./fer_net.ts";

/** Builds a network from the options in its file. */
type Assemble = (
  options: Readonly<Record<string, unknown>> & { readonly classes: readonly string[] },
  weights: "random" | "zeros",
) => FerModel;

/** A new network is one line here; its builder checks the options. */
const ARCHITECTURES: Readonly<Record<string, Assemble>> = {
  ferCnn: assembleFerCnn,
  ferNet: assembleFerNet,
};

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
  if (!Object.hasOwn(ARCHITECTURES, config.name)) {
    throw new CheckpointError(
      `Cannot build architecture ${config.name}: this version knows ` +
        Object.keys(ARCHITECTURES).join(", "),
    );
  }
  return ARCHITECTURES[config.name]({ ...config.options, classes }, weights);
}
