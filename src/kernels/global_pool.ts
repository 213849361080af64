/**
 * Global pooling: y[b, c] = the mean or the largest of X[b, y, x, c] over rows and columns. The
 * largest's gradient goes to the first maximum, as PyTorch's does. Each thread computes one image's
 * group of channels.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import {
  type GpuBackend,
  gpuBackend,
  type KernelTensor,
  output,
  type Program,
  programOf,
  run,
  storage,
  threadMain,
  threads,
} from "./program.ts";
import { groupsOf } from "./stretches.ts";

/** What is taken of all pixels. */
type Pool = "average" | "max";

/** WGSL that takes in a pixel, and what remains of all. */
const FORWARD: Readonly<Record<Pool, readonly [take: string, end: string]>> = {
  average: ["y += X[at];", "y / f32(d.y)"],
  max: ["y = select(y, X[at], X[at] > y);", "y"],
};

/** A program over all pixels of a thread's image and channels, from element `at` on. */
function program(name: string, alias: string, names: readonly string[], body: string): Program {
  return {
    name: `global ${name}`,
    code: `${alias}
${storage(names.map((name) => [name, "E"] as const))}
@group(0) @binding(${names.length}) var<uniform> d: vec4u; // threads, pixels, groups of channels
${
      threadMain(`  if (id >= d.x) { return; }
  var at = (id / d.z) * d.y * d.z + id % d.z;
${body}`)
    }`,
  };
}

function forwardProgram(pool: Pool, alias: string): Program {
  const [take, end] = FORWARD[pool];
  return program(
    `${pool} pooling`,
    alias,
    ["X", "Y"],
    `  var y = X[at];
  for (var i = 1u; i < d.y; i++) {
    at += d.z;
    ${take}
  }
  Y[id] = ${end};`,
  );
}

function averageGradientProgram(alias: string): Program {
  return program(
    "average pooling gradient",
    alias,
    ["D", "dX"],
    `  let share = D[id] / f32(d.y);
  for (var i = 0u; i < d.y; i++) {
    dX[at] = share;
    at += d.z;
  }`,
  );
}

function maxGradientProgram(alias: string, size: number): Program {
  const flag = size === 4 ? "vec4<bool>" : "bool";
  return program(
    "max pooling gradient",
    alias,
    ["D", "X", "Y", "dX"],
    `  let dy = D[id];
  let y = Y[id];
  var isOpen = ${flag}(true);
  for (var i = 0u; i < d.y; i++) {
    let here = isOpen & (X[at] == y);
    dX[at] = select(E(), dy, here);
    isOpen = isOpen & !here;
    at += d.z;
  }`,
  );
}

/** What a program over `[batch, height, width, channels]` is started with. */
function startOf([batch, height, width, channels]: readonly number[]) {
  const { alias, count: groups, size } = groupsOf(channels);
  const count = batch * groups;
  return { alias, size, count, words: new Uint32Array([count, height * width, groups, 0]) };
}

function poolForward(backend: GpuBackend, x: KernelTensor, pool: Pool): KernelTensor {
  const { alias, count, words } = startOf(x.shape);
  const y = output(backend, [x.shape[0], x.shape[3]]);
  run(backend, programOf(forwardProgram, pool, alias), [x, y], threads(count), words);
  return y;
}

function poolGradient(
  backend: GpuBackend,
  dy: KernelTensor,
  shape: readonly number[],
  saved: readonly KernelTensor[],
  pool: Pool,
): KernelTensor {
  const { alias, size, count, words } = startOf(shape);
  const program = pool === "max"
    ? programOf(maxGradientProgram, alias, size)
    : programOf(averageGradientProgram, alias);
  const dx = output(backend, shape);
  run(backend, program, [dy, ...saved, dx], threads(count), words);
  return dx;
}

function differentiable(x: tf.Tensor4D, pool: Pool): tf.Tensor2D {
  const tensor = (info: KernelTensor) => tf.engine().makeTensorFromTensorInfo(info);
  const { shape } = x;
  const operation = tf.customGrad((...args) => {
    const [x] = args as [tf.Tensor4D];
    const save = args[1] as tf.GradSaveFunc;
    const y = tensor(poolForward(gpuBackend(), x, pool));
    // A mean's gradient needs neither.
    save(pool === "max" ? [x, y] : []);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        tensor(poolGradient(gpuBackend(), dy, shape, saved, pool)),
    };
  });
  return operation(x) as tf.Tensor2D;
}

/**
 * Global average pooling that can be differentiated.
 *
 * @param x `[batch, height, width, channels]`, float32, none of them 0.
 * @returns `[batch, channels]`.
 * @throws {GpuError} When tfjs does not compute on its `webgpu` backend.
 */
export function fusedGlobalPool(x: tf.Tensor4D): tf.Tensor2D {
  return differentiable(x, "average");
}

/**
 * Global max pooling that can be differentiated.
 *
 * @param x `[batch, height, width, channels]`, float32, none of them 0.
 * @returns `[batch, channels]`.
 * @throws {GpuError} When tfjs does not compute on its `webgpu` backend.
 */
export function fusedGlobalMaxPool(x: tf.Tensor4D): tf.Tensor2D {
  return differentiable(x, "max");
}
