/**
 * State dicts of PyTorch that do not say which network they belong to, as the modules in them.
 *
 * @module
 */
import type { ArchitectureConfig } from "../description.ts";
import type { TensorData } from "../safetensors.ts";
import type { StateDict } from "../weights.ts";

/** A network that a state dict belongs to. */
export interface RecognizedStateDict {
  /** The network. */
  readonly architecture: ArchitectureConfig;
  /** How many classes it tells apart. */
  readonly classes: number;
  /** The tensors under the library's names. */
  readonly tensors: StateDict;
}

/** Tensors by their names in their module. */
export type TorchModule = Map<string, TensorData>;

/** A module and its name. */
export type NamedModule = readonly [name: string, module: TorchModule];

/** A state dict's modules, of each kind in their order. */
export interface TorchModules {
  /** 3x3 convolutions. */
  readonly convolutions: readonly NamedModule[];
  /** BatchNorms, one a convolution. */
  readonly norms: readonly NamedModule[];
  /** Linear layers. */
  readonly linears: readonly NamedModule[];
  /** The filters of each convolution. */
  readonly filters: readonly number[];
}

/** A network's twin in PyTorch. */
export interface TorchNetwork {
  /** The Python function that builds it: its name. */
  readonly builder: string;
  /** The Python function itself; it takes the number of outputs, and the options by their names. */
  readonly program: string;
  /** How many linear layers it has: what networks of convolutions are told apart by. */
  readonly linears: number;
  /**
   * Takes a state dict for one of this network, whatever its names.
   *
   * @param modules Its modules; each convolution fits the one before and the norm after it.
   * @returns The network and its tensors; calls {@linkcode refuse} where it is none of these.
   */
  readonly recognize: (modules: TorchModules) => RecognizedStateDict;
}

/** Thrown by {@linkcode refuse}; whoever tries networks one by one catches it. */
export class Unrecognized extends Error {}

/**
 * Refuses a state dict.
 *
 * @param why What does not fit.
 * @throws {Unrecognized} Always.
 */
export function refuse(why: string): never {
  throw new Unrecognized(why);
}

const NORM = ["weight", "bias", "running_mean", "running_var"];

/**
 * Sorts out a state dict's modules.
 *
 * @param tensors The tensors by PyTorch's names.
 * @throws {Unrecognized} When a tensor is of no known kind of module, or convolutions do not fit.
 */
export function modulesOf(tensors: ReadonlyMap<string, TensorData>): TorchModules {
  const modules = new Map<string, TorchModule>();
  for (const [name, tensor] of tensors) {
    const [, prefix, field] = /^(?:(.+)\.)?([^.]+)$/.exec(name) ?? [];
    if (field === "num_batches_tracked") continue;
    const module = modules.get(prefix ?? "") ?? new Map();
    modules.set(prefix ?? "", module.set(field, tensor));
  }
  const sorted: Record<"convolutions" | "norms" | "linears", NamedModule[]> = {
    convolutions: [],
    norms: [],
    linears: [],
  };
  for (const [name, module] of modules) {
    const rank = module.get("weight")?.shape.length;
    const fields = [...module.keys()];
    const has = (known: readonly string[]) => fields.every((field) => known.includes(field));
    const kind = rank === 4 && has(["weight", "bias"])
      ? "convolutions"
      : rank === 2 && has(["weight", "bias"])
      ? "linears"
      : rank === 1 && has(NORM) && module.size === NORM.length
      ? "norms"
      : refuse(`it has no layer with ${fields.map((each) => `${name}.${each}`).join(", ")}`);
    sorted[kind].push([name, module]);
  }
  return { ...sorted, filters: filtersOf(sorted) };
}

/**
 * The shape of a module's tensor.
 *
 * @param module The module.
 * @param field Which tensor.
 * @throws {Unrecognized} When it has none.
 */
export function shapeOf([name, module]: NamedModule, field = "weight"): readonly number[] {
  return module.get(field)?.shape ?? refuse(`${name} has no ${field}`);
}

/** The filters of each convolution, once each fits the one before and the norm after it. */
function filtersOf(
  { convolutions, norms }: Pick<TorchModules, "convolutions" | "norms">,
): number[] {
  if (convolutions.length === 0) refuse("there is no convolution");
  if (norms.length !== convolutions.length) {
    refuse(`there are ${convolutions.length} convolutions and ${norms.length} BatchNorms`);
  }
  let channels = 1;
  return convolutions.map((each, i) => {
    const [name] = each;
    const shape = shapeOf(each);
    const expected = [shape[0], channels, 3, 3];
    if (`${shape}` !== `${expected}`) {
      refuse(`${name}.weight has the shape [${shape}], expected [${expected}]`);
    }
    const norm = shapeOf(norms[i]);
    if (norm[0] !== shape[0]) {
      refuse(`${norms[i][0]} after ${name} has ${norm[0]} channels, not ${shape[0]}`);
    }
    channels = shape[0];
    return channels;
  });
}

/**
 * Refuses layers with or without a bias.
 *
 * @param layers The layers.
 * @param wanted Whether each is to have one.
 * @throws {Unrecognized} When one is otherwise.
 */
export function checkBias(layers: readonly NamedModule[], wanted: boolean): void {
  for (const [name, module] of layers) {
    if (module.has("bias") !== wanted) refuse(`${name} has ${wanted ? "no" : "a"} bias`);
  }
}

/**
 * Tensors under new names.
 *
 * @param pairs For each module the name that it is to have.
 */
export function renamed(pairs: readonly NamedModule[]): StateDict {
  return new Map(
    pairs.flatMap(([to, module]) =>
      [...module].map(([field, tensor]): [string, TensorData] => [`${to}.${field}`, tensor])
    ),
  );
}
