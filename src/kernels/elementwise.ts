/**
 * Updates of many parameters, element by element, written where they lie. A large parameter has a
 * dispatch of its own, each thread four neighbours; small ones share one, a thread an element.
 *
 * @module
 */
import type * as tf from "@tensorflow/tfjs";
import { inPlace } from "./in_place.ts";
import {
  comesOutEven,
  type GpuBackend,
  type KernelTensor,
  type Program,
  programOf,
  run,
  storage,
  threadMain,
  threads,
} from "./program.ts";
import { range } from "./range.ts";

/** An update. */
export interface ElementwiseUpdate {
  /** What error messages call it. */
  readonly name: string;
  /** What is read of each parameter, by the names that `update` uses. */
  readonly read: readonly string[];
  /** What is read and written, likewise. */
  readonly written: readonly string[];
  /** How many numbers are the same for all: `rate(0)`, `rate(1)`... */
  readonly rates: number;
  /**
   * WGSL of one element, or of a vector of them.
   *
   * @param at Where what a name stands for lies.
   * @param rate The n-th number.
   * @param element WGSL type: a number is made one by `element(...)`.
   */
  readonly update: (
    at: (name: string) => string,
    rate: (n: number) => string,
    element: string,
  ) => string;
}

/** A parameter: as many tensors as the update names, all of one shape. */
export interface UpdatedParameter {
  /** What is read. */
  readonly read: readonly KernelTensor[];
  /** What is read and written. */
  readonly written: readonly tf.Variable[];
}

/** Records an update of some parameters with some rates. */
export type RecordUpdate = (
  backend: GpuBackend,
  parameters: readonly UpdatedParameter[],
  rates: readonly number[],
) => void;

/** Elements up to which a parameter shares its dispatch with others. */
const SMALL = 4096;
/** Buffers that a dispatch binds at the most. */
const MOST_BUFFERS = 16;

/**
 * Makes an update.
 *
 * @param update What it does to an element.
 * @returns Records it.
 */
export function elementwise(update: ElementwiseUpdate): RecordUpdate {
  const { name, read, written } = update;
  const vectors = Math.ceil(update.rates / 4);
  const rate = (n: number) => `d.rates[${n >> 2}].${"xyzw"[n & 3]}`;
  const uniform = (binding: number) =>
    `struct Rates { rates: array<vec4f, ${vectors}>, count: vec4u }
@group(0) @binding(${binding}) var<uniform> d: Rates;`;

  const alone = (element: string, even: boolean): Program => {
    const names = [...read, ...written];
    return {
      name: `${name} (${element})`,
      code: `${storage(names.map((name) => [name, element] as const), written.length)}
${uniform(names.length)}
${
        threadMain(`  ${even ? "" : "if (id >= d.count.x) { return; }"}
  ${update.update((name) => `${name}[id]`, rate, element)}`)
      }`,
    };
  };

  const together = (sizes: readonly number[]): Program => {
    const names = [...read, ...written].flatMap((name) =>
      range(sizes.length).map((p) => `${name}${p}`)
    );
    let from = 0;
    const branches = sizes.map((size, p) => {
      const first = from;
      from += size;
      return `  if (id >= ${first}u && id < ${from}u) {
    let at = id - ${first}u;
    ${update.update((name) => `${name}${p}[at]`, rate, "f32")}
  }`;
    });
    return {
      name: `${name} (${sizes.length} parameters)`,
      code: `${storage(names.map((name) => [name, "f32"] as const), written.length * sizes.length)}
${uniform(names.length)}
${threadMain(branches.join("\n"))}`,
    };
  };

  return (backend, parameters, rates) => {
    const words = (count: number): Uint32Array => {
      const words = new Uint32Array(4 * vectors + 4);
      new Float32Array(words.buffer).set(rates);
      words[4 * vectors] = count;
      return words;
    };
    const buffers = Math.min(MOST_BUFFERS, backend.device.limits.maxStorageBuffersPerShaderStage);
    const share = Math.floor(buffers / (read.length + written.length));
    const small: UpdatedParameter[] = [];
    for (const parameter of parameters) {
      const { size } = parameter.written[0];
      if (size === 0) continue;
      if (size <= SMALL && share > 1) {
        small.push(parameter);
        continue;
      }
      const wide = size % 4 === 0;
      const count = wide ? size / 4 : size;
      run(
        backend,
        programOf(alone, wide ? "vec4f" : "f32", comesOutEven(count)),
        [...parameter.read, ...parameter.written.map((variable) => inPlace(backend, variable))],
        threads(count),
        words(count),
      );
    }
    for (let at = 0; at < small.length; at += share) {
      const some = small.slice(at, at + share);
      const sizes = some.map(({ written }) => written[0].size);
      run(
        backend,
        programOf(together, sizes),
        [
          ...read.flatMap((_, i) => some.map(({ read }) => read[i])),
          ...written.flatMap((_, i) => some.map(({ written }) => inPlace(backend, written[i]))),
        ],
        threads(sizes.reduce((a, b) => a + b, 0)),
        words(0),
      );
    }
  };
}
