import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { AdamW, clipGradientNorm } from "../../src/train/adamw.ts";

tf.env().set("PROD", true);
await tf.setBackend("cpu");

const close = (actual: tf.Tensor, expected: readonly number[], tolerance: number) =>
  actual.dataSync().forEach((value, i) => assertAlmostEquals(value, expected[i], tolerance));

Deno.test("AdamW takes PyTorch's steps", () => {
  const before = tf.memory().numTensors;
  const p = tf.tidy(() => tf.variable(tf.tensor1d([1, -2, 3])));
  const q = tf.tidy(() => tf.variable(tf.tensor1d([0.5])));
  const variables = new Map([["p", p], ["q", q]]);
  const optimizer = new AdamW(variables, { lr: 0.1, weightDecay: 0.1, betas: [0.8, 0.9] });
  for (const gradient of [[0.1, -0.2, 0.3], [0.5, 0, -1], [-2, 1e-3, 0]]) {
    tf.tidy(() => {
      optimizer.step(
        new Map([["p", tf.tensor1d(gradient)], ["q", tf.tensor1d([2 * gradient[0]])]]),
      );
    });
  }
  // torch.optim.AdamW(lr=0.1, weight_decay=0.1, betas=(0.8, 0.9)) of PyTorch 1.13
  close(p, [0.8362564, -1.7310561, 2.9098916], 1e-6);
  close(q, [0.351107], 1e-6);
  assertEquals(optimizer.steps, 3);
  optimizer.dispose();
  tf.dispose([p, q]);
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("AdamW goes on from its saved state as if it had never stopped", () => {
  const gradient = tf.tensor1d([0.3, -0.7]);
  const once = tf.variable(tf.tensor1d([1, 2]));
  const twice = tf.variable(tf.tensor1d([1, 2]));
  const whole = new AdamW(new Map([["w", once]]));
  for (let i = 0; i < 4; i++) whole.step(new Map([["w", gradient]]));
  let half = new AdamW(new Map([["w", twice]]));
  for (let i = 0; i < 4; i++) {
    const next = new AdamW(new Map([["w", twice]]));
    for (const [name, moment] of next.state()) {
      const saved = half.state().get(name);
      if (saved) moment.assign(tf.tensor(saved.dataSync().slice(), saved.shape));
    }
    next.setSteps(half.steps);
    half = next;
    half.step(new Map([["w", gradient]]));
  }
  assertEquals([...twice.dataSync()], [...once.dataSync()]);
});

Deno.test("AdamW refuses a gradient without a variable", () => {
  const optimizer = new AdamW(new Map());
  assertThrows(() => optimizer.step(new Map([["w", tf.scalar(1)]])), TypeError, "Cannot step w");
});

Deno.test("AdamW refuses a decay rate of 1 and a learning rate that is no number", () => {
  assertThrows(() => new AdamW(new Map(), { betas: [1, 0.9] }), RangeError, "betas[0] 1");
  assertThrows(() => new AdamW(new Map(), { lr: NaN }), RangeError, "lr NaN");
});

Deno.test("clipGradientNorm() scales as clip_grad_norm_ does", () => {
  const before = tf.memory().numTensors;
  const gradients = new Map<string, tf.Tensor>([
    ["p", tf.tensor1d([3, 4, 0])],
    ["q", tf.tensor1d([12])],
  ]);
  clipGradientNorm(gradients, 1);
  const [p, q] = [...gradients.values()];
  close(p, [3 / 13, 4 / 13, 0], 1e-6);
  close(q, [12 / 13], 1e-6);
  tf.dispose([p, q]);
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("clipGradientNorm() leaves small gradients as they are", () => {
  const gradients = new Map<string, tf.Tensor>([["p", tf.tensor1d([0.25, -0.5])]]);
  clipGradientNorm(gradients, 1);
  assertEquals([...(gradients.get("p")?.dataSync() ?? [])], [0.25, -0.5]);
});
