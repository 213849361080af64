/**
 * Softmax cross-entropy with its gradient, in one pass over the logits. Thread r of row r:
 *
 *     loss[r] = sum over k of t[r, k] (log sum over j of exp(z[r, j]) - z[r, k])
 *     dz[r, k] = softmax(z)[r, k] sum over j of t[r, j] - t[r, k]
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

function crossEntropyProgram(): Program {
  return {
    name: "softmax cross-entropy",
    code: `${storage([["Z", "f32"], ["T", "f32"], ["L", "f32"], ["G", "f32"]], 2)}
@group(0) @binding(4) var<uniform> d: vec4u; // rows, classes
${
      threadMain(`  if (id >= d.x) { return; }
  let at = id * d.y;
  var most = Z[at];
  for (var k = 1u; k < d.y; k++) { most = max(most, Z[at + k]); }
  var sum = 0.0;
  var weight = 0.0;
  var dot = 0.0;
  for (var k = 0u; k < d.y; k++) {
    let z = Z[at + k] - most;
    let t = T[at + k];
    sum += exp(z);
    weight += t;
    dot += t * z;
  }
  L[id] = weight * log(sum) - dot;
  for (var k = 0u; k < d.y; k++) {
    G[at + k] = exp(Z[at + k] - most) / sum * weight - T[at + k];
  }`)
    }`,
  };
}

/**
 * Losses and gradients of rows.
 *
 * @param backend tfjs's backend.
 * @param logits `[rows, classes]`, float32.
 * @param targets `[rows, classes]`, float32: any weights, one-hot or soft.
 * @returns `losses` `[rows]` and `gradient` `[rows, classes]`, that of the sum of the losses.
 */
export function crossEntropy(
  backend: GpuBackend,
  logits: KernelTensor,
  targets: KernelTensor,
): { losses: KernelTensor; gradient: KernelTensor } {
  const [rows, classes] = logits.shape;
  const losses = output(backend, [rows]);
  const gradient = output(backend, [rows, classes]);
  if (rows * classes > 0) {
    run(
      backend,
      programOf(crossEntropyProgram),
      [logits, targets, losses, gradient],
      threads(rows),
      new Uint32Array([rows, classes, 0, 0]),
    );
  }
  return { losses, gradient };
}

/**
 * The sum of the rows' cross-entropies.
 *
 * @param logits `[rows, classes]`, float32.
 * @param targets `[rows, classes]`, float32: what each class's log-probability counts.
 * @returns A scalar, differentiable in `logits`.
 * @throws {KernelError} When tfjs does not compute on its `webgpu` backend.
 */
export function fusedCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar {
  const operation = tf.customGrad((...args) => {
    const [logits] = args as [tf.Tensor2D];
    const save = args[1] as tf.GradSaveFunc;
    const { losses, gradient } = crossEntropy(gpuBackend(), logits, targets);
    const engine = tf.engine();
    save([engine.makeTensorFromTensorInfo(gradient)]);
    return {
      value: tf.sum(engine.makeTensorFromTensorInfo(losses)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(saved[0], dy),
    };
  });
  return operation(logits) as tf.Scalar;
}
