/**
 * A step of AdamW, with weights and moments written where they lie:
 *
 *     m = beta1 m + (1 - beta1) g
 *     v = beta2 v + (1 - beta2) g^2
 *     w = (1 - lr decay) w - lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
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

/** A parameter, its moments and its gradient, all of one shape. */
export interface AdamWParameter {
  /** The weights. */
  readonly weight: tf.Variable;
  /** The running mean of gradients. */
  readonly first: tf.Variable;
  /** The running mean of squared gradients. */
  readonly second: tf.Variable;
  /** The gradient. */
  readonly gradient: KernelTensor;
}

/** What is the same for all parameters of a step. */
export interface AdamWStep {
  /** What remains of a weight: 1 - lr decay. */
  readonly keep: number;
  /** Decay rates of the moments. */
  readonly betas: readonly [number, number];
  /** lr / (1 - beta1^t). */
  readonly stepSize: number;
  /** 1 / sqrt(1 - beta2^t). */
  readonly rootScale: number;
  /** Added to the denominator. */
  readonly eps: number;
}

/** Elements up to which a parameter shares its dispatch with others. */
const SMALL = 4096;

const UNIFORM = "struct Step { rates: vec4f, step: vec4f, count: vec4u }";

/** WGSL that updates element `at` of parameter `p`. */
const update = (p: string | number, at: string, element: string) =>
  `let gradient = G${p}[${at}];
    let m = M${p}[${at}] * d.rates.x + gradient * d.rates.y;
    let v = V${p}[${at}] * d.rates.z + gradient * gradient * d.rates.w;
    M${p}[${at}] = m;
    V${p}[${at}] = v;
    W${p}[${at}] = W${p}[${at}] * d.step.x - d.step.y * (m / (sqrt(v) * d.step.z + ${element}(d.step.w)));`;

function adamWProgram(element: string, even: boolean): Program {
  return {
    name: `AdamW (${element})`,
    code: `${storage(["G", "M", "V", "W"].map((name) => [name, element] as const), 3)}
${UNIFORM}
@group(0) @binding(4) var<uniform> d: Step;
${
      threadMain(`  ${even ? "" : "if (id >= d.count.x) { return; }"}
    ${update("", "id", element)}`)
    }`,
  };
}

function adamWTogetherProgram(sizes: readonly number[]): Program {
  const buffers = [
    ...sizes.map((_, p) => [`G${p}`, "f32"] as const),
    ...["M", "V", "W"].flatMap((name) => sizes.map((_, p) => [`${name}${p}`, "f32"] as const)),
  ];
  let from = 0;
  const branches = sizes.map((size, p) => {
    const first = from;
    from += size;
    return `  if (id >= ${first}u && id < ${from}u) {
    let at = id - ${first}u;
    ${update(p, "at", "f32")}
  }`;
  });
  return {
    name: `AdamW (${sizes.length} parameters)`,
    code: `${storage(buffers, 3 * sizes.length)}
${UNIFORM}
@group(0) @binding(${buffers.length}) var<uniform> d: Step;
${threadMain(branches.join("\n"))}`,
  };
}

/**
 * Records a step.
 *
 * @param backend tfjs's backend.
 * @param parameters What is updated.
 * @param step The rates.
 */
export function adamW(
  backend: GpuBackend,
  parameters: readonly AdamWParameter[],
  step: AdamWStep,
): void {
  const { keep, betas: [beta1, beta2], stepSize, rootScale, eps } = step;
  const uniform = (count: number): Uint32Array => {
    const words = new Uint32Array(12);
    new Float32Array(words.buffer).set([
      beta1,
      1 - beta1,
      beta2,
      1 - beta2,
      keep,
      stepSize,
      rootScale,
      eps,
    ]);
    words[8] = count;
    return words;
  };
  const share = Math.min(
    4,
    Math.floor(backend.device.limits.maxStorageBuffersPerShaderStage / 4),
  );
  const small: AdamWParameter[] = [];
  for (const parameter of parameters) {
    const { weight, first, second, gradient } = parameter;
    if (weight.size === 0) continue;
    if (weight.size <= SMALL && share > 1) {
      small.push(parameter);
      continue;
    }
    const wide = weight.size % 4 === 0;
    const count = wide ? weight.size / 4 : weight.size;
    run(
      backend,
      programOf(adamWProgram, wide ? "vec4f" : "f32", comesOutEven(count)),
      [gradient, ...[first, second, weight].map((variable) => inPlace(backend, variable))],
      threads(count),
      uniform(count),
    );
  }
  for (let at = 0; at < small.length; at += share) {
    const together = small.slice(at, at + share);
    const sizes = together.map(({ weight }) => weight.size);
    const written = (["first", "second", "weight"] as const).flatMap((key) =>
      together.map((parameter) => inPlace(backend, parameter[key]))
    );
    run(
      backend,
      programOf(adamWTogetherProgram, sizes),
      [...together.map(({ gradient }) => gradient), ...written],
      threads(sizes.reduce((a, b) => a + b, 0)),
      uniform(0),
    );
  }
}
