/**
 * An exponential moving average, written where it lies: a = decay a + (1 - decay) w.
 *
 * A large parameter has a dispatch of its own, each thread four neighbours; small ones share one, a
 * thread an element.
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

/** A parameter and its average, of one shape. */
export interface AveragedParameter {
  /** The average, which is updated. */
  readonly average: tf.Variable;
  /** What it takes in. */
  readonly weight: KernelTensor;
}

/** Elements up to which a parameter shares its dispatch with others. */
const SMALL = 4096;

function averageProgram(element: string, even: boolean): Program {
  return {
    name: `weight average (${element})`,
    code: `${storage([["W", element], ["A", element]])}
struct Rates { decay: f32, share: f32, count: u32, none: u32 }
@group(0) @binding(2) var<uniform> d: Rates;
${
      threadMain(`  ${even ? "" : "if (id >= d.count) { return; }"}
  A[id] = A[id] * d.decay + W[id] * d.share;`)
    }`,
  };
}

function averageTogetherProgram(sizes: readonly number[]): Program {
  const buffers = ["W", "A"].flatMap((name) =>
    sizes.map((_, p) => [`${name}${p}`, "f32"] as const)
  );
  let from = 0;
  const branches = sizes.map((size, p) => {
    const first = from;
    from += size;
    return `  if (id >= ${first}u && id < ${from}u) {
    A${p}[id - ${first}u] = A${p}[id - ${first}u] * d.decay + W${p}[id - ${first}u] * d.share;
  }`;
  });
  return {
    name: `weight average (${sizes.length} parameters)`,
    code: `${storage(buffers, sizes.length)}
struct Rates { decay: f32, share: f32, count: u32, none: u32 }
@group(0) @binding(${buffers.length}) var<uniform> d: Rates;
${threadMain(branches.join("\n"))}`,
  };
}

/**
 * Records an update of averages.
 *
 * @param backend tfjs's backend.
 * @param parameters What is averaged.
 * @param decay The share of the average that stays.
 */
export function weightAverage(
  backend: GpuBackend,
  parameters: readonly AveragedParameter[],
  decay: number,
): void {
  const uniform = (count: number): Uint32Array => {
    const words = new Uint32Array(4);
    new Float32Array(words.buffer).set([decay, 1 - decay]);
    words[2] = count;
    return words;
  };
  const share = Math.min(8, Math.floor(backend.device.limits.maxStorageBuffersPerShaderStage / 2));
  const small: AveragedParameter[] = [];
  for (const parameter of parameters) {
    const { average, weight } = parameter;
    if (average.size === 0) continue;
    if (average.size <= SMALL) {
      small.push(parameter);
      continue;
    }
    const wide = average.size % 4 === 0;
    const count = wide ? average.size / 4 : average.size;
    run(
      backend,
      programOf(averageProgram, wide ? "vec4f" : "f32", comesOutEven(count)),
      [weight, inPlace(backend, average)],
      threads(count),
      uniform(count),
    );
  }
  for (let at = 0; at < small.length; at += share) {
    const together = small.slice(at, at + share);
    const sizes = together.map(({ average }) => average.size);
    run(
      backend,
      programOf(averageTogetherProgram, sizes),
      [
        ...together.map(({ weight }) => weight),
        ...together.map(({ average }) => inPlace(backend, average)),
      ],
      threads(sizes.reduce((a, b) => a + b, 0)),
      uniform(0),
    );
  }
}
