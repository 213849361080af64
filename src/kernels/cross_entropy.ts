/**
 * Softmax cross-entropy of `[rows, classes]`, its gradient and the number of rows classified right, in
 * one program of one workgroup:
 *
 *     loss = -sum(t log softmax(x))     dx = softmax(x) sum_c(t) - t
 *
 * Each thread takes every 64th row; the first then adds up what the threads found, in their order.
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
} from "./program.ts";

const WORKERS = 64;

function crossEntropyProgram(classes: number): Program {
  return {
    name: "cross-entropy",
    code: `${
      storage([["X", "f32"], ["T", "f32"], ["dX", "f32"], ["loss", "f32"], ["correct", "f32"]], 3)
    }
@group(0) @binding(5) var<uniform> d: vec4u; // rows
var<workgroup> losses: array<f32, ${WORKERS}>;
var<workgroup> rights: array<f32, ${WORKERS}>;
@compute @workgroup_size(${WORKERS})
fn main(@builtin(local_invocation_index) worker: u32) {
  var sum = 0.0;
  var right = 0.0;
  for (var row = worker; row < d.x; row += ${WORKERS}u) {
    let at = row * ${classes}u;
    var largest = X[at];
    var guess = 0u;
    var most = T[at];
    var answer = 0u;
    var total = T[at];
    for (var c = 1u; c < ${classes}u; c++) {
      let x = X[at + c];
      let t = T[at + c];
      total += t;
      guess = select(guess, c, x > largest);
      largest = select(largest, x, x > largest);
      answer = select(answer, c, t > most);
      most = select(most, t, t > most);
    }
    var exponentials = 0.0;
    for (var c = 0u; c < ${classes}u; c++) { exponentials += exp(X[at + c] - largest); }
    let logarithm = log(exponentials);
    for (var c = 0u; c < ${classes}u; c++) {
      let x = X[at + c] - largest;
      let t = T[at + c];
      sum += t * (logarithm - x);
      dX[at + c] = exp(x) / exponentials * total - t;
    }
    right += f32(guess == answer);
  }
  losses[worker] = sum;
  rights[worker] = right;
  workgroupBarrier();
  if (worker != 0u) { return; }
  var all = 0.0;
  var count = 0.0;
  for (var i = 0u; i < ${WORKERS}u; i++) {
    all += losses[i];
    count += rights[i];
  }
  loss[0] = all;
  correct[0] = count;
}`,
  };
}

/** What {@linkcode crossEntropy} finds. */
export interface CrossEntropy {
  /** The loss, a scalar. */
  readonly loss: KernelTensor;
  /** Rows whose first largest logit is at their first largest target, a scalar. */
  readonly correct: KernelTensor;
  /** The loss's gradient in the logits. */
  readonly gradient: KernelTensor;
}

/**
 * Cross-entropy and its gradient.
 *
 * @param backend tfjs's backend.
 * @param logits `[rows, classes]`, float32.
 * @param targets What each log-probability is multiplied with, `[rows, classes]`, float32.
 */
export function crossEntropy(
  backend: GpuBackend,
  logits: KernelTensor,
  targets: KernelTensor,
): CrossEntropy {
  const [rows, classes] = logits.shape;
  const loss = output(backend, []);
  const correct = output(backend, []);
  const gradient = output(backend, [rows, classes]);
  run(
    backend,
    programOf(crossEntropyProgram, classes),
    [logits, targets, gradient, loss, correct],
    [1, 1, 1],
    new Uint32Array([rows, 0, 0, 0]),
  );
  return { loss, correct, gradient };
}

/**
 * The sum of the rows' cross-entropies, and how many rows are classified right.
 *
 * @param logits `[rows, classes]`, float32.
 * @param targets `[rows, classes]`, float32: what each class's log-probability counts.
 * @returns Two scalars; the loss is differentiable in `logits`.
 * @throws {GpuError} When tfjs does not compute on its `webgpu` backend.
 */
export function fusedCrossEntropy(
  logits: tf.Tensor2D,
  targets: tf.Tensor2D,
): { loss: tf.Scalar; correct: tf.Scalar } {
  const kept: { correct?: tf.Scalar } = {};
  const operation = tf.customGrad((...args) => {
    const [logits] = args as [tf.Tensor2D];
    const save = args[1] as tf.GradSaveFunc;
    const found = crossEntropy(gpuBackend(), logits, targets);
    const [loss, correct, gradient] = [found.loss, found.correct, found.gradient].map((info) =>
      tf.engine().makeTensorFromTensorInfo(info)
    );
    save([gradient]);
    // It is no output of the operation, whose scope would free it.
    kept.correct = tf.keep(correct) as tf.Scalar;
    return {
      value: loss,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(dy, saved[0]),
    };
  });
  const loss = operation(logits) as tf.Scalar;
  if (!kept.correct) throw new TypeError("Cannot compute the loss: tfjs did not call it");
  // The caller's scope frees a clone, as it frees the loss.
  const correct = tf.clone(kept.correct);
  kept.correct.dispose();
  return { loss, correct };
}
