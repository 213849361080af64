/**
 * State dicts of PyTorch that do not say which network they belong to.
 *
 * @module
 */
import type { ArchitectureConfig } from "./description.ts";
import type { TensorData } from "./safetensors.ts";
import type { StateDict } from "./weights.ts";

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
type Module = Map<string, TensorData>;

/** A state dict's modules, of each kind in their order. */
interface Modules {
  readonly convolutions: [name: string, module: Module][];
  readonly norms: [name: string, module: Module][];
  readonly linears: [name: string, module: Module][];
}

/** Thrown and caught in this file alone. */
class Unrecognized extends Error {}

function refuse(why: string): never {
  throw new Unrecognized(why);
}

const NORM = ["weight", "bias", "running_mean", "running_var"];

/** Sorts out the modules; a tensor of no known kind of module ends it. */
function modulesOf(tensors: ReadonlyMap<string, TensorData>): Modules {
  const modules = new Map<string, Module>();
  for (const [name, tensor] of tensors) {
    const [, prefix, field] = /^(?:(.+)\.)?([^.]+)$/.exec(name) ?? [];
    if (field === "num_batches_tracked") continue;
    const module = modules.get(prefix ?? "") ?? new Map();
    modules.set(prefix ?? "", module.set(field, tensor));
  }
  const sorted: Modules = { convolutions: [], norms: [], linears: [] };
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
  return sorted;
}

function shapeOf([name, module]: [string, Module], field = "weight"): readonly number[] {
  return module.get(field)?.shape ?? refuse(`${name} has no ${field}`);
}

/** The filters of each convolution, once each fits the one before and the norm after it. */
function filtersOf({ convolutions, norms }: Modules): number[] {
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

/** Refuses layers with or without a bias. */
function checkBias(layers: [string, Module][], wanted: boolean): void {
  for (const [name, module] of layers) {
    if (module.has("bias") !== wanted) refuse(`${name} has ${wanted ? "no" : "a"} bias`);
  }
}

/** Tensors under new names: for each module the name that it is to have. */
function renamed(pairs: readonly (readonly [to: string, module: Module])[]): StateDict {
  return new Map(
    pairs.flatMap(([to, module]) =>
      [...module].map(([field, tensor]): [string, TensorData] => [`${to}.${field}`, tensor])
    ),
  );
}

/** The recipe's network: blocks with a bias, two linear layers. */
function asFerCnn(modules: Modules, filters: readonly number[]): RecognizedStateDict {
  const { convolutions, norms, linears } = modules;
  checkBias([...convolutions, ...linears], true);
  const [[hidden, flat], [classes, inner]] = linears.map((each) => shapeOf(each));
  const [first, second] = linears.map(([name]) => name);
  if (inner !== hidden) refuse(`${second} takes ${inner} values, ${first} gives ${hidden}`);
  const side = Math.sqrt(flat / filters[filters.length - 1]);
  if (!Number.isInteger(side)) {
    refuse(`${first} takes ${flat} values, no square of ${filters[filters.length - 1]} channels`);
  }
  const size = side * 2 ** filters.length;
  return {
    architecture: { name: "ferCnn", options: { filters, hidden, size } },
    classes,
    tensors: renamed([
      ...convolutions.map(([, module], i) => [`conv${i + 1}`, module] as const),
      ...norms.map(([, module], i) => [`bn${i + 1}`, module] as const),
      ...linears.map(([, module], i) => [`fc${i + 1}`, module] as const),
    ]),
  };
}

/** The small network: stages of convolutions without a bias, one linear layer. */
function asFerNet(modules: Modules, filters: readonly number[]): RecognizedStateDict {
  const { convolutions, norms, linears } = modules;
  checkBias(convolutions, false);
  checkBias(linears, true);
  const [[classes, inner]] = linears.map((each) => shapeOf(each));
  const last = filters[filters.length - 1];
  if (inner !== last) refuse(`${linears[0][0]} takes ${inner} values, not ${last} channels`);
  // A stage ends where the number of filters changes.
  const starts = filters.flatMap((count, i) => count === filters[i - 1] ? [] : [i]);
  const counts = starts.map((start, i) => (starts[i + 1] ?? filters.length) - start);
  const [each] = counts;
  if (counts.some((count) => count !== each)) {
    refuse(`its ${counts.length} stages have ${counts.join(", ")} convolutions`);
  }
  const nameOf = (i: number) => `${Math.floor(i / each) + 1}_${i % each + 1}`;
  return {
    architecture: {
      name: "ferNet",
      options: { filters: starts.map((start) => filters[start]), convolutions: each },
    },
    classes,
    tensors: renamed([
      ...convolutions.map(([, module], i) => [`conv${nameOf(i)}`, module] as const),
      ...norms.map(([, module], i) => [`bn${nameOf(i)}`, module] as const),
      ["fc", linears[0][1]],
    ]),
  };
}

/** `features.2` before `features.10`. */
const BY_NAME = new Intl.Collator("en", { numeric: true });

function recognizeInOrder(modules: Modules): RecognizedStateDict {
  const filters = filtersOf(modules);
  const { length } = modules.linears;
  if (length === 2) return asFerCnn(modules, filters);
  return length === 1 ? asFerNet(modules, filters) : refuse(`there are ${length} linear layers`);
}

/**
 * Finds out which of the library's networks a state dict belongs to, whatever its names: from the
 * shapes of convolutions, BatchNorms and linear layers, each kind in the order of its names.
 *
 * @param tensors The tensors by PyTorch's names: `conv1.weight`, `features.0.weight`, ...
 * @returns The network, or why it is none that the library knows.
 */
export function recognizeStateDict(
  tensors: ReadonlyMap<string, TensorData>,
): RecognizedStateDict | string {
  const byName = new Map([...tensors].sort(([a], [b]) => BY_NAME.compare(a, b)));
  let reason = "";
  // Names like `stem` and `body` say nothing of the order; then the file's may.
  for (const each of [byName, tensors]) {
    try {
      return recognizeInOrder(modulesOf(each));
    } catch (error) {
      if (!(error instanceof Unrecognized)) throw error;
      reason ||= error.message;
    }
  }
  return reason;
}
